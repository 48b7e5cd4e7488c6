#include "flowcore/base/keyed_hash.h"

namespace flowscope {

static_assert(std::endian::native == std::endian::little,
              "AES columns are loaded as they lie in memory");

RoundKey hash_round_key(uint64_t seed_low, uint64_t seed_high, uint64_t number) {
  // Four rounds of the seed, made different by the number; ten rounds of AES are not needed, since
  // the keys are never seen.
  using portable::AesBlock;
  const AesBlock secret = AesBlock::of(seed_low, seed_high);
  AesBlock block = secret ^ AesBlock::of(number + 1, ~number);
  for (int round = 0; round < 4; ++round) block = block.round(secret);
  const std::array<uint64_t, 2> halves = {block.low_half(), block.round(secret).low_half()};
  RoundKey key;
  std::memcpy(key.data(), halves.data(), sizeof key);
  return key;
}

}  // namespace flowscope
