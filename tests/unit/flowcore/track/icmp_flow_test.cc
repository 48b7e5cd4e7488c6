#include <gtest/gtest.h>

#include <memory>

#include "flowcore/extract/five_tuple.h"
#include "flowcore/extract/ip_pair.h"
#include "flowcore/extract/mac_pair.h"
#include "flowcore/packet/decode.h"
#include "flowcore/track/burst_tracker.h"
#include "tests/support/packet_builder.h"

namespace flowscope {
namespace {

using testing::Frame;
using testing::PacketBuilder;

struct SilentObserver {
  void on_started(FlowEntry& /*entry*/) {}
  void on_established(FlowEntry& /*entry*/) {}
  void on_ended(FlowEntry& /*entry*/, EndReason /*reason*/) {}
};

// Tracks frames by any extractor, one burst each.
class Rig {
 public:
  // The flow that the frame joined. Requires: the frame has a key.
  template <class E = FiveTuple>
  const FlowEntry& track(const Frame& frame, const E& extractor = E()) {
    burst_->count = 1;
    burst_->packet[0] = {.frame = {frame.data(), frame.size()},
                         .wire_bytes = static_cast<uint32_t>(frame.size())};
    decode_layers(*burst_);
    extract_keys(extractor, tracker_.hash(), *burst_, *keys_);
    flows_->clock_ns[0] = 0;
    tracker_.find(*burst_, *keys_, *flows_);
    tracker_.update(*burst_, *keys_, *flows_, 0, observer_);
    FS_CHECK(flows_->slot[0] != FlowBurst::kNoFlow);
    return tracker_.entry(flows_->slot[0]);
  }
  [[nodiscard]] uint64_t created() const { return tracker_.created(); }

 private:
  static constexpr uint32_t kFlowsMax = 4096;

  Arena arena_ = std::move(
      Arena::create(BurstTracker::cost({.flows_max = kFlowsMax}), Arena::Populate::Lazily).value());
  BurstTracker tracker_{arena_, {.flows_max = kFlowsMax}};
  SilentObserver observer_;
  std::unique_ptr<Burst> burst_ = std::make_unique<Burst>();
  std::unique_ptr<FlowKeys> keys_ = std::make_unique<FlowKeys>();
  std::unique_ptr<FlowBurst> flows_ = std::make_unique<FlowBurst>();
};

Frame icmp(const char* source, const char* destination, uint8_t type, uint8_t code) {
  return PacketBuilder().ethernet().ipv4(source, destination).icmp(type, code, 7U << 16).build();
}
constexpr const char* kA = "10.0.0.1";
constexpr const char* kB = "10.0.0.2";

void expect_seen(const FlowEntry& entry, FlowSide side, uint8_t type, uint8_t code) {
  const IcmpSeen& icmp = entry.side[index_of(side)].icmp;
  EXPECT_TRUE(icmp.seen);
  EXPECT_EQ(icmp.type, type);
  EXPECT_EQ(icmp.code, code);
}

TEST(IcmpFlow, KeepsTheFirstMessageOfEachSide) {
  Rig rig;
  rig.track(icmp(kB, kA, 8, 3));
  const FlowEntry& entry = rig.track(icmp(kA, kB, 0, 0));
  EXPECT_EQ(rig.created(), 1U);
  expect_seen(entry, FlowSide::Initiator, 8, 3);
  expect_seen(entry, FlowSide::Responder, 0, 0);
}

TEST(IcmpFlow, LaterMessagesDoNotReplaceTheFirst) {
  Rig rig;
  rig.track(icmp(kA, kB, 8, 3));
  expect_seen(rig.track(icmp(kA, kB, 8, 4)), FlowSide::Initiator, 8, 3);
}

TEST(IcmpFlow, AnAnswerSeenFirstIsTheInitiators) {
  Rig rig;
  rig.track(icmp(kB, kA, 0, 0));
  const FlowEntry& entry = rig.track(icmp(kA, kB, 8, 0));
  EXPECT_EQ(rig.created(), 1U);
  expect_seen(entry, FlowSide::Initiator, 0, 0);
  expect_seen(entry, FlowSide::Responder, 8, 0);
}

TEST(IcmpFlow, ACutMessageIsNotTakenForAnEchoReply) {
  Frame cut = icmp(kA, kB, 8, 0);
  cut.resize(34 + 3);
  Rig rig;
  EXPECT_FALSE(rig.track(cut).side[0].icmp.seen);
}

TEST(IcmpFlow, OtherProtocolsKeepTheirInitialSequenceNumber) {
  Rig rig;
  const Frame syn = PacketBuilder()
                        .ethernet()
                        .ipv4(kA, kB)
                        .tcp(1, 2, {.seq = 0x01020304, .flags = tcp_flag::kSyn})
                        .build();
  EXPECT_EQ(rig.track(syn).side[0].initial_seq, 0x01020304U);
}

TEST(PairFlow, AHostPairHasTheProtocolOfItsFirstPacketAndNoTcpStates) {
  Rig rig;
  const Frame syn =
      PacketBuilder().ethernet().ipv4(kA, kB).tcp(1, 2, {.flags = tcp_flag::kSyn}).build();
  const FlowEntry& entry = rig.track(syn, IpPair());
  EXPECT_EQ(entry.l4, 6);
  EXPECT_FALSE(entry.is_tcp());
  EXPECT_EQ(entry.state, TcpState::Active);
  rig.track(icmp(kB, kA, 8, 0), IpPair());
  EXPECT_EQ(rig.created(), 1U);
}

TEST(PairFlow, AStationPairHasNoUpperLayer) {
  Rig rig;
  const Frame syn = PacketBuilder().ethernet().ipv4(kA, kB).tcp(1, 2).build();
  EXPECT_EQ(rig.track(syn, MacPair()).l4, 0);
}

TEST(PairFlow, AStationPairIdlesLikeOtherProtocols) {
  Rig rig;
  const Frame syn = PacketBuilder().ethernet().ipv4(kA, kB).tcp(1, 2).build();
  const IdlePolicy policy;
  const FlowEntry& entry = rig.track(syn, MacPair());
  EXPECT_EQ(IdleTimeouts(policy).of(entry, entry.flow_class()), policy.other_ns);
}

}  // namespace
}  // namespace flowscope
