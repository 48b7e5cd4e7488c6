#include <gtest/gtest.h>

#include <random>

#include "l7/quic/aes128.h"
#include "l7/quic/ghash.h"
#include "l7/quic/initial_keys.h"
#include "l7/quic/packet_protection.h"
#include "tests/unit/l7/quic/packet_sealer.h"

namespace flowscope::quic::test {
namespace {

constexpr uint64_t kSeed = 9001;
const char* const kIdentifier = "8394c8f03e515708";

const Protection& protection_of(Version version) { return *protections_of(version)[0]; }

// The CRYPTO frame of RFC 9001 A.2 and RFC 9369 A.2.
const char* const kClientFrame =
    "060040f1010000ed0303ebf8fa56f12939b9584a3896472ec40bb863cfd3e868"
    "04fe3a47f06a2b69484c00000413011302010000c000000010000e00000b6578"
    "616d706c652e636f6dff01000100000a00080006001d00170018001000070005"
    "04616c706e000500050100000000003300260024001d00209370b2c9caa47fba"
    "baf4559fedba753de171fa71f50f1ce15d43e994ec74d748002b000302030400"
    "0d0010000e0403050306030203080408050806002d00020101001c0002400100"
    "3900320408ffffffffffffffff05048000ffff07048000ffff08011001048000"
    "75300901100f088394c8f03e51570806048000ffff";

// The frames of RFC 9001 A.3 and RFC 9369 A.3: an acknowledgement and the ServerHello.
const char* const kServerFrames =
    "02000000000600405a020000560303eefce7f7b37ba1d1632e96677825ddf739"
    "88cfc79825df566dc5430b9a045a1200130100002e00330024001d00209d3c94"
    "0d89690b84d08a60993c144eca684d1081287c834d5311bcf32bb9da1a002b00"
    "020304";

std::string opened(const std::string& packet, Version version, Role sender,
                   NumberSpace numbers = {}) {
  const std::string identifier = from_hex(kIdentifier);
  const auto seen = read_long_packet(Bytes::of(packet), FixedBit::Required);
  if (!seen) return "no packet";
  OpenSpace space;
  const auto plain =
      open_packet(*seen, derive_initial_keys(protection_of(version), Bytes::of(identifier), sender),
                  numbers, space);
  return plain ? to_hex(std::string(plain->payload.as_text())) : "closed";
}

TEST(QuicKeys, AreThoseOfRfc9001AppendixA1) {
  const std::string identifier = from_hex(kIdentifier);
  const auto client =
      derive_initial_keys(protection_of(Version::V1), Bytes::of(identifier), Role::Client);
  EXPECT_EQ(to_hex(client.key), "1f369613dd76d5467730efcbe3b1a22d");
  EXPECT_EQ(to_hex(client.iv), "fa044b2f42a3fd3b46fb255c");
  EXPECT_EQ(to_hex(client.header_key), "9f50449e04a0e810283a1e9933adedd2");
  const auto server =
      derive_initial_keys(protection_of(Version::V1), Bytes::of(identifier), Role::Server);
  EXPECT_EQ(to_hex(server.key), "cf3a5331653c364c88f0f379b6067e37");
  EXPECT_EQ(to_hex(server.iv), "0ac1493ca1905853b0bba03e");
  EXPECT_EQ(to_hex(server.header_key), "c206b8d9b9f0f37644430b490eeaa314");
}

TEST(QuicKeys, AreThoseOfRfc9369AppendixA1) {
  const std::string identifier = from_hex(kIdentifier);
  const auto client =
      derive_initial_keys(protection_of(Version::V2), Bytes::of(identifier), Role::Client);
  EXPECT_EQ(to_hex(client.key), "8b1a0bc121284290a29e0971b5cd045d");
  EXPECT_EQ(to_hex(client.iv), "91f73e2351d8fa91660e909f");
  EXPECT_EQ(to_hex(client.header_key), "45b95e15235d6f45a6b19cbcb0294ba9");
  const auto server =
      derive_initial_keys(protection_of(Version::V2), Bytes::of(identifier), Role::Server);
  EXPECT_EQ(to_hex(server.key), "82db637861d55e1d011f19ea71d5d2a7");
  EXPECT_EQ(to_hex(server.iv), "dd13c276499c0249d3310652");
  EXPECT_EQ(to_hex(server.header_key), "edf6d05c83121201b436e16877593c3a");
}

TEST(QuicProtection, OpensTheClientInitialOfRfc9001AppendixA2) {
  const std::string packet = seal_initial({.destination_id = from_hex(kIdentifier),
                                           .source_id = "",
                                           .number = 2,
                                           .number_bytes = 4,
                                           .payload_bytes_min = 1162},
                                          from_hex(kClientFrame));
  const std::string hex = to_hex(packet);
  EXPECT_EQ(packet.size(), 1200U);
  EXPECT_EQ(hex.substr(0, 76),
            "c000000001088394c8f03e5157080000449e7b9aec34d1b1c98dd7689fb8ec11d242b123dc9b");
  EXPECT_EQ(hex.substr(hex.size() - 32), "e221af44860018ab0856972e194cd934");
  EXPECT_EQ(opened(packet, Version::V1, Role::Client),
            kClientFrame + std::string(2 * 1162 - std::string(kClientFrame).size(), '0'));
}

TEST(QuicProtection, OpensTheServerInitialOfRfc9001AppendixA3) {
  const std::string packet = from_hex(
      "cf000000010008f067a5502a4262b5004075c0d95a482cd0991cd25b0aac406a"
      "5816b6394100f37a1c69797554780bb38cc5a99f5ede4cf73c3ec2493a1839b3"
      "dbcba3f6ea46c5b7684df3548e7ddeb9c3bf9c73cc3f3bded74b562bfb19fb84"
      "022f8ef4cdd93795d77d06edbb7aaf2f58891850abbdca3d20398c276456cbc4"
      "2158407dd074ee");
  EXPECT_EQ(opened(packet, Version::V1, Role::Server), kServerFrames);
}

TEST(QuicProtection, OpensTheClientInitialOfRfc9369AppendixA2) {
  const std::string packet = seal_initial({.version = Version::V2,
                                           .destination_id = from_hex(kIdentifier),
                                           .source_id = "",
                                           .number = 2,
                                           .number_bytes = 4,
                                           .payload_bytes_min = 1162},
                                          from_hex(kClientFrame));
  EXPECT_EQ(to_hex(packet).substr(0, 64),
            "d76b3343cf088394c8f03e5157080000449ea0c95e82ffe67b6abcdb4298b485");
  EXPECT_EQ(opened(packet, Version::V2, Role::Client),
            kClientFrame + std::string(2 * 1162 - std::string(kClientFrame).size(), '0'));
}

TEST(QuicProtection, OpensTheServerInitialOfRfc9369AppendixA3) {
  const std::string packet = from_hex(
      "dc6b3343cf0008f067a5502a4262b5004075d92faaf16f05d8a4398c47089698"
      "baeea26b91eb761d9b89237bbf87263017915358230035f7fd3945d88965cf17"
      "f9af6e16886c61bfc703106fbaf3cb4cfa52382dd16a393e42757507698075b2"
      "c984c707f0a0812d8cd5a6881eaf21ceda98f4bd23f6fe1a3e2c43edd9ce7ca8"
      "4bed8521e2e140");
  EXPECT_EQ(opened(packet, Version::V2, Role::Server), kServerFrames);
}

// Every bit of a packet is authenticated: header, number, payload and tag.
TEST(QuicProtection, ShowsNothingOfAPacketWithOneBitChanged) {
  const std::string packet = seal_initial(
      {.destination_id = from_hex(kIdentifier), .token = "tok", .number = 7}, "\x01\x01\x01\x01");
  EXPECT_EQ(opened(packet, Version::V1, Role::Client), "01010101");
  for (size_t bit = 0; bit < packet.size() * 8; ++bit) {
    std::string changed = packet;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
    const std::string result = opened(changed, Version::V1, Role::Client);
    EXPECT_TRUE(result == "closed" || result == "no packet") << "bit " << bit << ": " << result;
  }
}

TEST(QuicProtection, RefusesPacketsThatAreCutOffOrTooLong) {
  const std::string packet =
      seal_initial({.destination_id = from_hex(kIdentifier)}, std::string(100, '\0'));
  for (size_t bytes = 0; bytes < packet.size(); ++bytes) {
    const std::string result = opened(packet.substr(0, bytes), Version::V1, Role::Client);
    EXPECT_TRUE(result == "closed" || result == "no packet") << bytes;
  }
  const size_t overhead = packet.size() - 100;
  const auto of_size = [&](size_t bytes) {
    return opened(seal_initial({.destination_id = from_hex(kIdentifier)},
                               std::string(bytes - overhead, '\0')),
                  Version::V1, Role::Client);
  };
  EXPECT_NE(of_size(kPacketBytesMax), "closed");
  EXPECT_EQ(of_size(kPacketBytesMax + 1), "closed");
}

TEST(QuicProtection, CompletesAShortenedNumberByTheHighestSeen) {
  const std::string packet =
      seal_initial({.destination_id = from_hex(kIdentifier), .number = 0x1234, .number_bytes = 1},
                   "\x01\x01\x01");
  EXPECT_EQ(opened(packet, Version::V1, Role::Client, {.next = 0x1230}), "010101");
  EXPECT_EQ(opened(packet, Version::V1, Role::Client, {.next = 0}), "closed");
}

struct NumberCase {
  uint64_t next;
  uint64_t shortened;
  uint32_t bits;
  uint64_t number;
};
TEST(QuicProtection, DecodesPacketNumbersAsRfc9000AppendixA3) {
  constexpr NumberCase kCases[] = {
      {0xa82f30eb, 0x9b32, 16, 0xa82f9b32},  // the RFC's own example
      {0, 0, 8, 0},
      {0, 255, 8, 255},
      {256, 255, 8, 255},  // a late one from the window before
      {255, 0, 8, 256},    // the next window
      {0x10000, 0xffff, 16, 0xffff},
  };
  for (const NumberCase& entry : kCases)
    EXPECT_EQ(complete_packet_number(entry.next, entry.shortened, entry.bits), entry.number)
        << entry.next << ' ' << entry.shortened;
}

Block random_block(std::mt19937_64& random) {
  Block block;
  for (uint8_t& byte : block) byte = static_cast<uint8_t>(random());
  return block;
}

TEST(QuicCiphers, AllFormsOfAesAgreeWithTheLibrary) {
  std::mt19937_64 random(kSeed);
  for (int i = 0; i < 200; ++i) {
    const Block key = random_block(random);
    const Block block = random_block(random);
    const std::string expected = to_hex(
        evp_aes128(std::string(key.begin(), key.end()), std::string(block.begin(), block.end())));
    EXPECT_EQ(to_hex(portable::Aes128(key).encrypt(block)), expected) << "seed " << kSeed;
    EXPECT_EQ(to_hex(Aes128(key).encrypt(block)), expected) << "seed " << kSeed;
  }
}

template <class Hash>
std::string hash_of(const Block& key, const std::string& first, const std::string& second) {
  Hash hash(key);
  hash.update(Bytes::of(first));
  hash.update(Bytes::of(second));
  hash.update(key);
  return to_hex(hash.sum());
}

TEST(QuicCiphers, BothFormsOfGhashAgree) {
  std::mt19937_64 random(kSeed);
  for (size_t bytes = 0; bytes < 200; ++bytes) {
    const Block key = random_block(random);
    std::string text(bytes, '\0');
    for (char& byte : text) byte = static_cast<char>(random());
    EXPECT_EQ(hash_of<portable::Ghash>(key, text, text.substr(0, bytes / 3)),
              hash_of<Ghash>(key, text, text.substr(0, bytes / 3)))
        << "seed " << kSeed << ", bytes " << bytes;
  }
}

// NIST SP 800-38D's authenticator on the GCM specification's test case 2.
TEST(QuicCiphers, GhashIsThatOfTheSpecification) {
  const std::string key = from_hex("66e94bd4ef8a2c3b884cfa59ca342b2e");
  const std::string text = from_hex("0388dace60b6a392f328c2b971b2fe78");
  const std::string lengths = from_hex("00000000000000000000000000000080");
  Block block;
  std::copy(key.begin(), key.end(), block.begin());
  for (const bool is_portable : {true, false}) {
    portable::Ghash slow(block);
    slow.update(Bytes::of(text));
    slow.update(Bytes::of(lengths));
    Ghash fast(block);
    fast.update(Bytes::of(text));
    fast.update(Bytes::of(lengths));
    EXPECT_EQ(to_hex(is_portable ? slow.sum() : fast.sum()), "f38cbb1ad69223dcc3457ae5b6b0f885");
  }
}

}  // namespace
}  // namespace flowscope::quic::test
