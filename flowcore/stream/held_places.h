#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

#include "flowcore/base/check.h"

namespace flowscope {

// Which of a block's kPlaces places hold a byte, and with which of them a segment began. Mostly
// segments that came too early lie end to end: then the ends of the run and where its segments
// begin tell all, and bits for each place are made only when something else comes. Thread rule: one
// thread. Cost: a few instructions while it is one run, else one step for each 64 places looked at.
class HeldPlaces {
 public:
  static constexpr uint32_t kPlaces = 2048;

  HeldPlaces() {}  // NOLINT(modernize-use-equals-default): leaves the bits unset

  [[nodiscard]] bool is_held(uint32_t at) const {
    if (!scattered_) return at >= begin_ && at < end_;
    return (held_[at / kWordBits] >> at % kWordBits & 1) != 0;
  }
  // The first place from `at` on that is not like `at`, up to `limit`. Requires: at < limit.
  [[nodiscard]] uint32_t alike_until(uint32_t at, uint32_t limit) const {
    if (scattered_) return scan(held_, at, limit, is_held(at));
    if (at < begin_) return std::min<uint32_t>(limit, begin_);
    return at < end_ ? std::min<uint32_t>(limit, end_) : limit;
  }
  // Bytes come to [from, to), of which none is held; `is_begin`: a segment began with the first.
  void add(uint32_t from, uint32_t to, bool is_begin) {
    FS_DCHECK(from < to && to <= kPlaces);
    if (!scattered_ && begin_ == end_) {
      begin_ = static_cast<uint16_t>(from);
      end_ = begin_;
      begins_count_ = 0;
    }
    if (!scattered_ && from == end_ && (!is_begin || begins_count_ < begins_at_.size())) {
      end_ = static_cast<uint16_t>(to);
      if (is_begin) begins_at_.at(begins_count_++) = static_cast<uint16_t>(from);
      return;
    }
    if (!scattered_) scatter();
    add_bits(from, to);
    if (is_begin) add_begin(from);
  }
  // The first place that is held; kPlaces when none is.
  [[nodiscard]] uint32_t first() const {
    if (scattered_) return scan(held_, 0, kPlaces, false);
    return begin_ < end_ ? begin_ : kPlaces;
  }
  // Where the run from place `from` on ends, or the next segment begins. Requires: `from` is held.
  [[nodiscard]] uint32_t run_end(uint32_t from) const {
    FS_DCHECK(is_held(from));
    if (scattered_) {
      const uint32_t until = scan(held_, from, kPlaces, true);
      return from + 1 < until ? scan(begins_, from + 1, until, false) : until;
    }
    for (uint32_t i = 0; i < begins_count_; ++i)
      if (begins_at_[i] > from) return begins_at_[i];
    return end_;
  }
  // Forgets [from, to), all of which is held. Requires: from == first(). Gives first() again.
  uint32_t drop_first(uint32_t from, uint32_t to) {
    FS_DCHECK(from == first() && from < to && to <= kPlaces);
    if (!scattered_) {
      begin_ = static_cast<uint16_t>(to);
      return first();
    }
    for_each_word(from, to, [this](uint32_t word, uint64_t bits) {
      held_[word] &= ~bits;
      begins_[word] &= ~bits;
    });
    return scan(held_, to, kPlaces, false);
  }
  [[nodiscard]] uint32_t count() const {
    if (!scattered_) return end_ - begin_;
    uint32_t sum = 0;
    for (const uint64_t word : held_) sum += static_cast<uint32_t>(std::popcount(word));
    return sum;
  }

 private:
  static constexpr uint32_t kWordBits = 64;
  using Bits = std::array<uint64_t, kPlaces / kWordBits>;

  // From place `from` on, the first bit that is not as told, up to `limit`.
  static uint32_t scan(const Bits& bits, uint32_t from, uint32_t limit, bool are_set) {
    uint32_t at = from;
    while (at < limit) {
      const uint64_t word = bits[at / kWordBits];
      const uint64_t others = (are_set ? ~word : word) >> at % kWordBits;
      if (others != 0) return std::min(limit, at + static_cast<uint32_t>(std::countr_zero(others)));
      at = (at / kWordBits + 1) * kWordBits;
    }
    return limit;
  }
  // Calls f(word, bits) for the words that [from, to) lies in. Requires: from < to.
  template <class F>
  static void for_each_word(uint32_t from, uint32_t to, F&& f) {
    for (uint32_t at = from; at < to;) {
      const uint32_t word_end = std::min(to, (at / kWordBits + 1) * kWordBits);
      const uint64_t ones = ~uint64_t{0} >> (kWordBits - (word_end - at));
      f(at / kWordBits, ones << at % kWordBits);
      at = word_end;
    }
  }
  void add_bits(uint32_t from, uint32_t to) {
    for_each_word(from, to, [this](uint32_t word, uint64_t bits) { held_[word] |= bits; });
  }
  void add_begin(uint32_t at) { begins_[at / kWordBits] |= uint64_t{1} << at % kWordBits; }
  void scatter() {
    scattered_ = true;
    held_ = {};
    begins_ = {};
    add_bits(begin_, end_);
    for (uint32_t i = 0; i < begins_count_; ++i)
      if (begins_at_[i] >= begin_) add_begin(begins_at_[i]);
  }

  // While it is one run: its ends, and where segments begin in it, ascending.
  uint16_t begin_ = 0;
  uint16_t end_ = 0;
  std::array<uint16_t, 4> begins_at_;
  uint8_t begins_count_ = 0;
  bool scattered_ = false;
  Bits held_;    // set once scattered
  Bits begins_;  // the same
};

}  // namespace flowscope
