// The one-call interface of OpenSSL 3 fetches its algorithm each time, several times the cost of
// the hash itself; the low-level one is marked deprecated, but is what we need.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "dataplane/export/community_id.h"

#include <openssl/sha.h>

#include <cstddef>
#include <cstring>
#include <string_view>
#include <utility>

#include "flowcore/packet/icmp.h"

namespace flowscope {

namespace {

// What the hash takes besides the addresses. One-way flows keep their direction.
struct Ports {
  uint16_t source;
  uint16_t destination;
  bool one_way;
};

// The types of a query and its answer stand for two ports.
Ports icmp_ports(uint8_t protocol, uint16_t type, uint16_t code) {
  for (const IcmpPair& pair : icmp_pairs(protocol)) {
    if (type == pair.request) return {type, pair.reply, false};
    if (type == pair.reply) return {type, pair.request, false};
  }
  return {type, code, true};
}

Ports ports_of(const CommunityTuple& tuple) {
  if (is_icmp(tuple.protocol))
    return icmp_ports(tuple.protocol, tuple.source_port, tuple.destination_port);
  return {tuple.source_port, tuple.destination_port, false};
}

bool has_ports(uint8_t protocol) {
  switch (static_cast<IpProtocol>(protocol)) {
    case IpProtocol::Tcp:
    case IpProtocol::Udp:
    case IpProtocol::Sctp:
    case IpProtocol::Icmp:
    case IpProtocol::IcmpV6:
      return true;
    default:
      return false;
  }
}

// The hash input, at most 40 bytes, padded to the one block that SHA-1 then works on (FIPS
// 180-4, 5.1.1).
class HashBlock {
 public:
  template <size_t kBytes>
  void put_address(const Address& address) {
    std::memcpy(block_.data() + size_, address.data(), kBytes);
    size_ += kBytes;
  }
  void put_u16(uint16_t value) {
    const uint16_t big_endian = __builtin_bswap16(value);
    std::memcpy(block_.data() + size_, &big_endian, sizeof big_endian);
    size_ += sizeof big_endian;
  }
  // The five words of the digest.
  std::array<uint32_t, 5> sha1() {
    block_[size_] = 0x80;
    const uint16_t bits = __builtin_bswap16(static_cast<uint16_t>(size_ * 8));
    std::memcpy(block_.data() + SHA_CBLOCK - sizeof bits, &bits, sizeof bits);
    SHA_CTX hash;
    // FIPS 180-4, 5.3.1; SHA1_Init would also clear the buffer, which is not used here.
    hash.h0 = 0x67452301;
    hash.h1 = 0xefcdab89;
    hash.h2 = 0x98badcfe;
    hash.h3 = 0x10325476;
    hash.h4 = 0xc3d2e1f0;
    SHA1_Transform(&hash, block_.data());
    return {hash.h0, hash.h1, hash.h2, hash.h3, hash.h4};
  }

 private:
  std::array<uint8_t, SHA_CBLOCK> block_{};
  size_t size_ = 0;
};

template <size_t kAddressBytes>
std::array<uint32_t, 5> digest_of(const CommunityTuple& tuple, uint16_t seed) {
  const Address* low = &tuple.source;
  const Address* high = &tuple.destination;
  Ports ports = ports_of(tuple);
  const int order = std::memcmp(low->data(), high->data(), kAddressBytes);
  if (!ports.one_way && (order > 0 || (order == 0 && ports.source > ports.destination))) {
    std::swap(low, high);
    std::swap(ports.source, ports.destination);
  }
  HashBlock block;
  block.put_u16(seed);
  block.put_address<kAddressBytes>(*low);
  block.put_address<kAddressBytes>(*high);
  block.put_u16(static_cast<uint16_t>(tuple.protocol << 8));
  if (has_ports(tuple.protocol)) {
    block.put_u16(ports.source);
    block.put_u16(ports.destination);
  }
  return block.sha1();
}

constexpr std::string_view kBase64Digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// Base64 (RFC 4648 section 4) of the top `digits` times six bits of `bits`.
char* put_base64(char* out, uint64_t bits, size_t digits) {
  for (size_t i = 0; i < digits; ++i) {
    *out++ = kBase64Digits[bits >> 58];
    bits <<= 6;
  }
  return out;
}

// 20 bytes are 26 digits of six bits, one of four, and "=". 48 bits at a time make eight digits.
CommunityIdText text_of(const std::array<uint32_t, 5>& digest) {
  const uint64_t first = uint64_t{digest[0]} << 32 | digest[1];
  const uint64_t second = uint64_t{digest[2]} << 32 | digest[3];
  CommunityIdText text{'1', ':'};
  char* out = put_base64(text.data() + 2, first, 8);
  out = put_base64(out, first << 48 | second >> 16, 8);
  out = put_base64(out, second << 32 | digest[4], 8);
  out = put_base64(out, uint64_t{digest[4]} << 48, 3);
  *out = '=';
  return text;
}

}  // namespace

CommunityIdText community_id(const CommunityTuple& tuple, uint16_t seed) {
  return text_of(tuple.ip_version == 6 ? digest_of<16>(tuple, seed) : digest_of<4>(tuple, seed));
}

}  // namespace flowscope
