#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "dataplane/pipeline/record.h"
#include "flowcore/base/check.h"
#include "l7/parser.h"

namespace flowscope {

// A described message lies in its record as tokens, one a field, without alignment:
//   kind (1 byte), name (8 bytes, the literal's address), then by kind
//   Text: length (4 bytes) and the bytes; Number: 8 bytes; the others: nothing.
// EndObject, EndArray and Truncated have no name. Writer and reader are the same program, so that
// addresses and byte order are its own.
enum class TokenKind : uint8_t {
  Text,
  Number,
  True,
  False,
  BeginObject,
  BeginArray,
  EndObject,
  EndArray,
  Truncated,
};

// Takes a message's description and lays it down as tokens in a given place. What does not fit is
// left out whole, but for texts, which are cut; objects stay closed in any case. Thread rule: one
// thread. Cost: a few stores a field; copies the texts; never allocates.
class RecordEncoder {
 public:
  // Requires: room for the closing tokens, kReserveBytes at least.
  explicit RecordEncoder(std::span<uint8_t> place)
      : begin_(place.data()),
        cursor_(place.data()),
        end_(place.data() + place.size() - kReserveBytes) {
    FS_DCHECK(place.size() >= kReserveBytes);
  }

  void text(const char* name, std::string_view value) {
    if (value.size() > kRecordTextBytesMax) {
      value = value.substr(0, kRecordTextBytesMax);
      text_was_cut_ = true;
    }
    if (!fits(kNamedBytes + sizeof(uint32_t))) return;
    if (value.size() > room() - kNamedBytes - sizeof(uint32_t)) {
      value = value.substr(0, room() - kNamedBytes - sizeof(uint32_t));
      out_of_room_ = true;
    }
    put_named(TokenKind::Text, name);
    put(static_cast<uint32_t>(value.size()));
    if (!value.empty()) std::memcpy(cursor_, value.data(), value.size());
    cursor_ += value.size();
  }
  void number(const char* name, uint64_t value) {
    if (!fits(kNamedBytes + sizeof value)) return;
    put_named(TokenKind::Number, name);
    put(value);
  }
  void boolean(const char* name, bool value) {
    if (!fits(kNamedBytes)) return;
    put_named(value ? TokenKind::True : TokenKind::False, name);
  }
  void begin_object(const char* name) { begin(TokenKind::BeginObject, name); }
  void end_object() { end(TokenKind::EndObject); }
  void begin_array(const char* name) { begin(TokenKind::BeginArray, name); }
  void end_array() { end(TokenKind::EndArray); }

  // Bytes written, once the whole message is described.
  [[nodiscard]] size_t finish() {
    FS_DCHECK(depth_ == 0 && skipped_depth_ == 0);
    if (truncated()) put_kind(TokenKind::Truncated);
    return static_cast<size_t>(cursor_ - begin_);
  }
  // Something was left out because the place is too small; a larger one would take more.
  [[nodiscard]] bool out_of_room() const { return out_of_room_; }
  [[nodiscard]] bool truncated() const { return out_of_room_ || text_was_cut_; }

  // Deepest nesting that is written; what lies deeper is left out.
  static constexpr uint32_t kDepthMax = 15;
  // Kept free for closing what is open and for the mark.
  static constexpr size_t kReserveBytes = kDepthMax + 1;

 private:
  static constexpr size_t kNamedBytes = 1 + sizeof(const char*);

  // Closing tokens may have gone past the end, into the reserve.
  [[nodiscard]] size_t room() const {
    return cursor_ < end_ ? static_cast<size_t>(end_ - cursor_) : 0;
  }
  // Once something was left out, all later fields are, so that no field stands in the wrong place.
  [[nodiscard]] bool fits(size_t bytes) {
    if (!out_of_room_ && bytes <= room()) [[likely]]
      return true;
    out_of_room_ = true;
    return false;
  }
  void begin(TokenKind kind, const char* name) {
    if (depth_ == kDepthMax || !fits(kNamedBytes)) {
      out_of_room_ = true;
      ++skipped_depth_;
      return;
    }
    ++depth_;
    put_named(kind, name);
  }
  void end(TokenKind kind) {
    if (skipped_depth_ != 0) {
      --skipped_depth_;
      return;
    }
    FS_DCHECK(depth_ != 0);
    --depth_;
    put_kind(kind);
  }
  void put_kind(TokenKind kind) { *cursor_++ = static_cast<uint8_t>(kind); }
  void put_named(TokenKind kind, const char* name) {
    put_kind(kind);
    put(name);
  }
  template <class T>
  void put(T value) {
    std::memcpy(cursor_, &value, sizeof value);
    cursor_ += sizeof value;
  }

  uint8_t* begin_;
  uint8_t* cursor_;
  uint8_t* end_;
  uint32_t depth_ = 0;
  uint32_t skipped_depth_ = 0;
  bool out_of_room_ = false;
  bool text_was_cut_ = false;
};

}  // namespace flowscope
