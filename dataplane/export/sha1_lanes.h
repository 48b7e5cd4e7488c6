#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace flowscope {

inline constexpr size_t kSha1Lanes = 8;
// One 32-bit word of each of eight messages.
struct alignas(32) Sha1Words {
  std::array<uint32_t, kSha1Lanes> of{};
};
using Sha1Blocks = std::array<Sha1Words, 16>;
using Sha1Digests = std::array<Sha1Words, 5>;

// What the digest begins as (FIPS 180-4, 5.3.1).
inline constexpr std::array<uint32_t, 5> kSha1Begin = {0x67452301, 0xefcdab89, 0x98badcfe,
                                                       0x10325476, 0xc3d2e1f0};

// SHA-1 (FIPS 180-4) of eight messages of one block each, which the caller has padded. Thread rule:
// pure. Cost: some 1,600 instructions of AVX2 for all eight, twice that without it.
[[nodiscard]] Sha1Digests sha1_of_blocks(const Sha1Blocks& blocks);

}  // namespace flowscope
