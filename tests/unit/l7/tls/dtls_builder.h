#pragma once

#include <string>
#include <vector>

#include "tests/unit/l7/tls/hello_builder.h"

// Writes DTLS records and fragments for tests (RFC 6347 4.1, 4.2.2).
namespace flowscope::tls::test {

inline std::string dtls_record(uint8_t type, const std::string& body, uint16_t epoch = 0,
                               uint16_t version = 0xfefd) {
  return u8(type) + u16(version) + u16(epoch) + std::string(6, '\0') + behind16(body);
}
inline std::string fragment(uint8_t type, uint16_t message_seq, const std::string& body,
                            size_t offset, size_t bytes) {
  const std::string part = body.substr(offset, bytes);
  return u8(type) + u24(body.size()) + u16(message_seq) + u24(offset) + u24(part.size()) + part;
}
inline std::string whole_fragment(uint8_t type, uint16_t message_seq, const std::string& body) {
  return fragment(type, message_seq, body, 0, body.size());
}
// One datagram for each fragment of a message.
inline std::vector<std::string> fragments(uint8_t type, uint16_t message_seq,
                                          const std::string& body, size_t bytes) {
  std::vector<std::string> datagrams;
  for (size_t at = 0; at < body.size(); at += bytes)
    datagrams.push_back(dtls_record(22, fragment(type, message_seq, body, at, bytes)));
  return datagrams;
}
inline std::string dtls_message(uint8_t type, uint16_t message_seq, const std::string& body) {
  return dtls_record(22, whole_fragment(type, message_seq, body));
}
inline std::string dtls_client_body(const ClientHelloSpec& spec, const std::string& cookie = {}) {
  std::string body = u16(spec.version) + std::string(32, 'r') + behind8(spec.session_id)
                     + behind8(cookie) + behind16(numbers(spec.ciphers)) + behind8(u8(0));
  if (!spec.extensions.empty()) body += behind16(extension_block(spec.extensions));
  return body;
}
// What browsers send before media: no name, DTLS 1.2.
inline ClientHelloSpec media_hello() {
  return {.version = 0xfefd,
          .ciphers = {0xc02b, 0xc02f},
          .extensions = {groups({29, 23}),
                         point_formats(u8(0)),
                         server_name("media.example"),
                         signature_algorithms({0x0403, 0x0804}),
                         {14, behind16(u16(1)) + u8(0)}}};
}
inline ServerHelloSpec media_answer() {
  return {.version = 0xfefd, .cipher = 0xc02b, .extensions = {{14, behind16(u16(1)) + u8(0)}}};
}

}  // namespace flowscope::tls::test
