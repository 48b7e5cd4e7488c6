#include "dataplane/export/sha1_lanes.h"

#include <bit>
#include <cstring>

namespace flowscope {

namespace {

// Operators work on all lanes at once, in the vectors that the processor has.
using Word [[gnu::vector_size(sizeof(Sha1Words))]] = uint32_t;
using State = std::array<Word, 5>;

Word rotated(Word word, int bits) { return word << bits | word >> (32 - bits); }

// The functions and constants of FIPS 180-4, 4.1.1 and 4.2.1, each for twenty rounds.
struct Choose {
  static constexpr uint32_t kConstant = 0x5a827999;
  static Word of(Word x, Word y, Word z) { return z ^ (x & (y ^ z)); }
};
template <uint32_t kRoundConstant>
struct Parity {
  static constexpr uint32_t kConstant = kRoundConstant;
  static Word of(Word x, Word y, Word z) { return x ^ y ^ z; }
};
struct Majority {
  static constexpr uint32_t kConstant = 0x8f1bbcdc;
  static Word of(Word x, Word y, Word z) { return (x & y) | (z & (x | y)); }
};

constexpr size_t kRounds = 80;
using Schedule = std::array<Word, kRounds>;

Schedule schedule_of(const Sha1Blocks& blocks) {
  Schedule schedule;
  static_assert(sizeof(Word) == sizeof(Sha1Words));
  std::memcpy(schedule.data(), blocks.data(), sizeof blocks);
  for (size_t i = blocks.size(); i < kRounds; ++i) {
    schedule[i] =
        rotated(schedule[i - 3] ^ schedule[i - 8] ^ schedule[i - 14] ^ schedule[i - 16], 1);
  }
  return schedule;
}

template <class Function>
void round(Word a, Word& b, Word c, Word d, Word& e, Word scheduled) {
  e += rotated(a, 5) + Function::of(b, c, d) + Function::kConstant + scheduled;
  b = rotated(b, 30);
}

// Twenty rounds of 6.1.2, five at a time: by then every variable has had each place once.
template <class Function>
void rounds(State& state, const Word* scheduled) {
  auto& [a, b, c, d, e] = state;
  for (size_t i = 0; i < 20; i += 5) {
    round<Function>(a, b, c, d, e, scheduled[i]);
    round<Function>(e, a, b, c, d, scheduled[i + 1]);
    round<Function>(d, e, a, b, c, scheduled[i + 2]);
    round<Function>(c, d, e, a, b, scheduled[i + 3]);
    round<Function>(b, c, d, e, a, scheduled[i + 4]);
  }
}

}  // namespace

Sha1Digests sha1_of_blocks(const Sha1Blocks& blocks) {
  const Schedule schedule = schedule_of(blocks);
  State state;
  for (size_t i = 0; i < state.size(); ++i) state[i] = Word{} + kSha1Begin[i];
  rounds<Choose>(state, &schedule[0]);
  rounds<Parity<0x6ed9eba1>>(state, &schedule[20]);
  rounds<Majority>(state, &schedule[40]);
  rounds<Parity<0xca62c1d6>>(state, &schedule[60]);
  for (size_t i = 0; i < state.size(); ++i) state[i] += kSha1Begin[i];
  return std::bit_cast<Sha1Digests>(state);
}

}  // namespace flowscope
