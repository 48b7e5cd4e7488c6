#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "flowcore/packet/tcp_options.h"
#include "flowcore/track/history.h"

namespace flowscope {

// Which options a SYN has, in the order sent: what tells hosts apart beside window and segment size
// (as p0f and JA4T read them). Plain bytes. Kept as one of 15 codes each, so that the kinds that no
// host sends in a SYN share one.
class SynKinds {
 public:
  static constexpr uint32_t kKindsMax = TcpOptions::kKindsMax;
  static constexpr uint8_t kOtherKind = UINT8_MAX;
  // "mss,sack,ts,nop,ws": names of at most five characters and a comma.
  using Text = ShortText<kKindsMax * 6>;

  void read(const TcpOptions& options) {
    kinds_ = {};
    for (uint32_t i = 0; i < options.kinds_count; ++i) {
      uint32_t code = 0;
      while (code < kKinds.size() - 1 && kKinds[code].kind != options.kinds[i]) ++code;
      kinds_.add(static_cast<uint8_t>(code + 1));
    }
  }
  [[nodiscard]] uint32_t count() const {
    uint32_t found = 0;
    while (found < kKindsMax && kinds_.at(found) != 0) ++found;
    return found;
  }
  // kOtherKind for one without a code. Requires: i < count().
  [[nodiscard]] uint8_t kind(uint32_t i) const { return kKinds[kinds_.at(i) - 1U].kind; }
  [[nodiscard]] bool has(uint8_t kind_wanted) const {
    for (uint32_t i = 0; i < kKindsMax && kinds_.at(i) != 0; ++i) {
      if (kind(i) == kind_wanted) return true;
    }
    return false;
  }
  [[nodiscard]] Text text() const {
    Text text;
    for (uint32_t i = 0; i < kKindsMax && kinds_.at(i) != 0; ++i) {
      if (i != 0) text.add(',');
      for (const char letter : kKinds[kinds_.at(i) - 1U].name) text.add(letter);
    }
    return text;
  }

 private:
  struct Kind {
    uint8_t kind;
    std::string_view name;
  };
  // IANA "TCP Option Kind Numbers"; the last is for all others.
  static constexpr std::array<Kind, 15> kKinds = {{{TcpOptions::kEnd, "eol"},
                                                   {TcpOptions::kNothing, "nop"},
                                                   {TcpOptions::kSegmentSizeMax, "mss"},
                                                   {TcpOptions::kWindowScale, "ws"},
                                                   {TcpOptions::kSackPermitted, "sack"},
                                                   {5, "sacks"},  // blocks; odd in a SYN
                                                   {TcpOptions::kTimestamps, "ts"},
                                                   {19, "md5"},
                                                   {28, "uto"},
                                                   {29, "ao"},
                                                   {30, "mptcp"},
                                                   {34, "tfo"},
                                                   {253, "exp1"},
                                                   {254, "exp2"},
                                                   {kOtherKind, "other"}}};

  PackedCodes<4, 1> kinds_;
};

}  // namespace flowscope
