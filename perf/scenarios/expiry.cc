// Expiry on a full table with a clock of its own: as many flows begin as end, each idle for its
// time-out. Prints how late they ended, what sweeping took of the time, the longest step, flows
// that went though there was room, and what memory the table took against what it said.

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <vector>

#include "flowcore/extract/five_tuple.h"
#include "flowcore/packet/decode.h"
#include "flowcore/track/burst_tracker.h"
#include "tests/support/packet_builder.h"

namespace {

using namespace flowscope;  // NOLINT(google-build-using-namespace): a program
using Clock = std::chrono::steady_clock;

constexpr uint64_t kSecond_ns = 1'000'000'000;
constexpr uint64_t kIdle_ns = 60 * kSecond_ns;
constexpr uint64_t kStart_ns = 1'700'000'000 * kSecond_ns;
constexpr uint32_t kBurst = 64;

uint64_t resident_bytes() {
  std::ifstream status("/proc/self/statm");
  uint64_t pages = 0;
  status >> pages >> pages;
  return pages * 4096;
}

// How late each flow ended, in steps of a tenth of a millisecond.
struct Lateness {
  uint64_t clock_ns = 0;
  bool counts = false;
  uint64_t flows = 0;
  std::vector<uint64_t> steps = std::vector<uint64_t>(20'001);

  void on_started(FlowEntry&) {}
  void on_established(FlowEntry&) {}
  void on_ended(FlowEntry& entry, EndReason reason) {
    if (!counts || reason != EndReason::IdleTimeout) return;
    const uint64_t late_ns = clock_ns - entry.last_seen_ns - kIdle_ns;
    ++steps[std::min<uint64_t>(late_ns / 100'000, steps.size() - 1)];
    ++flows;
  }
  [[nodiscard]] double percentile_ms(double part) const {
    uint64_t seen = 0;
    for (size_t i = 0; i < steps.size(); ++i) {
      seen += steps[i];
      if (static_cast<double>(seen) >= part * static_cast<double>(flows))
        return static_cast<double>(i + 1) / 10;
    }
    return -1;
  }
};

// UDP packets, each the first of a new flow, evenly spaced.
class NewFlows {
 public:
  explicit NewFlows(double per_second) : gap_ns_(1e9 / per_second) {
    const testing::Frame shape =
        testing::PacketBuilder().ethernet().ipv4("10.0.0.1", "192.168.0.1").udp(1000, 9).build();
    frames_.assign(kBurst, shape);
  }
  void fill(Burst& burst, uint64_t& packet) {
    for (uint32_t i = 0; i < kBurst; ++i, ++packet) {
      testing::Frame& frame = frames_[i];
      for (size_t byte = 0; byte < 4; ++byte)
        frame[27 + byte] = static_cast<uint8_t>(packet >> (8 * byte));
      frame[34] = static_cast<uint8_t>(packet >> 32);
      burst.packet[i] = {
          .frame = {frame.data(), frame.size()},
          .time = {kStart_ns + static_cast<uint64_t>(static_cast<double>(packet) * gap_ns_)},
          .wire_bytes = static_cast<uint32_t>(frame.size())};
    }
    burst.count = kBurst;
  }

 private:
  double gap_ns_;
  std::vector<testing::Frame> frames_;
};

int run(uint32_t flows_max, double seconds) {
  // What is late by a sweep is still there: the table is made for as many.
  const double per_second = flows_max / 60.2;
  const BurstTracker::Options options{
      .flows_max = flows_max, .details_max = 1, .hash_seed_low = 1, .hash_seed_high = 2};
  const uint64_t resident_before = resident_bytes();
  auto arena = Arena::create(BurstTracker::cost(options), Arena::Populate::Now);
  if (!arena.ok()) {
    std::fprintf(stderr, "fs_expiry: %s\n", arena.error().message.c_str());
    return 1;
  }
  BurstTracker tracker(arena.value(), options);
  const uint64_t resident = resident_bytes() - resident_before;

  NewFlows source(per_second);
  Lateness lateness;
  const auto burst = std::make_unique<Burst>();
  const auto keys = std::make_unique<FlowKeys>();
  const auto columns = std::make_unique<FlowBurst>();
  Clock::duration swept{};
  Clock::duration longest{};
  uint64_t packet = 0;
  const auto all = static_cast<uint64_t>(per_second * (60.5 + seconds));
  const auto first_counted = static_cast<uint64_t>(per_second * 60.5);
  uint64_t next_ns = kStart_ns;
  while (packet < all) {
    lateness.counts = packet >= first_counted;
    source.fill(*burst, packet);
    decode_layers(*burst);
    extract_keys(FiveTuple::bidirectional(), tracker.hash(), *burst, *keys,
                 [&tracker](uint64_t hash) { tracker.prefetch(hash); });
    // Empty polls in between, as on a link: the clock goes on and a step may be due.
    for (; next_ns < burst->packet[0].time.ns; next_ns += 50'000) {
      lateness.clock_ns = next_ns;
      const auto begin = Clock::now();
      tracker.sweep_step(next_ns, lateness);
      const auto took = Clock::now() - begin;
      if (!lateness.counts) continue;
      swept += took;
      longest = std::max(longest, took);
    }
    for (uint32_t i = 0; i < kBurst; ++i) columns->clock_ns[i] = burst->packet[i].time.ns;
    lateness.clock_ns = burst->packet[kBurst - 1].time.ns;
    tracker.find(*burst, *keys, *columns);
    for (uint32_t begin = 0; begin < kBurst;)
      begin = tracker.update(*burst, *keys, *columns, begin, lateness);
  }

  const auto ms = [](Clock::duration time) {
    return std::chrono::duration<double, std::milli>(time).count();
  };
  std::printf(
      "{\"flows\": %llu, \"ended\": %llu, \"late_ms_median\": %.1f, "
      "\"late_ms_p9999\": %.1f, \"sweep_percent_of_time\": %.2f, "
      "\"longest_step_us\": %.1f, \"inserts\": %llu, \"evicted_crowded\": %llu, "
      "\"evicted_full\": %llu, \"bytes_per_flow\": %.1f, "
      "\"resident_of_budget\": %.4f}\n",
      static_cast<unsigned long long>(tracker.live()),
      static_cast<unsigned long long>(lateness.flows), lateness.percentile_ms(0.5),
      lateness.percentile_ms(0.9999), ms(swept) / (seconds * 1000) * 100, ms(longest) * 1000,
      static_cast<unsigned long long>(tracker.created()),
      static_cast<unsigned long long>(tracker.evicted(EvictionCause::Crowded)),
      static_cast<unsigned long long>(tracker.evicted() - tracker.evicted(EvictionCause::Crowded)),
      static_cast<double>(BurstTracker::cost(options)) / flows_max,
      static_cast<double>(resident) / static_cast<double>(BurstTracker::cost(options)));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 3) {
    std::fprintf(stderr, "usage: fs_expiry [FLOWS [SECONDS]]\n");
    return 1;
  }
  const auto flows = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 10'000'000UL;
  const double seconds = argc > 2 ? std::strtod(argv[2], nullptr) : 5;
  if (flows < 1000 || flows > 1'000'000'000 || seconds <= 0) {
    std::fprintf(stderr, "fs_expiry: FLOWS is 1000 to 10^9, SECONDS above 0\n");
    return 1;
  }
  return run(static_cast<uint32_t>(flows), seconds);
}
