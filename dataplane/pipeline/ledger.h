#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "flowcore/base/counter.h"

namespace flowscope {

// What becomes of a packet, exactly one of these for each. The first is the purpose, the others say
// why not.
enum class Fate : uint8_t {
  Tracked,      // accounted to a flow
  NotIp,        // ARP, LLDP, ...: nothing to track inside
  Truncated,    // cut by the capture inside the link or IP header
  Malformed,    // a length or version contradicts the frame
  UnknownLink,  // a link type we do not read
  Fragment,     // part of a datagram; the fragment that makes it whole is tracked
  BadChecksum,  // a wrong checksum, where such packets are to be dropped
  Duplicate,    // captured twice, where such frames are to be dropped
};
inline constexpr size_t kFates = 8;

[[nodiscard]] constexpr std::string_view name_of(Fate fate) {
  switch (fate) {
    case Fate::Tracked:
      return "tracked";
    case Fate::NotIp:
      return "not_ip";
    case Fate::Truncated:
      return "truncated";
    case Fate::Malformed:
      return "malformed";
    case Fate::UnknownLink:
      return "unknown_link";
    case Fate::Fragment:
      return "fragment";
    case Fate::BadChecksum:
      return "bad_checksum";
    case Fate::Duplicate:
      return "duplicate";
  }
  return {};
}

// One worker's book of packets. Written by the worker, read by any thread; balanced between bursts.
struct Ledger {
  Counter received;
  std::array<Counter, kFates> fates;

  void enter(Fate fate, uint64_t packets) { fates[static_cast<size_t>(fate)].add(packets); }
  [[nodiscard]] uint64_t of(Fate fate) const { return fates[static_cast<size_t>(fate)].value(); }
  [[nodiscard]] uint64_t sum() const {
    uint64_t all = 0;
    for (const Counter& fate : fates) all += fate.value();
    return all;
  }
  // The law: every packet received has a fate.
  [[nodiscard]] bool balanced() const { return received.value() == sum(); }
};

}  // namespace flowscope
