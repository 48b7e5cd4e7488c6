#include "dataplane/pipeline/record_out.h"

#include <gtest/gtest.h>

#include "dataplane/pipeline/record_reader.h"

namespace flowscope {
namespace {

class RecordOutTest : public testing::Test {
 protected:
  // The head of the flow record of `entry`.
  RecordHead head_of(const FlowEntry& entry) {
    out_.flow(entry, EndReason::IdleTimeout);
    return next_head();
  }
  RecordHead next_head() {
    ring_.publish();
    const RecordHead head = RecordReader(ring_.front(), FlowHeads()).head();
    ring_.pop();
    ring_.release();
    return head;
  }

  static FlowEntry ping() {
    FlowEntry entry{};
    entry.key = {.a_address = {10, 0, 0, 1},
                 .b_address = {10, 0, 0, 2},
                 .a_port = 0x0800,
                 .b_port = 53,
                 .protocol = 1,
                 .ip_version = 4};
    entry.initiator = Orientation::Reverse;
    entry.side[0].count(64);
    entry.side[0].icmp = {.type = 8, .code = 3, .seen = true};
    return entry;
  }

  static constexpr BurstTracker::Options kTracker{.flows_max = 64, .details_max = 1};

  Arena arena_ = std::move(
      Arena::create(2 * RecordRing::cost(RecordRing::kBytesMin) + BurstTracker::cost(kTracker),
                    Arena::Populate::Lazily)
          .value());
  BurstTracker tracker_{arena_, kTracker};
  RecordRing ring_{arena_, RecordRing::kBytesMin, Overflow::Shed};
  RecordOut out_{ring_, {}, tracker_, [](const FlowEntry&) -> const char* { return nullptr; }};
};

TEST_F(RecordOutTest, AnIcmpFlowTellsTheFirstMessageOfEachSide) {
  FlowEntry entry = ping();
  entry.side[1].count(64);
  entry.side[1].icmp = {.type = 0, .code = 1, .seen = true};
  const RecordHead head = head_of(entry);
  EXPECT_TRUE(head.icmp_initiator.seen);
  EXPECT_EQ(head.icmp_initiator.type, 8);
  EXPECT_EQ(head.icmp_initiator.code, 3);
  EXPECT_TRUE(head.icmp_responder.seen);
  EXPECT_EQ(head.icmp_responder.type, 0);
  EXPECT_EQ(head.icmp_responder.code, 1);
}

TEST_F(RecordOutTest, ASilentSideOfAnIcmpFlowHasNoMessage) {
  EXPECT_FALSE(head_of(ping()).icmp_responder.seen);
}

TEST_F(RecordOutTest, AnIcmpFlowHasAddressesOfTheInitiatorFirstAndNoPorts) {
  const RecordHead head = head_of(ping());
  EXPECT_EQ(head.source.address, (Address{10, 0, 0, 2}));
  EXPECT_EQ(head.source.port, 0);
  EXPECT_EQ(head.destination.port, 0);
}

TEST_F(RecordOutTest, AnInitialSequenceNumberIsNotTakenForAMessage) {
  FlowEntry entry = ping();
  entry.key.protocol = 6;
  entry.side[0].initial_seq = 0xffffffff;
  const RecordHead head = head_of(entry);
  EXPECT_FALSE(head.icmp_initiator.seen);
  EXPECT_EQ(head.destination.port, 0x0800);
}

TEST_F(RecordOutTest, AStreamAnomalyTellsWhoSentItAndHowSevereItIs) {
  FlowEntry entry = ping();
  entry.key.protocol = 6;
  entry.app = 1;
  out_.stream_anomaly(entry, FlowSide::Responder, FlowAnomaly::ResetOutOfWindow, Timestamp{7});
  const RecordHead head = next_head();
  EXPECT_EQ(head.layer, AnomalyLayer::Stream);
  EXPECT_STREQ(head.event, "stream.reset_out_of_window");
  EXPECT_EQ(head.severity, Severity::Warning);
  EXPECT_EQ(head.time.ns, 7U);
  EXPECT_EQ(head.source.address, (Address{10, 0, 0, 1}));
  EXPECT_EQ(head.flow_id, FlowHeads().flow_id_of(entry));
}

TEST_F(RecordOutTest, AnAnomalyOfTheTrackerBelongsToNoFlow) {
  out_.tracker_anomaly(TrackerAnomaly::EmergencyBegan, 950, Timestamp{7});
  const RecordHead head = next_head();
  EXPECT_EQ(head.layer, AnomalyLayer::Tracker);
  EXPECT_STREQ(head.event, "flow_tracker.emergency_began");
  EXPECT_EQ(head.severity, Severity::Critical);
  EXPECT_EQ(head.flows, 950U);
  EXPECT_EQ(head.ip_version, 0);
}

TEST_F(RecordOutTest, SaysNothingOfAnomaliesThatAreNotWanted) {
  RecordOut silent{ring_, {.anomaly = false}, tracker_, nullptr};
  silent.stream_anomaly(ping(), FlowSide::Initiator, FlowAnomaly::FinOutOfWindow, {});
  silent.tracker_anomaly(TrackerAnomaly::EvictionPressure, 1, {});
  ring_.publish();
  EXPECT_TRUE(ring_.front().empty());
}

}  // namespace
}  // namespace flowscope
