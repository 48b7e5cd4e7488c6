#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "flowcore/base/bytes.h"
#include "l7/byte_pattern.h"
#include "l7/first_bytes.h"

namespace flowscope {

// One declaration, read: what the matcher works on.
struct FirstBytesRule {
  BytePattern pattern;
  LengthField length;
  uint16_t bytes_min = 0;
  uint16_t bytes_max = UINT16_MAX;
  uint8_t offset = 0;
  uint8_t owner = 0;  // the parser or protocol that declares it
  Role role = Role::Either;
  Evidence evidence = Evidence::Alone;

  static constexpr FirstBytesRule of(uint8_t owner, const FirstBytes& declared) {
    return {.pattern = BytePattern(declared.pattern),
            .length = declared.length,
            .bytes_min = declared.bytes_min,
            .bytes_max = declared.bytes_max,
            .offset = declared.offset,
            .owner = owner,
            .role = declared.role,
            .evidence = declared.evidence};
  }

  // Whether a message fits: `looked_at` are its first bytes, `run_bytes` have come of it.
  // kDatagrams: all of it has come.
  enum class Of : uint8_t { Stream, Datagram };
  [[nodiscard]] constexpr Probe match(Bytes looked_at, size_t run_bytes, Of of) const {
    if (run_bytes > bytes_max) return Probe::NoMatch;
    const Probe found = pattern.match(looked_at.after(offset));
    if (found != Probe::Match) return found;
    if (run_bytes < bytes_min) return Probe::NeedMore;
    return length.bytes == 0 ? Probe::Match : match_length(looked_at, run_bytes, of);
  }

 private:
  [[nodiscard]] constexpr Probe match_length(Bytes looked_at, size_t run_bytes, Of of) const {
    const Bytes field = looked_at.sub(length.offset, length.bytes);
    if (field.size() < length.bytes) return Probe::NeedMore;
    uint64_t stated = 0;
    for (size_t i = 0; i < field.size(); ++i) {
      const size_t at = length.order == ByteOrder::Big ? i : field.size() - 1 - i;
      stated = stated << 8 | field[at];
    }
    const int64_t message_bytes = static_cast<int64_t>(stated) + length.adds;
    const auto come = static_cast<int64_t>(run_bytes);
    const bool fits = message_bytes == come || (of == Of::Stream && message_bytes > come);
    return fits && message_bytes <= length.bytes_max ? Probe::Match : Probe::NoMatch;
  }
};

// Which of up to 64 owners the first bytes may belong to, by the first four of them: made at
// compile time from their declarations.
//
// PERF: four loads and three ANDs for a run of four bytes or more, whatever the number of owners.
class FirstBytesTable {
 public:
  static constexpr size_t kPositions = 4;
  static constexpr size_t kOwnersMax = 64;

  // `open`: owners that are candidates whatever the bytes are.
  template <size_t kRules>
  constexpr FirstBytesTable(const std::array<FirstBytesRule, kRules>& rules, uint64_t open) {
    for (size_t position = 0; position < kPositions; ++position) {
      uint64_t anywhere = open;
      for (const FirstBytesRule& rule : rules) {
        const uint64_t owner = uint64_t{1} << rule.owner;
        if (position < rule.offset || !rule.pattern.restricts(position - rule.offset)) {
          anywhere |= owner;
        } else {
          rule.pattern.each_byte_at(position - rule.offset,
                                    [&](uint8_t byte) { owners_[position][byte] |= owner; });
        }
      }
      for (uint64_t& owners : owners_[position]) owners |= anywhere;
    }
  }

  [[nodiscard]] constexpr uint64_t candidates(Bytes first_bytes) const {
    if (first_bytes.size() >= kPositions) [[likely]] {
      return owners_[0][first_bytes[0]] & owners_[1][first_bytes[1]] & owners_[2][first_bytes[2]]
             & owners_[3][first_bytes[3]];
    }
    uint64_t left = UINT64_MAX;
    for (size_t i = 0; i < first_bytes.size(); ++i) left &= owners_[i][first_bytes[i]];
    return left;
  }

 private:
  std::array<std::array<uint64_t, 256>, kPositions> owners_{};
};

}  // namespace flowscope
