#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

// Writes SSH banners, messages and packets for tests; a std::string holds the bytes.
namespace flowscope::ssh::test {

inline std::string u8(size_t value) { return std::string(1, static_cast<char>(value)); }
inline std::string u32(size_t value) {
  return u8(value >> 24) + u8(value >> 16) + u8(value >> 8) + u8(value);
}
// RFC 4251 5: a string behind its length.
inline std::string str(std::string_view text) { return u32(text.size()) + std::string(text); }

// RFC 4253 6, without cipher: the least padding that makes a multiple of 8 bytes.
inline std::string packet(uint8_t type, const std::string& body) {
  const size_t bare_bytes = 4 + 1 + 1 + body.size();
  size_t padding = 8 - bare_bytes % 8;
  if (padding < 4) padding += 8;
  return u32(2 + body.size() + padding) + u8(padding) + u8(type) + body + std::string(padding, 'p');
}

struct KexInitSpec {
  std::string kex = "curve25519-sha256,diffie-hellman-group14-sha256";
  std::string host_keys = "ssh-ed25519,rsa-sha2-512";
  std::array<std::string, 2> ciphers = {"aes128-ctr,aes256-ctr", "aes128-ctr,aes256-ctr"};
  std::array<std::string, 2> macs = {"hmac-sha2-256,hmac-sha1", "hmac-sha2-256,hmac-sha1"};
  std::array<std::string, 2> compressions = {"none,zlib@openssh.com", "none,zlib@openssh.com"};
  bool first_packet_follows = false;
};
inline std::string kex_init_body(const KexInitSpec& spec) {
  std::string body = std::string(16, 'c') + str(spec.kex) + str(spec.host_keys);
  for (const auto* lists : {&spec.ciphers, &spec.macs, &spec.compressions}) {
    body += str((*lists)[0]) + str((*lists)[1]);
  }
  return body + str("") + str("") + u8(spec.first_packet_follows ? 1 : 0) + u32(0);
}
inline std::string kex_init(const KexInitSpec& spec) { return packet(20, kex_init_body(spec)); }
inline std::string new_keys() { return packet(21, ""); }

// RFC 8709 4.
inline std::string ed25519_key() { return str("ssh-ed25519") + str(std::string(32, 'k')); }
// RFC 5656 4: the client's half and the server's.
inline std::string ecdh_init() { return packet(30, str(std::string(32, 'q'))); }
inline std::string ecdh_reply(const std::string& key) {
  return packet(31, str(key) + str(std::string(32, 'Q')) + str(std::string(83, 's')));
}
inline std::string disconnect(uint32_t reason, std::string_view description) {
  return packet(1, u32(reason) + str(description) + str(""));
}

// Both sides of an exchange as OpenSSH has it today, up to their NEWKEYS.
inline KexInitSpec client_spec() {
  KexInitSpec spec;
  spec.kex = "sntrup761x25519-sha512,curve25519-sha256,ext-info-c,kex-strict-c-v00@openssh.com";
  spec.ciphers = {"chacha20-poly1305@openssh.com,aes256-ctr", "aes256-ctr"};
  return spec;
}
inline KexInitSpec server_spec() {
  KexInitSpec spec;
  spec.kex = "curve25519-sha256,ext-info-s,kex-strict-s-v00@openssh.com";
  spec.host_keys = "rsa-sha2-512,ssh-ed25519";
  spec.ciphers = {"aes256-ctr,chacha20-poly1305@openssh.com", "aes128-ctr,aes256-ctr"};
  return spec;
}
inline std::string client_stream() {
  return "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n" + kex_init(client_spec()) + ecdh_init() + new_keys();
}
inline std::string server_stream() {
  return "SSH-2.0-dropbear_2022.83\r\n" + kex_init(server_spec()) + ecdh_reply(ed25519_key())
         + new_keys();
}

}  // namespace flowscope::ssh::test
