#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "dataplane/export/address_text.h"
#include "dataplane/export/json_text.h"
#include "dataplane/export/text_buffer.h"
#include "dataplane/export/timestamp_text.h"
#include "dataplane/pipeline/flow_record.h"

namespace flowscope {

// Writes one JSON object as one line at the end of a buffer; a FieldVisitor and RecordVisitor.
// Nothing is in the buffer before finish(). Names are taken as they are: they are literals of ours.
//
// Every value is followed by a comma, which the closing bracket overwrites: so no state is kept but
// the cursor, and that stays in a register while a line is written, because no call that is not
// inlined sees this object. Lifetime: a line; buffer and day must outlive it.
class JsonWriter {
 public:
  JsonWriter(TextBuffer& out, DayText& day)
      : out_(out), day_(day), cursor_(out.cursor()), limit_(out.limit()) {
    ensure(1);
    *cursor_++ = '{';
  }
  // Closes the object and ends the line. Requires: all objects and arrays inside are closed.
  void finish() {
    ensure(2);
    close('}');
    cursor_[-1] = '\n';
    out_.commit(cursor_);
  }

  void text(const char* name, std::string_view value) {
    key(name, kEscapedCharsMax * value.size() + 3);
    *cursor_++ = '"';
    cursor_ = put_escaped(cursor_, value);
    end_string();
  }
  [[gnu::always_inline]] void number(const char* name, uint64_t value) {
    key(name, kNumberChars + 1);
    cursor_ = put_number(cursor_, value);
    *cursor_++ = ',';
  }
  void boolean(const char* name, bool value) {
    key(name, sizeof "false,");
    raw(value ? std::string_view("true,") : std::string_view("false,"));
  }
  void begin_object(const char* name) {
    key(name, 1);
    *cursor_++ = '{';
  }
  void end_object() {
    ensure(2);
    close('}');
  }
  void begin_array(const char* name) {
    key(name, 1);
    *cursor_++ = '[';
  }
  void end_array() {
    ensure(2);
    close(']');
  }

  // Text that needs no escaping. Requires: no quotation mark, backslash or control character in it.
  void word(const char* name, std::string_view value) {
    key(name, value.size() + 3);
    *cursor_++ = '"';
    raw(value);
    end_string();
  }
  [[gnu::always_inline]] void timestamp(const char* name, Timestamp time) {
    key(name, kTimestampChars + 3);
    *cursor_++ = '"';
    cursor_ = put_timestamp(cursor_, time, day_);
    end_string();
  }
  [[gnu::always_inline]] void address(const char* name, const Address& address,
                                      uint8_t ip_version) {
    key(name, kAddressChars + 3);
    *cursor_++ = '"';
    cursor_ = put_address(cursor_, address, ip_version);
    end_string();
  }

 private:
  // Room for `bytes` more characters.
  void ensure(size_t bytes) {
    if (static_cast<size_t>(limit_ - cursor_) < bytes) [[unlikely]] {
      cursor_ = out_.grow(cursor_, bytes);
      limit_ = out_.limit();
    }
  }
  // "name": where there is a name, and room for `value_bytes` behind it.
  void key(const char* name, size_t value_bytes) {
    const size_t size = name == nullptr ? 0 : std::strlen(name);
    ensure(size + 3 + value_bytes);
    if (name == nullptr) return;
    *cursor_++ = '"';
    raw({name, size});
    *cursor_++ = '"';
    *cursor_++ = ':';
  }
  void raw(std::string_view text) {
    std::memcpy(cursor_, text.data(), text.size());
    cursor_ += text.size();
  }
  void end_string() {
    *cursor_++ = '"';
    *cursor_++ = ',';
  }
  void close(char bracket) {
    if (cursor_[-1] == ',') --cursor_;
    *cursor_++ = bracket;
    *cursor_++ = ',';
  }

  TextBuffer& out_;
  DayText& day_;
  char* cursor_;
  char* limit_;
};
static_assert(RecordVisitor<JsonWriter>);

}  // namespace flowscope
