#include "dataplane/export/json_text.h"

#include "dataplane/export/text_scan.h"
#include "flowcore/base/bytes.h"

namespace flowscope {

namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";

// Length of the UTF-8 sequence at the front, 0 when there is none (Unicode 15, table 3-7: no
// overlong forms, no surrogates, nothing above U+10FFFF).
size_t utf8_length(Bytes text) {
  const uint8_t lead = text[0];
  if (lead < 0xc2 || lead > 0xf4) return 0;
  const size_t length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (length > text.size()) return 0;
  // Only the second byte has bounds of its own, after these four leads.
  const uint8_t lowest = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
  const uint8_t highest = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
  if (text[1] < lowest || text[1] > highest) return 0;
  for (size_t i = 2; i < length; ++i) {
    if ((text[i] & 0xc0) != 0x80) return 0;
  }
  return length;
}

char* put(char* out, std::string_view text) {
  std::memcpy(out, text.data(), text.size());
  return out + text.size();
}

char* put_hex(char* out, uint8_t byte) {
  *out++ = kHexDigits[byte >> 4];
  *out++ = kHexDigits[byte & 15];
  return out;
}

// RFC 8259 section 7.
char* put_ascii(char* out, uint8_t byte) {
  switch (byte) {
    case '"':
      return put(out, "\\\"");
    case '\\':
      return put(out, "\\\\");
    case '\b':
      return put(out, "\\b");
    case '\f':
      return put(out, "\\f");
    case '\n':
      return put(out, "\\n");
    case '\r':
      return put(out, "\\r");
    case '\t':
      return put(out, "\\t");
    default:
      return put_hex(put(out, "\\u00"), byte);
  }
}

}  // namespace

// PERF: 16 bytes a step where nothing needs escaping, which is nearly all text. The last step
// overlaps the one before; byte by byte it took 18 ns more on an HTTP line with seven texts (187
// against 169 ns).
char* put_escaped(char* out, std::string_view text) {
  Bytes rest = Bytes::of(text);
  for (;;) {
    const size_t plain = copy_plain<TextBlock>(out, rest.as_text().data(), rest.size());
    out += plain;
    rest = rest.after(plain);
    if (rest.empty()) return out;
    const uint8_t byte = rest[0];
    if (byte < 0x80) {
      out = put_ascii(out, byte);
      rest = rest.after(1);
    } else if (const size_t length = utf8_length(rest); length != 0) {
      out = put(out, rest.first(length).as_text());
      rest = rest.after(length);
    } else {
      out = put_hex(put(out, "\\\\x"), byte);
      rest = rest.after(1);
    }
  }
}

}  // namespace flowscope
