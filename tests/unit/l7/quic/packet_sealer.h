#pragma once

#include <openssl/evp.h>

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "l7/quic/initial_keys.h"
#include "l7/quic/versions.h"

// Writes QUIC packets for tests; a std::string holds the bytes. Sealing goes through libcrypto's
// EVP, so that nothing of the code under test checks itself.
namespace flowscope::quic::test {

inline std::string big_endian(uint64_t value, size_t bytes) {
  std::string text;
  for (size_t i = bytes; i > 0; --i) text += static_cast<char>(value >> (8 * (i - 1)) & 0xff);
  return text;
}
// RFC 9000 16, always in the shortest form.
inline std::string varint(uint64_t value) {
  if (value < 64) return big_endian(value, 1);
  if (value < 16384) return big_endian(value | 0x4000, 2);
  if (value < (1U << 30)) return big_endian(value | 0x80000000, 4);
  return big_endian(value | 0xc000000000000000, 8);
}
inline std::string from_hex(const std::string& hex) {
  std::string bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2)
    bytes += static_cast<char>(std::stoul(hex.substr(i, 2), nullptr, 16));
  return bytes;
}
inline std::string to_hex(const std::string& bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (const char byte : bytes) {
    hex += kDigits[static_cast<uint8_t>(byte) >> 4];
    hex += kDigits[static_cast<uint8_t>(byte) & 0xf];
  }
  return hex;
}
template <size_t kBytes>
std::string to_hex(const std::array<uint8_t, kBytes>& bytes) {
  return to_hex(std::string(bytes.begin(), bytes.end()));
}

inline const unsigned char* raw(const std::string& bytes) { return Bytes::of(bytes).begin(); }
inline unsigned char* raw(std::string& bytes) {
  return static_cast<unsigned char*>(static_cast<void*>(bytes.data()));
}

// One block of AES-128 (ECB), and a whole AES-128-GCM with its tag behind.
inline std::string evp_aes128(const std::string& key, const std::string& block) {
  EVP_CIPHER_CTX* const cipher = EVP_CIPHER_CTX_new();
  std::string out(16, '\0');
  int count = 0;
  EVP_EncryptInit_ex(cipher, EVP_aes_128_ecb(), nullptr, raw(key), nullptr);
  EVP_CIPHER_CTX_set_padding(cipher, 0);
  EVP_EncryptUpdate(cipher, raw(out), &count, raw(block), 16);
  EVP_CIPHER_CTX_free(cipher);
  return out;
}
inline std::string evp_gcm(const std::string& key, const std::string& nonce,
                           const std::string& header, const std::string& plain) {
  EVP_CIPHER_CTX* const cipher = EVP_CIPHER_CTX_new();
  std::string out(plain.size() + 16, '\0');
  int count = 0;
  EVP_EncryptInit_ex(cipher, EVP_aes_128_gcm(), nullptr, raw(key), raw(nonce));
  EVP_EncryptUpdate(cipher, nullptr, &count, raw(header), static_cast<int>(header.size()));
  EVP_EncryptUpdate(cipher, raw(out), &count, raw(plain), static_cast<int>(plain.size()));
  EVP_EncryptFinal_ex(cipher, raw(out), &count);
  EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_GCM_GET_TAG, 16, raw(out) + plain.size());
  EVP_CIPHER_CTX_free(cipher);
  return out;
}

// An Initial packet to be sealed; `key_id` is what keys come from, when that is not the
// destination.
struct InitialSpec {
  Version version = Version::V1;
  Role sender = Role::Client;
  std::string destination_id = "12345678";
  std::string source_id = "src";
  std::string key_id;
  std::string token;
  uint32_t number = 0;
  size_t number_bytes = 2;
  size_t payload_bytes_min = 0;  // filled up with padding
  size_t guess = 0;              // which of protections_of()
  uint8_t first_byte_mask = 0xff;
};
inline std::string seal_initial(const InitialSpec& spec, std::string frames) {
  if (frames.size() < spec.payload_bytes_min) frames.resize(spec.payload_bytes_min, '\0');
  const bool is_v2 = spec.version == Version::V2;
  const size_t first_byte =
      (0xc0 | (is_v2 ? 0x10 : 0) | (spec.number_bytes - 1)) & spec.first_byte_mask;
  std::string header = big_endian(first_byte, 1)
                       + big_endian(static_cast<uint32_t>(spec.version), 4)
                       + big_endian(spec.destination_id.size(), 1) + spec.destination_id
                       + big_endian(spec.source_id.size(), 1) + spec.source_id
                       + varint(spec.token.size()) + spec.token;
  header += big_endian(0x4000 | (spec.number_bytes + frames.size() + 16), 2);
  const size_t number_at = header.size();
  header += big_endian(spec.number, 4).substr(4 - spec.number_bytes);

  const std::string& key_id = spec.key_id.empty() ? spec.destination_id : spec.key_id;
  const PacketKeys keys = derive_initial_keys(*protections_of(spec.version)[spec.guess],
                                              Bytes::of(key_id), spec.sender);
  std::string nonce(keys.iv.begin(), keys.iv.end());
  for (size_t i = 0; i < 4; ++i)
    nonce[11 - i] = static_cast<char>(nonce[11 - i] ^ static_cast<char>(spec.number >> (8 * i)));
  std::string packet =
      header + evp_gcm(std::string(keys.key.begin(), keys.key.end()), nonce, header, frames);
  const std::string mask = evp_aes128(std::string(keys.header_key.begin(), keys.header_key.end()),
                                      packet.substr(number_at + 4, 16));
  packet[0] = static_cast<char>(packet[0] ^ (mask[0] & 0x0f));
  for (size_t i = 0; i < spec.number_bytes; ++i)
    packet[number_at + i] = static_cast<char>(packet[number_at + i] ^ mask[1 + i]);
  return packet;
}

inline std::string crypto_frame(uint64_t offset, const std::string& bytes) {
  return '\x06' + varint(offset) + varint(bytes.size()) + bytes;
}
inline std::string ack_frame() { return std::string("\x02\x05\x00\x01\x00\x00\x00", 7); }
inline std::string close_frame(uint64_t code) {
  return '\x1c' + varint(code) + varint(6) + varint(2) + "no";
}
// A long packet that is neither Initial nor opened.
inline std::string handshake_packet(size_t bytes = 64) {
  return big_endian(0xe0, 1) + big_endian(1, 4) + big_endian(0, 1) + big_endian(0, 1)
         + varint(bytes) + std::string(bytes, 'h');
}
inline std::string retry_packet(const std::string& destination_id, const std::string& source_id) {
  return big_endian(0xf0, 1) + big_endian(1, 4) + big_endian(destination_id.size(), 1)
         + destination_id + big_endian(source_id.size(), 1) + source_id + std::string(40, 't');
}
inline std::string negotiation_packet(const std::vector<uint32_t>& versions) {
  std::string packet =
      big_endian(0x80, 1) + big_endian(0, 4) + "\x03" + "src" + "\x08" + "12345678";
  for (const uint32_t version : versions) packet += big_endian(version, 4);
  return packet;
}

}  // namespace flowscope::quic::test
