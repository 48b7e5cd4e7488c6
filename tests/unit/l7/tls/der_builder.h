#pragma once

#include <cstdint>
#include <string>

#include "tests/unit/l7/tls/hello_builder.h"

// Writes certificates by hand, for what no library would write.
namespace flowscope::tls::test {

// DER of hand: a tag, the length, the body.
inline std::string item(uint8_t tag, const std::string& body) {
  if (body.size() < 0x80) return u8(tag) + behind8(body);
  return u8(tag) + u8(0x82) + behind16(body);
}
inline std::string name(const std::string& identifier, uint8_t tag, const std::string& value) {
  return item(0x31, item(0x30, item(0x06, identifier) + item(tag, value)));
}
// What no library would write: a certificate of given parts.
inline std::string raw_certificate(const std::string& validity, const std::string& subject = {},
                                   const std::string& rest = {}) {
  const std::string algorithm = item(0x30, item(0x06, "\x2a\x03"));
  return item(0x30, item(0x30, item(0x02, "\x05") + algorithm + item(0x30, "")
                                   + item(0x30, validity) + item(0x30, subject) + rest));
}

// The same bytes each time, unlike one that is signed.
inline std::string plain_certificate() {
  const std::string time = item(0x17, "150131021829Z") + item(0x18, "20491231235959Z");
  const std::string names = item(0x82, "www.example.org") + item(0x87, "\x0a\x01\x02\x03");
  const std::string extension =
      item(0x30, item(0x06, "\x55\x1d\x11") + item(0x04, item(0x30, names)));
  return raw_certificate(time, name("\x55\x04\x03", 0x0c, "www.example.org"),
                         item(0xa3, item(0x30, extension)));
}

}  // namespace flowscope::tls::test
