#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "flowcore/base/seq.h"

namespace flowscope {

// Whose bytes stay where two segments of a TCP side claim the same ones. Whichever host the traffic
// goes to made its own choice, so an analyser that chooses otherwise sees another stream than the
// host does. The rules are those of Novak and Sturges, "Target-Based TCP Stream Reassembly" (2007),
// as Suricata and Snort apply them; a rule sees where the two segments begin and end according to
// their headers. The same idea for IP fragments, where the same hosts choose otherwise:
// fragment_overlap.h.
enum class SegmentOverlap : uint8_t {
  First,     // what came first stays
  Last,      // what came last stays
  Bsd,       // what came first stays where its segment begins at the same place or before
  BsdRight,  // the reverse: it goes where its segment begins at the same place or before
  Linux,     // as Bsd, but of two that begin at the same place the longer one that comes later
             // stays
  OldLinux,  // as Linux, and also one of the same length that comes later (Linux 2.2)
  Windows,   // as Bsd; up to Windows 2003
  Vista,     // as First; Windows from Vista on
  MacOs,     // as Bsd
  Solaris,  // what comes later stays where its segment reaches as far as the earlier one, or beyond
            // it where it begins inside
  HpUx11,   // as Solaris
  HpUx10,   // as Linux
  Irix,     // as Linux
};
inline constexpr size_t kSegmentOverlaps = 13;

[[nodiscard]] constexpr std::string_view name_of(SegmentOverlap overlap) {
  switch (overlap) {
    case SegmentOverlap::First:
      return "first";
    case SegmentOverlap::Last:
      return "last";
    case SegmentOverlap::Bsd:
      return "bsd";
    case SegmentOverlap::BsdRight:
      return "bsd_right";
    case SegmentOverlap::Linux:
      return "linux";
    case SegmentOverlap::OldLinux:
      return "old_linux";
    case SegmentOverlap::Windows:
      return "windows";
    case SegmentOverlap::Vista:
      return "vista";
    case SegmentOverlap::MacOs:
      return "macos";
    case SegmentOverlap::Solaris:
      return "solaris";
    case SegmentOverlap::HpUx11:
      return "hpux11";
    case SegmentOverlap::HpUx10:
      return "hpux10";
    case SegmentOverlap::Irix:
      return "irix";
  }
  return {};
}

// The sequence numbers of a segment's first byte and of the one past its last.
struct SegmentRange {
  uint32_t begin = 0;
  uint32_t end = 0;
};

// Whether the bytes of the `fresh` segment replace those of the `held` one. Requires: they overlap.
[[nodiscard]] constexpr bool fresh_wins(SegmentOverlap overlap, SegmentRange held,
                                        SegmentRange fresh) {
  const int32_t begins_before = seq_distance(fresh.begin, held.begin);  // fresh, by so many bytes
  const int32_t ends_after = seq_distance(held.end, fresh.end);
  switch (overlap) {
    case SegmentOverlap::First:
    case SegmentOverlap::Vista:
      return false;
    case SegmentOverlap::Last:
      return true;
    case SegmentOverlap::Bsd:
    case SegmentOverlap::Windows:
    case SegmentOverlap::MacOs:
      return begins_before > 0;
    case SegmentOverlap::BsdRight:
      return begins_before <= 0;
    case SegmentOverlap::Linux:
    case SegmentOverlap::HpUx10:
    case SegmentOverlap::Irix:
      return begins_before > 0 || (begins_before == 0 && ends_after > 0);
    case SegmentOverlap::OldLinux:
      return begins_before > 0 || (begins_before == 0 && ends_after >= 0);
    case SegmentOverlap::Solaris:
    case SegmentOverlap::HpUx11:
      return begins_before >= 0 ? ends_after >= 0 : ends_after > 0;
  }
  return false;
}

// Whether fresh_wins() depends on its ranges; then they are kept beside the bytes, which takes four
// times their memory again.
[[nodiscard]] constexpr bool compares_ranges(SegmentOverlap overlap) {
  return overlap != SegmentOverlap::First && overlap != SegmentOverlap::Last
         && overlap != SegmentOverlap::Vista;
}

}  // namespace flowscope
