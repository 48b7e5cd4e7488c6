// The one-call interface of OpenSSL 3 fetches its algorithm each time, several times the cost of
// the hash itself; the low-level one is marked deprecated, but is what we need.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "dataplane/export/community_id.h"

#include <openssl/sha.h>

#include <cstddef>
#include <cstring>
#include <string_view>
#include <utility>

#include "flowcore/packet/layers.h"

namespace flowscope {

namespace {

// The message types that ask and those that answer (ICMP: RFC 792, 950, 1256; ICMPv6: RFC 4443,
// 2710, 4861, 4620, 6275). A type found here makes a two-way flow whose ports are the two types.
struct TypePair {
  uint8_t request;
  uint8_t reply;
};
constexpr std::array<TypePair, 5> kIcmpPairs = {{{8, 0}, {13, 14}, {15, 16}, {17, 18}, {10, 9}}};
constexpr std::array<TypePair, 6> kIcmpV6Pairs = {
    {{128, 129}, {130, 131}, {133, 134}, {135, 136}, {139, 140}, {144, 145}}};

// What the hash takes besides the addresses. One-way flows keep their direction.
struct Ports {
  uint16_t source;
  uint16_t destination;
  bool one_way;
};

template <size_t kPairs>
Ports icmp_ports(const std::array<TypePair, kPairs>& pairs, uint16_t type, uint16_t code) {
  for (const TypePair& pair : pairs) {
    if (type == pair.request) return {type, pair.reply, false};
    if (type == pair.reply) return {type, pair.request, false};
  }
  return {type, code, true};
}

Ports ports_of(const CommunityTuple& tuple) {
  switch (static_cast<IpProtocol>(tuple.protocol)) {
    case IpProtocol::Icmp:
      return icmp_ports(kIcmpPairs, tuple.source_port, tuple.destination_port);
    case IpProtocol::IcmpV6:
      return icmp_ports(kIcmpV6Pairs, tuple.source_port, tuple.destination_port);
    default:
      return {tuple.source_port, tuple.destination_port, false};
  }
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
  void put(const uint8_t* from, size_t size) {
    std::memcpy(block_.data() + size_, from, size);
    size_ += size;
  }
  void put_u8(uint8_t value) { block_[size_++] = value; }
  void put_u16(uint16_t value) {
    put_u8(static_cast<uint8_t>(value >> 8));
    put_u8(static_cast<uint8_t>(value));
  }
  // The five words of the digest.
  std::array<uint32_t, 5> sha1() {
    const size_t bits = size_ * 8;
    block_[size_] = 0x80;
    block_[SHA_CBLOCK - 2] = static_cast<uint8_t>(bits >> 8);
    block_[SHA_CBLOCK - 1] = static_cast<uint8_t>(bits);
    SHA_CTX hash;
    SHA1_Init(&hash);
    SHA1_Transform(&hash, block_.data());
    return {hash.h0, hash.h1, hash.h2, hash.h3, hash.h4};
  }

 private:
  std::array<uint8_t, SHA_CBLOCK> block_{};
  size_t size_ = 0;
};

constexpr std::string_view kBase64Digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// RFC 4648 section 4; 20 bytes are six whole groups of three and one of two.
CommunityIdText base64_of(const std::array<uint32_t, 5>& digest) {
  std::array<uint8_t, 21> bytes{};
  for (size_t i = 0; i < 20; ++i) {
    bytes[i] = static_cast<uint8_t>(digest[i / 4] >> (24 - 8 * (i % 4)));
  }
  CommunityIdText text{'1', ':'};
  char* out = text.data() + 2;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const uint32_t group = uint32_t{bytes[i]} << 16 | uint32_t{bytes[i + 1]} << 8 | bytes[i + 2];
    for (const uint32_t shift : {18U, 12U, 6U, 0U}) *out++ = kBase64Digits[group >> shift & 63];
  }
  text.back() = '=';
  return text;
}

}  // namespace

CommunityIdText community_id(const CommunityTuple& tuple, uint16_t seed) {
  const size_t address_bytes = tuple.ip_version == 6 ? 16 : 4;
  const uint8_t* low = tuple.source.data();
  const uint8_t* high = tuple.destination.data();
  Ports ports = ports_of(tuple);
  const int order = std::memcmp(low, high, address_bytes);
  if (!ports.one_way && (order > 0 || (order == 0 && ports.source > ports.destination))) {
    std::swap(low, high);
    std::swap(ports.source, ports.destination);
  }
  HashBlock block;
  block.put_u16(seed);
  block.put(low, address_bytes);
  block.put(high, address_bytes);
  block.put_u8(tuple.protocol);
  block.put_u8(0);
  if (has_ports(tuple.protocol)) {
    block.put_u16(ports.source);
    block.put_u16(ports.destination);
  }
  return base64_of(block.sha1());
}

}  // namespace flowscope
