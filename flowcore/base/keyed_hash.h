#pragma once

#include <cstdint>
#include <cstring>

namespace flowscope {

// A hash of exactly 40 bytes under a secret of 128 bits.
// Thread rule: a value.
class KeyedHash {
 public:
  explicit KeyedHash(uint64_t seed_low, uint64_t seed_high) : low_(seed_low), high_(seed_high) {}

  uint64_t operator()(const void* forty_bytes) const {
    uint64_t words[5];
    std::memcpy(words, forty_bytes, sizeof words);
    uint64_t sum = low_;
    for (const uint64_t word : words) {
      sum = (sum ^ word) * 0x9e3779b97f4a7c15;
      sum ^= (sum >> 32) ^ high_;
    }
    return sum;
  }

 private:
  uint64_t low_;
  uint64_t high_;
};

}  // namespace flowscope
