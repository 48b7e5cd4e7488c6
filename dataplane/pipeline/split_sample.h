#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

namespace flowscope {

// How many of the flows that were looked at came to more than one worker.
struct SplitEstimate {
  uint32_t sampled = 0;
  uint32_t split = 0;

  [[nodiscard]] double share() const {
    return sampled == 0 ? 0 : static_cast<double>(split) / static_cast<double>(sampled);
  }
};

// A sample of the one-sided flows of a worker, such that two workers that had halves of the same
// flows have sampled the same ones, without a word between them: of all hashes that fall into a
// slot during an epoch the smallest stays. The smallest of a slot over all workers is then a flow
// taken at random, and whoever had a part of it holds it too, however many flows there were.
//
// Epochs are of packet time, by the flow's last packet: both directions of a flow end within a
// round trip of each other, while the moments at which two workers tell of them may be seconds
// apart. Two epochs are kept, since flows that end early and late overlap.
//
// Thread rule: add() belongs to one worker, words to any thread. Cost: one relaxed load and mostly
// a store for each one-sided flow that ends; 4 KiB.
class SplitSample {
 public:
  static constexpr size_t kSlots = 256;      // the share is right within some three in a hundred
  static constexpr uint32_t kEpochLog = 34;  // 17 s of nanoseconds
  static constexpr size_t kWords = 2 * kSlots;

  // `hash`: the same for both directions and on every worker.
  void add(uint64_t hash, uint64_t last_seen_ns) {
    const uint64_t epoch = last_seen_ns >> kEpochLog;
    const uint64_t word = epoch << kHashBits | (hash >> 16 | 1);
    std::atomic<uint64_t>& slot = words_[(epoch & 1) * kSlots + (hash & (kSlots - 1))];
    // Relaxed: a word stands for itself and orders nothing; its partner is word().
    const uint64_t kept = slot.load(std::memory_order_relaxed);
    if (kept == 0 || takes_place_of(word, kept)) slot.store(word, std::memory_order_relaxed);
  }
  // 0: nothing was there.
  [[nodiscard]] uint64_t word(size_t i) const { return words_[i].load(std::memory_order_relaxed); }

  // Which of the flows sampled by these workers came to more than one of them. Any thread.
  [[nodiscard]] static SplitEstimate compare(std::span<const SplitSample* const> of_workers);

 private:
  static constexpr uint32_t kHashBits = 48;
  // A slot meets every second epoch. What is one round behind is a late flow of the epoch before;
  // what is further behind comes after a clock that went back.
  static constexpr int kLate = -2;

  static int epochs_after(uint64_t word, uint64_t kept) {
    return static_cast<int16_t>(static_cast<uint16_t>((word >> kHashBits) - (kept >> kHashBits)));
  }
  static bool takes_place_of(uint64_t word, uint64_t kept) {
    const int after = epochs_after(word, kept);
    return after == 0 ? word < kept : after != kLate;
  }
  // Of words of several workers: the newest epoch counts, since one of them may have no newer
  // flows.
  static bool comes_before(uint64_t word, uint64_t other) {
    const int after = epochs_after(word, other);
    return after == 0 ? word < other : after > 0;
  }

  std::array<std::atomic<uint64_t>, kWords> words_{};
};

inline SplitEstimate SplitSample::compare(std::span<const SplitSample* const> of_workers) {
  SplitEstimate estimate;
  for (size_t i = 0; i < kWords; ++i) {
    uint64_t first = 0;
    uint32_t holders = 0;
    for (const SplitSample* sample : of_workers) {
      const uint64_t word = sample->word(i);
      if (word == 0) continue;
      if (word == first) {
        ++holders;
      } else if (first == 0 || comes_before(word, first)) {
        first = word;
        holders = 1;
      }
    }
    if (holders == 0) continue;
    ++estimate.sampled;
    estimate.split += holders > 1 ? 1 : 0;
  }
  return estimate;
}

}  // namespace flowscope
