#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "dataplane/pipeline/record.h"
#include "flowcore/base/check.h"
#include "flowcore/base/copy_short.h"
#include "flowcore/base/short_word.h"
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

  [[gnu::noinline]] void text(const char* name, std::string_view value) {
    const ptrdiff_t room = end_ - cursor_ - static_cast<ptrdiff_t>(kTextBytes);
    if (static_cast<ptrdiff_t>(value.size()) > room || value.size() > kRecordTextBytesMax)
        [[unlikely]]
      return cut_text(name, value);
    put_text(name, value);
  }
  // The same, without asking for its length.
  void text(const char* name, ShortWord word) {
    const auto size = static_cast<uint32_t>(word.size());
    if (end_ - cursor_ < static_cast<ptrdiff_t>(kTextBytes + sizeof word)) [[unlikely]]
      return text(name, std::string_view(word));
    uint8_t* const at = take(kTextBytes + size);
    put_named(at, TokenKind::Text, name);
    std::memcpy(at + kNamedBytes, &size, sizeof size);
    word.copy_to(at + kTextBytes);
  }
  void number(const char* name, uint64_t value) {
    if (!fits(kNamedBytes + sizeof value)) return;
    uint8_t* const at = take(kNamedBytes + sizeof value);
    put_named(at, TokenKind::Number, name);
    std::memcpy(at + kNamedBytes, &value, sizeof value);
  }
  void boolean(const char* name, bool value) {
    if (!fits(kNamedBytes)) return;
    put_named(take(kNamedBytes), value ? TokenKind::True : TokenKind::False, name);
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
  static constexpr size_t kTextBytes = kNamedBytes + sizeof(uint32_t);

  // Closing tokens may have gone past the end, into the reserve.
  [[nodiscard]] bool fits(size_t bytes) {
    if (end_ - cursor_ >= static_cast<ptrdiff_t>(bytes)) [[likely]]
      return true;
    leave_out();
    return false;
  }
  // Once something was left out, all later fields are, so that no field stands in the wrong place:
  // there is no room for any.
  void leave_out() {
    end_ = begin_;
    out_of_room_ = true;
  }
  // PERF: each token is written behind a pointer of its own. For all a compiler knows the cursor is
  // among the bytes written, and would be read and written again with each of them.

  // The place of the next token.
  [[nodiscard]] uint8_t* take(size_t bytes) {
    uint8_t* const at = cursor_;
    cursor_ = at + bytes;
    return at;
  }
  // Requires: room for it.
  void put_text(const char* name, std::string_view value) {
    const auto size = static_cast<uint32_t>(value.size());
    uint8_t* const at = take(kTextBytes + size);
    put_named(at, TokenKind::Text, name);
    std::memcpy(at + kNamedBytes, &size, sizeof size);
    copy_short(at + kTextBytes, value.data(), size);
  }
  [[gnu::noinline]] void cut_text(const char* name, std::string_view value) {
    if (value.size() > kRecordTextBytesMax) {
      value = value.substr(0, kRecordTextBytesMax);
      text_was_cut_ = true;
    }
    const ptrdiff_t room = end_ - cursor_ - static_cast<ptrdiff_t>(kTextBytes);
    if (room < 0) return leave_out();
    put_text(name, value.substr(0, static_cast<size_t>(room)));
    if (static_cast<ptrdiff_t>(value.size()) > room) leave_out();
  }
  void begin(TokenKind kind, const char* name) {
    if (depth_ == kDepthMax || !fits(kNamedBytes)) {
      leave_out();
      ++skipped_depth_;
      return;
    }
    ++depth_;
    put_named(take(kNamedBytes), kind, name);
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
  void put_kind(TokenKind kind) { *take(1) = static_cast<uint8_t>(kind); }
  static void put_named(uint8_t* at, TokenKind kind, const char* name) {
    *at = static_cast<uint8_t>(kind);
    std::memcpy(at + 1, &name, sizeof name);
  }

  uint8_t* begin_;
  uint8_t* cursor_;
  uint8_t* end_;  // of the room for fields; begin_: no more of them
  uint32_t depth_ = 0;
  uint32_t skipped_depth_ = 0;
  bool out_of_room_ = false;
  bool text_was_cut_ = false;
};

}  // namespace flowscope
