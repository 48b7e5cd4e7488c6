#include "l7/http/request_queue.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "flowcore/base/check.h"
#include "l7/http/syntax.h"

namespace flowscope::http {

namespace {

constexpr std::array kTexts = {&RequestFields::method,      &RequestFields::url,
                               &RequestFields::hostname,    &RequestFields::user_agent,
                               &RequestFields::referer,     &RequestFields::forwarded_for,
                               &RequestFields::content_type};
constexpr size_t kHostnameIndex = 2;
constexpr size_t kHashBytes = 64;

void unfold(std::span<uint8_t> text) {
  std::replace(text.begin(), text.end(), uint8_t{'\r'}, uint8_t{' '});
  std::replace(text.begin(), text.end(), uint8_t{'\n'}, uint8_t{' '});
}

// Host names are compared without case (RFC 3986 section 3.2.2), so records hold one spelling.
void lower(std::span<uint8_t> text) {
  for (uint8_t& c : text) c = static_cast<uint8_t>(to_lower(static_cast<char>(c)));
}

}  // namespace

// What is written before the texts of a request; the texts follow in the order of kTexts.
struct RequestQueue::Record {
  uint64_t body_bytes;
  uint64_t time_ns;
  std::array<uint16_t, kTexts.size()> text_bytes;
  uint16_t port;
  uint8_t minor_version;
  MethodKind kind;
  bool asks_upgrade;
  bool truncated;
  // The hash stands behind the texts. It is there when hash_bytes is kHashBytes; has_hash says that
  // its body was seen whole.
  uint8_t hash_bytes;
  bool has_hash;

  [[nodiscard]] size_t bytes() const {
    size_t sum = sizeof(Record) + hash_bytes;
    for (const uint16_t text : text_bytes) sum += text;
    return sum;
  }
};

bool RequestQueue::push(const RequestFields& request, Texts texts, Hash hash) {
  Record record{.body_bytes = request.body_bytes,
                .time_ns = request.time.ns,
                .text_bytes = {},
                .port = request.port,
                .minor_version = request.minor_version,
                .kind = request.kind,
                .asks_upgrade = request.asks_upgrade,
                .truncated = request.truncated,
                .hash_bytes = hash == Hash::Room ? uint8_t{kHashBytes} : uint8_t{0},
                .has_hash = false};
  for (size_t i = 0; i < kTexts.size(); ++i) {
    record.text_bytes[i] = static_cast<uint16_t>((request.*kTexts[i]).size());
  }
  if (count_ == kRequestsMax || !make_room(record.bytes())) return false;

  back_ = end_;
  std::span<uint8_t> room = block_.subspan(back_);
  std::memcpy(room.data(), &record, sizeof record);
  room = room.subspan(sizeof record);
  for (size_t i = 0; i < kTexts.size(); ++i) {
    const std::string_view text = request.*kTexts[i];
    if (text.empty()) continue;
    const std::span<uint8_t> place = room.first(text.size());
    std::memcpy(place.data(), text.data(), text.size());
    if (texts == Texts::Folded) unfold(place);
    if (i == kHostnameIndex) lower(place);
    room = room.subspan(text.size());
  }
  end_ += static_cast<uint32_t>(record.bytes());
  ++count_;
  return true;
}

RequestFields RequestQueue::at(uint32_t offset) const {
  FS_DCHECK(count_ > 0);
  Record record;
  std::memcpy(&record, block_.data() + offset, sizeof record);
  RequestFields request;
  request.body_bytes = record.body_bytes;
  request.port = record.port;
  request.minor_version = record.minor_version;
  request.kind = record.kind;
  request.time = {record.time_ns};
  request.asks_upgrade = record.asks_upgrade;
  request.truncated = record.truncated;
  Bytes texts = Bytes{block_.data(), end_}.after(offset + sizeof record);
  for (size_t i = 0; i < kTexts.size(); ++i) {
    request.*kTexts[i] = texts.first(record.text_bytes[i]).as_text();
    texts = texts.after(record.text_bytes[i]);
  }
  if (record.has_hash) request.body_sha256 = texts.first(kHashBytes).as_text();
  return request;
}

void RequestQueue::pop() {
  FS_DCHECK(count_ > 0);
  Record record;
  std::memcpy(&record, block_.data() + front_, sizeof record);
  front_ += static_cast<uint32_t>(record.bytes());
  if (--count_ == 0) release();
}

// Where the one before it lies is not known, so nothing may be said of the newest until the next
// push.
void RequestQueue::drop_back() {
  FS_DCHECK(count_ > 0);
  end_ = back_;
  if (--count_ == 0) release();
}

void RequestQueue::set_back_body(uint64_t bytes, std::string_view sha256) {
  FS_DCHECK(count_ > 0);
  Record record;
  std::memcpy(&record, block_.data() + back_, sizeof record);
  record.body_bytes = bytes;
  record.has_hash = record.hash_bytes != 0 && sha256.size() == kHashBytes;
  std::memcpy(block_.data() + back_, &record, sizeof record);
  if (record.has_hash) std::memcpy(block_.data() + (end_ - kHashBytes), sha256.data(), kHashBytes);
}

// Records move to the front of the block, or to a larger one, only when the end is reached.
bool RequestQueue::make_room(size_t bytes) {
  if (bytes <= block_.size() - end_) return true;
  const uint32_t used = end_ - front_;
  if (bytes <= block_.size() - used) {
    std::memmove(block_.data(), block_.data() + front_, used);
  } else {
    const std::span<uint8_t> larger = pool_->take(used + bytes);
    if (larger.empty()) return false;
    if (used != 0) std::memcpy(larger.data(), block_.data() + front_, used);
    if (!block_.empty()) pool_->give_back(block_);
    block_ = larger;
  }
  end_ = used;
  back_ -= std::min(back_, front_);
  front_ = 0;
  return true;
}

void RequestQueue::release() {
  if (!block_.empty()) pool_->give_back(std::exchange(block_, {}));
  front_ = back_ = end_ = 0;
}

}  // namespace flowscope::http
