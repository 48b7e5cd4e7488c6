// The one-call interface of OpenSSL 3 fetches its algorithm each time, several times the cost of
// the hash itself; the low-level one is marked deprecated, but is what we need.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "dataplane/export/community_id.h"

#include <openssl/sha.h>

#include <bit>
#include <cstring>
#include <utility>

#include "dataplane/export/sha1_lanes.h"
#include "flowcore/base/bytes.h"
#include "flowcore/base/check.h"
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

// The hash input, padded to the one block that SHA-1 then works on (FIPS 180-4, 5.1.1).
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
  // The words between are zero for all messages.
  void lay(Sha1Blocks& blocks, size_t lane) {
    block_[size_] = 0x80;
    const Bytes bytes(block_.data(), block_.size());
    for (size_t i = 0; i < kWords; ++i) blocks[i].of[lane] = load_be32(bytes, 4 * i);
    blocks.back().of[lane] = static_cast<uint32_t>(size_ * 8);
  }

 private:
  // Seed, two addresses of IPv6, protocol, two ports: 40 bytes, and the mark of the end.
  static constexpr size_t kWords = 11;

  std::array<uint8_t, 4 * kWords> block_{};
  size_t size_ = 0;
};

template <size_t kAddressBytes>
void lay_tuple(const CommunityTuple& tuple, uint16_t seed, Sha1Blocks& blocks, size_t lane) {
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
  block.lay(blocks, lane);
}

// From so many messages on the lanes are cheaper than libcrypto with the processor's own SHA-1.
constexpr size_t kWorthLanes = 4;

Sha1Digests digests_of(const Sha1Blocks& blocks, size_t messages) {
  if (messages >= kWorthLanes) [[likely]]
    return sha1_of_blocks(blocks);
  Sha1Digests digests;
  for (size_t lane = 0; lane < messages; ++lane) {
    std::array<uint32_t, SHA_LBLOCK> block;
    for (size_t i = 0; i < block.size(); ++i) block[i] = __builtin_bswap32(blocks[i].of[lane]);
    SHA_CTX hash;
    hash.h0 = kSha1Begin[0];
    hash.h1 = kSha1Begin[1];
    hash.h2 = kSha1Begin[2];
    hash.h3 = kSha1Begin[3];
    hash.h4 = kSha1Begin[4];
    SHA1_Transform(&hash, reinterpret_cast<const uint8_t*>(block.data()));
    const std::array words = {hash.h0, hash.h1, hash.h2, hash.h3, hash.h4};
    for (size_t i = 0; i < words.size(); ++i) digests[i].of[lane] = words[i];
  }
  return digests;
}

// 20 bytes are 26 digits of six bits, one of four, and "=". Three bytes make four digits.
constexpr size_t kGroups = 7;
using DigitGroups = std::array<Sha1Words, kGroups>;

// Of all lanes: three bytes of the digest in each word.
DigitGroups groups_of(const Sha1Digests& digests) {
  DigitGroups groups;
  for (size_t lane = 0; lane < kSha1Lanes; ++lane) {
    const auto word = [&](size_t i) { return digests[i].of[lane]; };
    groups[0].of[lane] = word(0) >> 8;
    groups[1].of[lane] = word(0) << 16 | word(1) >> 16;
    groups[2].of[lane] = word(1) << 8 | word(2) >> 24;
    groups[3].of[lane] = word(2);
    groups[4].of[lane] = word(3) >> 8;
    groups[5].of[lane] = word(3) << 16 | word(4) >> 16;
    groups[6].of[lane] = word(4) << 8;
  }
  return groups;
}

// The character of six bits in base64 (RFC 4648 section 4), in sums that a compiler makes of many
// characters at a time.
constexpr uint8_t base64(uint8_t bits) {
  int character = 'A' + bits;
  character += bits > 25 ? 'a' - 'Z' - 1 : 0;
  character += bits > 51 ? '0' - 'z' - 1 : 0;
  character += bits > 61 ? '+' - '9' - 1 : 0;
  character += bits > 62 ? '/' - '+' - 1 : 0;
  return static_cast<uint8_t>(character);
}
static_assert(base64(0) == 'A' && base64(25) == 'Z' && base64(26) == 'a' && base64(51) == 'z');
static_assert(base64(52) == '0' && base64(61) == '9' && base64(62) == '+' && base64(63) == '/');

// From the low 24 bits of each word the four characters of it, the first one lowest.
void to_base64(Sha1Words& group) {
  for (uint32_t& bits : group.of) {
    bits = (bits >> 18 & 0x3f) | (bits >> 4 & 0x3f00) | (bits << 10 & 0x3f0000)
           | (bits << 24 & 0x3f000000);
  }
  auto characters = std::bit_cast<std::array<uint8_t, sizeof group>>(group);
  for (uint8_t& character : characters) character = base64(character);
  group = std::bit_cast<Sha1Words>(characters);
}

}  // namespace

void community_ids(std::span<const CommunityTuple> tuples, uint16_t seed,
                   std::span<CommunityIdText> ids) {
  FS_DCHECK(tuples.size() <= kCommunityIdsAtOnce && ids.size() == tuples.size());
  static_assert(kCommunityIdsAtOnce == kSha1Lanes);
  Sha1Blocks blocks{};
  for (size_t i = 0; i < tuples.size(); ++i) {
    if (tuples[i].ip_version == 6) {
      lay_tuple<16>(tuples[i], seed, blocks, i);
    } else {
      lay_tuple<4>(tuples[i], seed, blocks, i);
    }
  }
  DigitGroups groups = groups_of(digests_of(blocks, tuples.size()));
  for (Sha1Words& group : groups) to_base64(group);
  for (size_t i = 0; i < ids.size(); ++i) {
    ids[i] = {'1', ':'};
    for (size_t group = 0; group < kGroups; ++group)
      std::memcpy(ids[i].data() + 2 + 4 * group, &groups[group].of[i], 4);
    ids[i].back() = '=';
  }
}

CommunityIdText community_id(const CommunityTuple& tuple, uint16_t seed) {
  CommunityIdText id;
  community_ids({&tuple, 1}, seed, {&id, 1});
  return id;
}

}  // namespace flowscope
