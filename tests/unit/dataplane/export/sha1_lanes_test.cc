#include "dataplane/export/sha1_lanes.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <array>
#include <random>
#include <string>

namespace flowscope {
namespace {

constexpr size_t kMessageBytesMax = 55;  // in one block, with the padding

// A word of the block that a message becomes (FIPS 180-4, 5.1.1).
uint32_t padded_word(const std::string& message, size_t word) {
  const auto byte = [&](size_t at) {
    if (at < message.size()) return static_cast<uint32_t>(static_cast<uint8_t>(message[at]));
    return at == message.size() ? 0x80U : 0U;
  };
  if (word == 15) return static_cast<uint32_t>(message.size() * 8);
  return byte(4 * word) << 24 | byte(4 * word + 1) << 16 | byte(4 * word + 2) << 8
         | byte(4 * word + 3);
}

std::array<uint32_t, 5> digest_by_libcrypto(const std::string& message) {
  std::array<uint8_t, 20> bytes;
  EXPECT_EQ(EVP_Digest(message.data(), message.size(), bytes.data(), nullptr, EVP_sha1(), nullptr),
            1);
  std::array<uint32_t, 5> words;
  for (size_t i = 0; i < words.size(); ++i) {
    words[i] = uint32_t{bytes[4 * i]} << 24 | uint32_t{bytes[4 * i + 1]} << 16
               | uint32_t{bytes[4 * i + 2]} << 8 | bytes[4 * i + 3];
  }
  return words;
}

TEST(Sha1Lanes, AgreeWithLibcryptoOnEveryLengthInEveryLane) {
  const uint32_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (size_t i = 0; i < 500; ++i) {
    std::array<std::string, kSha1Lanes> messages;
    Sha1Blocks blocks;
    for (size_t lane = 0; lane < kSha1Lanes; ++lane) {
      std::string& message = messages[lane];
      message.resize((i + lane * 7) % (kMessageBytesMax + 1));
      for (char& byte : message) byte = static_cast<char>(random());
      for (size_t word = 0; word < blocks.size(); ++word)
        blocks[word].of[lane] = padded_word(message, word);
    }
    const Sha1Digests digests = sha1_of_blocks(blocks);
    for (size_t lane = 0; lane < kSha1Lanes; ++lane) {
      const std::array<uint32_t, 5> expected = digest_by_libcrypto(messages[lane]);
      for (size_t word = 0; word < expected.size(); ++word)
        ASSERT_EQ(digests[word].of[lane], expected[word]) << "lane " << lane << " word " << word;
    }
  }
}

}  // namespace
}  // namespace flowscope
