#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// Writes TLS messages and records for tests; a std::string holds the bytes.
namespace flowscope::tls::test {

inline std::string u8(size_t value) { return std::string(1, static_cast<char>(value)); }
inline std::string u16(size_t value) { return u8(value >> 8) + u8(value & 0xff); }
inline std::string u24(size_t value) { return u8(value >> 16) + u16(value & 0xffff); }
inline std::string behind8(const std::string& body) { return u8(body.size()) + body; }
inline std::string behind16(const std::string& body) { return u16(body.size()) + body; }
inline std::string numbers(const std::vector<uint16_t>& values) {
  std::string bytes;
  for (const uint16_t value : values) bytes += u16(value);
  return bytes;
}

struct Extension {
  uint16_t type;
  std::string body;
};
inline Extension server_name(std::string_view name) {
  return {0, behind16(u8(0) + behind16(std::string(name)))};
}
inline Extension alpns(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) list += behind8(name);
  return {16, behind16(list)};
}
inline Extension supported_versions(const std::vector<uint16_t>& versions) {
  return {43, behind8(numbers(versions))};
}
inline Extension selected_version(uint16_t version) { return {43, u16(version)}; }
inline Extension groups(const std::vector<uint16_t>& values) {
  return {10, behind16(numbers(values))};
}
inline Extension point_formats(const std::string& values) { return {11, behind8(values)}; }
inline Extension signature_algorithms(const std::vector<uint16_t>& values) {
  return {13, behind16(numbers(values))};
}
inline Extension key_share(const std::vector<std::pair<uint16_t, size_t>>& groups_and_bytes) {
  std::string list;
  for (const auto& [group, bytes] : groups_and_bytes) {
    list += u16(group) + behind16(std::string(bytes, 'k'));
  }
  return {51, behind16(list)};
}

// That of a ServerHello or, with the group alone, of a HelloRetryRequest.
inline Extension server_key_share(uint16_t group, size_t bytes = 32) {
  return {51, u16(group) + behind16(std::string(bytes, 'k'))};
}
inline Extension session_ticket(const std::string& ticket = {}) { return {35, ticket}; }

inline std::string extension_block(const std::vector<Extension>& extensions) {
  std::string block;
  for (const Extension& extension : extensions) {
    block += u16(extension.type) + behind16(extension.body);
  }
  return block;
}

struct ClientHelloSpec {
  uint16_t version = 0x0303;
  std::string session_id;
  std::vector<uint16_t> ciphers = {0x1301};
  std::vector<Extension> extensions;
};
inline std::string client_hello_body(const ClientHelloSpec& spec) {
  std::string body = u16(spec.version) + std::string(32, 'r') + behind8(spec.session_id)
                     + behind16(numbers(spec.ciphers)) + behind8(u8(0));
  if (!spec.extensions.empty()) body += behind16(extension_block(spec.extensions));
  return body;
}

struct ServerHelloSpec {
  uint16_t version = 0x0303;
  std::string random = std::string(32, 's');
  std::string session_id;
  uint16_t cipher = 0x1301;
  std::vector<Extension> extensions;
};
inline std::string server_hello_body(const ServerHelloSpec& spec) {
  std::string body =
      u16(spec.version) + spec.random + behind8(spec.session_id) + u16(spec.cipher) + u8(0);
  if (!spec.extensions.empty()) body += behind16(extension_block(spec.extensions));
  return body;
}

inline std::string message(uint8_t type, const std::string& body) {
  return u8(type) + u24(body.size()) + body;
}
inline std::string record(uint8_t type, const std::string& body, uint16_t version = 0x0303) {
  return u8(type) + u16(version) + behind16(body);
}
// Spreads handshake bytes over records of at most `record_bytes`.
inline std::string records(const std::string& messages, size_t record_bytes = 16384) {
  std::string bytes;
  for (size_t at = 0; at < messages.size(); at += record_bytes) {
    bytes += record(22, messages.substr(at, record_bytes));
  }
  return bytes;
}
inline std::string client_hello(const ClientHelloSpec& spec) {
  return records(message(1, client_hello_body(spec)));
}
inline std::string server_hello(const ServerHelloSpec& spec) {
  return records(message(2, server_hello_body(spec)));
}
// A Certificate message of TLS 1.2 and before (RFC 5246 7.4.2).
inline std::string certificate_message(const std::vector<std::string>& chain) {
  std::string list;
  for (const std::string& certificate : chain) list += u24(certificate.size()) + certificate;
  return message(11, u24(list.size()) + list);
}
inline std::string server_hello_done() { return message(14, ""); }
inline std::string alert(uint8_t level, uint8_t description) {
  return record(21, u8(level) + u8(description));
}

// The random that makes a ServerHello a HelloRetryRequest (RFC 8446 4.1.3).
inline std::string retry_random() {
  return "\xcf\x21\xad\x74\xe5\x9a\x61\x11\xbe\x1d\x8c\x02\x1e\x65\xb8\x91"
         "\xc2\xa2\x11\x16\x7a\xbb\x8c\x5e\x07\x9e\x09\xe2\xc8\xa8\x33\x9c";
}

// A browser of today: GREASE everywhere, and a post-quantum key share that fills more than a
// segment.
inline ClientHelloSpec browser_hello(size_t key_bytes = 1216) {
  return {.session_id = std::string(32, 'i'),
          .ciphers = {0x3a3a, 0x1301, 0x1302, 0xc02b},
          .extensions = {{0xbaba, ""},
                         server_name("www.example.org"),
                         groups({0x4a4a, 0x11ec, 29, 23}),
                         point_formats(u8(0)),
                         alpns({"h2", "http/1.1"}),
                         signature_algorithms({0x0403, 0x0804}),
                         key_share({{0x4a4a, 1}, {0x11ec, key_bytes}, {29, 32}}),
                         supported_versions({0x7a7a, 0x0304, 0x0303}),
                         {0x2a2a, u8(0)}}};
}
inline ServerHelloSpec tls13_answer() {
  return {.session_id = std::string(32, 'i'),
          .extensions = {server_key_share(29), selected_version(0x0304)}};
}

}  // namespace flowscope::tls::test
