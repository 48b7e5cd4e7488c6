#pragma once

#include <cstdint>

namespace flowscope {

// What to do where two fragments of a datagram claim the same bytes. Whichever host the traffic
// goes to made its own choice, so that an analyser with another one sees another datagram than the
// host does. Refuse makes that harmless. The others read as a known kind of host reads; they
// compare where the two fragments begin and end according to their headers:
enum class FragmentOverlap : uint8_t {
  Refuse,    // the datagram is discarded with all that still comes of it (RFC 5722, RFC 8200 4.5)
  First,     // what came first stays
  Last,      // what came last stays
  Bsd,       // what came first stays where its fragment begins at the same place or before
  BsdRight,  // the reverse: it goes where its fragment begins at the same place or before
  Linux,     // what came first stays where its fragment begins before, not at the same place
  Windows,   // what came first stays, unless the new fragment reaches beyond the old one on both
             // sides
  Solaris,   // the same, and also when both end at the same place
};

// Where a fragment begins and ends in its datagram, in bytes or in units of eight.
struct FragmentRange {
  uint32_t begin = 0;
  uint32_t end = 0;
};

// Whether the bytes of the `fresh` fragment replace those of the `held` one.
[[nodiscard]] constexpr bool fresh_wins(FragmentOverlap overlap, FragmentRange held,
                                        FragmentRange fresh) {
  switch (overlap) {
    case FragmentOverlap::Refuse:
    case FragmentOverlap::First:
      return false;
    case FragmentOverlap::Last:
      return true;
    case FragmentOverlap::Bsd:
      return held.begin > fresh.begin;
    case FragmentOverlap::BsdRight:
      return held.begin <= fresh.begin;
    case FragmentOverlap::Linux:
      return held.begin >= fresh.begin;
    case FragmentOverlap::Windows:
      return fresh.begin < held.begin && fresh.end > held.end;
    case FragmentOverlap::Solaris:
      return fresh.begin < held.begin && fresh.end >= held.end;
  }
  return false;
}

// Whether fresh_wins() depends on its ranges.
[[nodiscard]] constexpr bool compares_ranges(FragmentOverlap overlap) {
  return overlap >= FragmentOverlap::Bsd;
}

}  // namespace flowscope
