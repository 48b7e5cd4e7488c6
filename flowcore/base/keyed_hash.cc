#include "flowcore/base/keyed_hash.h"

namespace flowscope {

static_assert(std::endian::native == std::endian::little,
              "AES columns are loaded as they lie in memory");

HashKeys expand_hash_seed(uint64_t seed_low, uint64_t seed_high) {
  // Each key is four rounds of the seed, made different by its number; ten rounds of AES are not
  // needed, since the keys are never seen.
  using portable::AesBlock;
  const std::array<uint64_t, 2> seed = {seed_low, seed_high};
  const AesBlock secret = AesBlock::load(seed.data());
  HashKeys keys{};
  for (size_t i = 0; i < keys.key.size(); ++i) {
    const std::array<uint64_t, 2> number = {i + 1, ~uint64_t{i}};
    AesBlock block = secret ^ AesBlock::load(number.data());
    for (int round = 0; round < 4; ++round) block = block.round(secret);
    const std::array<uint64_t, 2> halves = {block.low_half(), block.round(secret).low_half()};
    std::memcpy(keys.key.at(i).data(), halves.data(), sizeof halves);
  }
  return keys;
}

}  // namespace flowscope
