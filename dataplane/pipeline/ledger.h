#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <optional>
#include <string_view>

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
  ResteerFull,  // of another worker's flow, and the ring to that worker was full
  Untracked,    // tracking was off: counted and released
};
inline constexpr size_t kFates = 10;

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
    case Fate::ResteerFull:
      return "resteer_full";
    case Fate::Untracked:
      return "untracked";
  }
  return {};
}

// One worker's book of packets. Thread rule: enter() belongs to the worker, all else to any thread.
class Ledger {
 public:
  using Fates = std::array<uint64_t, kFates>;

  // The book between two entries.
  struct Reading {
    uint64_t received = 0;
    Fates fates{};
    // The law: every packet received has a fate.
    [[nodiscard]] bool balanced() const {
      return received == std::accumulate(fates.begin(), fates.end(), uint64_t{0});
    }
  };

  // One entry: so many packets were received, and this became of them.
  void enter(uint64_t received, const std::array<uint32_t, kFates>& fates) {
    const uint64_t entry = entries_.load(std::memory_order_relaxed);
    // Relaxed: whoever sees one of the release stores below sees this too; partner of read().
    entries_.store(entry + 1, std::memory_order_relaxed);
    add(received_, received);
    for (size_t i = 0; i < kFates; ++i) {
      if (fates[i] != 0) add(fates_[i], fates[i]);
    }
    // Release: whoever sees an even number sees the whole entry; partner of read().
    entries_.store(entry + 2, std::memory_order_release);
  }

  // Nothing while the worker is in the midst of an entry, which takes it nanoseconds of each burst.
  [[nodiscard]] std::optional<Reading> read() const {
    Reading reading;
    // Acquire: partner of the last store of enter().
    const uint64_t entry = entries_.load(std::memory_order_acquire);
    reading.received = received();
    for (size_t i = 0; i < kFates; ++i) reading.fates[i] = of(static_cast<Fate>(i));
    // Relaxed: the acquire loads above brought along the beginning of the entry they belong to.
    if (entry % 2 != 0 || entries_.load(std::memory_order_relaxed) != entry) return std::nullopt;
    return reading;
  }

  // Acquire: partners of add().
  [[nodiscard]] uint64_t received() const { return received_.load(std::memory_order_acquire); }
  [[nodiscard]] uint64_t of(Fate fate) const {
    return fates_[static_cast<size_t>(fate)].load(std::memory_order_acquire);
  }

 private:
  // Release: partner of received() and of().
  static void add(std::atomic<uint64_t>& count, uint64_t amount) {
    count.store(count.load(std::memory_order_relaxed) + amount, std::memory_order_release);
  }

  // Odd in the midst of an entry.
  std::atomic<uint64_t> entries_{0};
  std::atomic<uint64_t> received_{0};
  std::array<std::atomic<uint64_t>, kFates> fates_{};
};

}  // namespace flowscope
