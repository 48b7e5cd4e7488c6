#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "dataplane/export/address_text.h"
#include "dataplane/export/field_names.h"
#include "dataplane/export/json_text.h"
#include "dataplane/export/text_buffer.h"
#include "dataplane/export/timestamp_text.h"
#include "dataplane/pipeline/flow_record.h"

namespace flowscope {

// What JsonWriters remember from line to line: texts that come again and again. Thread rule: one
// thread.
struct LineTexts {
  TimestampText timestamp;
  FieldNames names;
};

// Writes one JSON object as one line at the end of a buffer; a FieldVisitor and RecordVisitor.
// Nothing is in the buffer before finish(). Names are taken as they are: they are literals of ours,
// remembered by their address. Those that are not go in as string_views.
//
// Every value is followed by a comma, which the closing bracket overwrites: so no state is kept but
// the cursor, and that stays in a register while a line is written, because no call that is not
// inlined sees this object. Lifetime: a line; buffer and texts must outlive it.
class JsonWriter {
 public:
  JsonWriter(TextBuffer& out, LineTexts& texts)
      : out_(out), texts_(texts), cursor_(out.cursor()), limit_(out.limit()) {
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

  [[gnu::always_inline]] void text(const char* name, std::string_view value) {
    key(name, kEscapedCharsMax * value.size() + 3);
    *cursor_++ = '"';
    cursor_ = put_escaped(cursor_, value);
    end_string();
  }
  [[gnu::always_inline]] void number(const char* name, uint64_t value) {
    key(name, kNumberChars + 1);
    end_number(value);
  }
  [[gnu::always_inline]] void boolean(const char* name, bool value) {
    key(name, sizeof "false,");
    raw(value ? std::string_view("true,") : std::string_view("false,"));
  }
  [[gnu::always_inline]] void begin_object(const char* name) {
    key(name, 1);
    *cursor_++ = '{';
  }
  [[gnu::always_inline]] void end_object() {
    ensure(2);
    close('}');
  }
  [[gnu::always_inline]] void begin_array(const char* name) {
    key(name, 1);
    *cursor_++ = '[';
  }
  [[gnu::always_inline]] void end_array() {
    ensure(2);
    close(']');
  }

  // Text that needs no escaping. Requires: no quotation mark, backslash or control character in it.
  [[gnu::always_inline]] void word(const char* name, std::string_view value) {
    key(name, value.size() + 3);
    *cursor_++ = '"';
    raw(value);
    end_string();
  }
  // The same of a literal.
  [[gnu::always_inline]] void literal(const char* name, const char* value) {
    key(name, 0);
    key(value, 0);
    cursor_[-1] = ',';  // in the place of the colon
  }
  [[gnu::always_inline]] void timestamp(const char* name, Timestamp time) {
    key(name, kTimestampChars + 3);
    *cursor_++ = '"';
    cursor_ = texts_.timestamp.put(cursor_, time);
    end_string();
  }
  [[gnu::always_inline]] void address(const char* name, const Address& address,
                                      uint8_t ip_version) {
    key(name, kAddressChars + 3);
    *cursor_++ = '"';
    cursor_ = put_address(cursor_, address, ip_version);
    end_string();
  }

  // Under names that may be no literals.
  void number(std::string_view name, uint64_t value) {
    measured_key(name, kNumberChars + 1);
    end_number(value);
  }
  void begin_object(std::string_view name) {
    measured_key(name, 1);
    *cursor_++ = '{';
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
  [[gnu::always_inline]] void key(const char* name, size_t value_bytes) {
    if (name == nullptr) return ensure(value_bytes);
    // Where the compiler sees the name, it writes it by a few stores of its own.
    if (__builtin_constant_p(std::strlen(name)) != 0) {
      measured_key({name, std::strlen(name)}, value_bytes);
    } else {
      kept_key(name, value_bytes);
    }
  }
  [[gnu::always_inline]] void measured_key(std::string_view name, size_t value_bytes) {
    ensure(name.size() + 3 + value_bytes);
    *cursor_++ = '"';
    raw(name);
    *cursor_++ = '"';
    *cursor_++ = ':';
  }
  [[gnu::always_inline]] void kept_key(const char* name, size_t value_bytes) {
    const FieldNames::Name* kept = texts_.names.find(name);
    if (kept == nullptr) [[unlikely]]
      return measured_key(name, value_bytes);
    ensure(kept->text.size() + value_bytes);
    std::memcpy(cursor_, kept->text.data(), kUsualNameChars);
    if (kept->chars > kUsualNameChars) [[unlikely]]
      std::memcpy(cursor_, kept->text.data(), kept->text.size());
    cursor_ += kept->chars;
  }
  [[gnu::always_inline]] void raw(std::string_view text) {
    std::memcpy(cursor_, text.data(), text.size());
    cursor_ += text.size();
  }
  void end_number(uint64_t value) {
    cursor_ = put_number(cursor_, value);
    *cursor_++ = ',';
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

  // Nearly all names, with their marks, are within two registers of vectors.
  static constexpr size_t kUsualNameChars = 32;

  TextBuffer& out_;
  LineTexts& texts_;
  char* cursor_;
  char* limit_;
};
static_assert(RecordVisitor<JsonWriter>);

}  // namespace flowscope
