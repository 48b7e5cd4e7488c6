#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "flowcore/base/bytes.h"
#include "flowcore/base/check.h"
#include "flowcore/base/keyed_hash.h"

namespace flowscope {

// A hash over any number of bytes under a secret seed: nobody who does not know the seed can make
// two runs of bytes that meet, or that share any bits of their hashes, but by chance. All 64 bits
// are well mixed. It is no MAC: the hashes themselves must not be shown.
// Thread rule: immutable. Cost: seven or eight instructions for each 16 bytes, and some fifty.
//
// Each block of 16 bytes passes four AES rounds under secret keys, of which two depend on its
// place, and the results are joined by XOR (as in Marvin, Simplicio et al. 2009, and PMAC). A
// difference put into a block comes out as a chosen other one with a chance of at most 2^-113,
// taken over the keys (Keliher and Sui 2007), so that no second block can be made to take it back.
// Two rounds, which would do for buckets alone, leave a chance of 2^-28: too much where one who
// sends frames gains if two of them are taken for one.
template <class Block>
class BasicBytesHash {
 public:
  explicit BasicBytesHash(uint64_t seed_low, uint64_t seed_high) : keys_(seed_low, seed_high) {}

  // `prefix` is hashed in front of the bytes: what the caller has changed of them, say.
  [[nodiscard]] uint64_t operator()(Bytes bytes, std::array<uint64_t, 2> prefix = {}) const {
    Block place = key(kPlace);
    Block sum = mixed(Block::of(prefix[0], prefix[1]), kPrefix, place);
    Bytes rest = bytes;
    // PERF: bound by the AES units, 376 rounds for 1500 bytes; blocks wait for nothing but them,
    // since the places of a chunk share one key.
    for (; rest.size() >= kChunkBytes; rest = rest.after(kChunkBytes)) {
      place = place.round(key(kStep));
      for (size_t lane = 0; lane < kLanes; ++lane)
        sum = sum ^ mixed(block_at(rest, lane * kBlockBytes), lane, place);
    }
    sum = sum ^ mixed_tail(bytes, rest, place.round(key(kStep)));
    return (sum ^ Block::of(bytes.size(), 0))
        .round(key(kSecondRound))
        .round(key(kThirdRound))
        .low_half();
  }

 private:
  static constexpr size_t kBlockBytes = 16;
  static constexpr size_t kLanes = 8;
  static constexpr size_t kChunkBytes = kLanes * kBlockBytes;
  // Which key is for what; those below are the lanes'.
  static constexpr size_t kPrefix = 8, kPlace = 9, kStep = 10, kSecondRound = 11, kThirdRound = 12,
                          kKeys = 13;

  [[nodiscard]] Block key(size_t index) const { return Block::load(keys_.key[index].data()); }
  static Block block_at(Bytes bytes, size_t offset) {
    FS_DCHECK(offset + kBlockBytes <= bytes.size());
    return Block::load(bytes.begin() + offset);
  }

  // A block at its place: the lane it is in, and the chunk, of which `place` is the key. The last
  // key cancels out or does not, by the number of blocks; it tells nothing apart.
  [[nodiscard]] Block mixed(Block block, size_t lane, Block place) const {
    return (block ^ key(lane))
        .round(place)
        .round(key(kSecondRound))
        .round(key(kThirdRound))
        .round(key(kStep));
  }

  // `tail` is what `bytes` have behind their last whole chunk. The last block ends with the last
  // byte; what it shares with the block before is told from fresh bytes by the size.
  [[nodiscard]] Block mixed_tail(Bytes bytes, Bytes tail, Block place) const {
    Block sum = Block::of(0, 0);
    size_t lane = 0;
    for (; tail.size() >= kBlockBytes; tail = tail.after(kBlockBytes), ++lane)
      sum = sum ^ mixed(block_at(tail, 0), lane, place);
    if (tail.empty()) return sum;
    if (bytes.size() >= kBlockBytes)
      return sum ^ mixed(block_at(bytes, bytes.size() - kBlockBytes), lane, place);
    std::array<uint8_t, kBlockBytes> padded{};
    std::memcpy(padded.data(), tail.begin(), tail.size());
    return sum ^ mixed(Block::load(padded.data()), lane, place);
  }

  HashKeys<16, kKeys> keys_;
};

using BytesHash = BasicBytesHash<AesBlock>;

}  // namespace flowscope
