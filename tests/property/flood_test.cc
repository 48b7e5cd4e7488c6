// Floods of new keys against a table that established flows fill to a part, to nearly all, and
// whole.
#include <gtest/gtest.h>

#include <array>
#include <random>
#include <string>
#include <vector>

#include "tests/support/tracker_rig.h"

namespace flowscope {
namespace {

using testing::TrackedPacket;
using testing::TrackerRig;

constexpr uint32_t kFlowsMax = 20'000;
constexpr uint32_t kFloodPackets = 5 * kFlowsMax;
constexpr uint32_t kFloodBegin = 1U << 24;  // flood keys are numbered from here on
constexpr size_t kBurst = 64;
constexpr uint64_t kMicrosecond = 1000;

enum class Flood : uint8_t { Syn, SynTwice, Udp, BareAck, Fin, SynAck, Rst, Mixed };
constexpr std::array<const char*, 8> kFloodNames = {"syn", "syn twice", "udp", "bare ack",
                                                    "fin", "syn-ack",   "rst", "mixed"};

TrackedPacket tcp(uint64_t time_ns, uint32_t flow, bool is_reply, uint8_t flags, uint32_t seq,
                  uint32_t ack, uint16_t payload_bytes = 0) {
  return {.time_ns = time_ns,
          .flow = flow,
          .protocol = TrackedPacket::kTcp,
          .is_reply = is_reply,
          .flags = flags,
          .seq = seq,
          .ack = ack,
          .payload_bytes = payload_bytes};
}

class FloodRun {
 public:
  FloodRun(uint32_t established, uint32_t seed)
      : rig_({.flows_max = kFlowsMax, .hash_seed_low = seed, .hash_seed_high = 99}),
        random_(seed),
        established_(established) {
    rig_.log_nothing();
  }

  void establish() {
    for (uint32_t flow = 0; flow < established_; ++flow) {
      give(tcp(tick(), flow, false, tcp_flag::kSyn, 100, 0));
      give(tcp(tick(), flow, true, tcp_flag::kSyn | tcp_flag::kAck, 500, 101));
      give(tcp(tick(), flow, false, tcp_flag::kAck, 101, 501));
      give(tcp(tick(), flow, true, tcp_flag::kAck, 501, 101, 10));
    }
    flush();
  }
  // One established flow says something for every 25 packets of the flood.
  void flood(Flood kind) {
    for (uint32_t i = 0; i < kFloodPackets; ++i) {
      const uint32_t key = kFloodBegin + i;
      const Flood now = kind == Flood::Mixed ? static_cast<Flood>(random_() % 7) : kind;
      give(flood_packet(now, key));
      if (now == Flood::SynTwice) give(flood_packet(now, key));
      if (i % 25 == 0) {
        const auto flow = static_cast<uint32_t>(random_() % established_);
        if (rig_.find(flow) != nullptr) give(tcp(tick(), flow, true, tcp_flag::kAck, 511, 101));
      }
    }
    flush();
  }
  uint32_t survivors() {
    uint32_t alive = 0;
    for (uint32_t flow = 0; flow < established_; ++flow)
      alive += rig_.find(flow) != nullptr ? 1 : 0;
    return alive;
  }
  [[nodiscard]] TrackerRig& rig() { return rig_; }

 private:
  uint64_t tick() { return time_ns_ += kMicrosecond; }
  void give(const TrackedPacket& packet) {
    pending_.push_back(packet);
    if (pending_.size() == kBurst) flush();
  }
  void flush() {
    rig_.give(pending_, kBurst);
    pending_.clear();
  }
  TrackedPacket flood_packet(Flood kind, uint32_t key) {
    const auto seq = static_cast<uint32_t>(random_());
    const auto ack = static_cast<uint32_t>(random_());
    switch (kind) {
      case Flood::Syn:
      case Flood::SynTwice:
        return tcp(tick(), key, false, tcp_flag::kSyn, key, 0);
      case Flood::BareAck:
        return tcp(tick(), key, false, tcp_flag::kAck, seq, ack);
      case Flood::Fin:
        return tcp(tick(), key, false, tcp_flag::kFin | tcp_flag::kAck, seq, ack);
      case Flood::SynAck:
        return tcp(tick(), key, false, tcp_flag::kSyn | tcp_flag::kAck, seq, ack);
      case Flood::Rst:
        return tcp(tick(), key, false, tcp_flag::kRst, seq, 0);
      case Flood::Udp:
      case Flood::Mixed:
        break;
    }
    return {.time_ns = tick(), .flow = key};
  }

  TrackerRig rig_;
  std::mt19937 random_;
  uint32_t established_;
  uint64_t time_ns_ = 1'000'000'000;
  std::vector<TrackedPacket> pending_;
};

class Floods : public ::testing::TestWithParam<int> {};

TEST_P(Floods, LeaveEstablishedFlowsAlone) {
  const auto kind = static_cast<Flood>(GetParam());
  for (const uint32_t percent : {50U, 90U, 100U}) {
    const uint32_t established = kFlowsMax / 100 * percent;
    const uint32_t seed = 7 + percent;
    SCOPED_TRACE(std::string(kFloodNames.at(static_cast<size_t>(kind))) + " flood, "
                 + std::to_string(percent) + " % established, seed " + std::to_string(seed));
    FloodRun run(established, seed);
    run.establish();
    ASSERT_EQ(run.survivors(), established) << "all fit in before the flood";
    run.flood(kind);
    const uint32_t alive = run.survivors();
    EXPECT_GE(alive * 1000ULL, established * 999ULL) << established - alive << " lost";
    EXPECT_EQ(run.rig().fault(), "");

    const BurstTracker& tracker = run.rig().tracker();
    uint64_t by_cause = 0;
    for (size_t cause = 0; cause < kEvictionCauses; ++cause)
      by_cause += tracker.evicted(static_cast<EvictionCause>(cause));
    EXPECT_EQ(by_cause, tracker.evicted());
    EXPECT_GE(tracker.created(), established + kFloodPackets);
    EXPECT_EQ(tracker.evicted(), tracker.ended()) << "nothing was idle";
    EXPECT_GE(tracker.evicted(), kFloodPackets - (kFlowsMax - established));
  }
}
INSTANTIATE_TEST_SUITE_P(OfEveryKind, Floods, ::testing::Range(0, 8));

}  // namespace
}  // namespace flowscope
