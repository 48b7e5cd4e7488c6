#include "dataplane/app/top_model.h"

#include <gtest/gtest.h>

namespace flowscope {
namespace {

// A sample at a moment in which every total is `total`.
TopSample sample_at(double seconds, uint64_t total) {
  TopSample sample;
  sample.seconds = seconds;
  sample.program = {.pid = 1, .uptime_s = static_cast<uint64_t>(seconds)};
  sample.flows = {
      .live = total, .created = total, .ended = total, .evicted = total, .sessions = total};
  sample.ledger.received = total;
  sample.ledger.missed = total;
  sample.written = {.bytes_written = total, .records = total, .shed = total};
  sample.ports = {{.name = "a", .packets = total, .bytes = total, .missed = total}};
  sample.workers = {{.worker = 0, .packets = total, .records = total, .shed = total}};
  sample.protocols = {{.name = "tls", .flows = total, .records = total}};
  return sample;
}

TopView view_of(std::initializer_list<TopSample> samples,
                TalkerOrder order = TalkerOrder::ByteRate) {
  TopModel model;
  for (const TopSample& sample : samples) model.add(sample);
  return model.view(order);
}

TEST(TopModel, HasNoRatesAfterTheFirstSample) {
  const TopView view = view_of({sample_at(10, 500)});
  EXPECT_EQ(view.period_s, 0);
  EXPECT_EQ(view.received, 0);
  EXPECT_EQ(view.flows.created, 0);
  ASSERT_EQ(view.ports.size(), 1U);
  EXPECT_EQ(view.ports[0].packets, 0);
  EXPECT_EQ(view.ports[0].port.packets, 500U);
}

TEST(TopModel, DividesDifferencesByTheTimeBetween) {
  const TopView view = view_of({sample_at(10, 500), sample_at(14, 900)});
  EXPECT_EQ(view.period_s, 4);
  for (const double rate :
       {view.received, view.missed, view.records, view.written_bytes, view.shed,
        view.received_bytes, view.flows.created, view.flows.ended, view.flows.evicted,
        view.flows.sessions, view.ports[0].packets, view.ports[0].bytes, view.ports[0].missed,
        view.workers[0].packets, view.workers[0].records, view.workers[0].shed,
        view.protocols[0].flows, view.protocols[0].records}) {
    EXPECT_DOUBLE_EQ(rate, 100);
  }
  EXPECT_EQ(view.sample.flows.live, 900U);
}

TEST(TopModel, TakesACounterThatFellAsOneThatBeganAnew) {
  const TopView view = view_of({sample_at(10, 500), sample_at(12, 40)});
  EXPECT_DOUBLE_EQ(view.ports[0].packets, 20);
  EXPECT_DOUBLE_EQ(view.flows.created, 20);
}

TEST(TopModel, ForgetsAProgramThatWasStartedAgain) {
  TopSample again = sample_at(12, 800);
  again.program.pid = 2;
  EXPECT_EQ(view_of({sample_at(10, 500), again}).period_s, 0);
  again = sample_at(12, 800);
  again.program.uptime_s = 0;
  EXPECT_EQ(view_of({sample_at(10, 500), again}).period_s, 0);
}

TEST(TopModel, ComparesPortsByNameWhenTheListChanges) {
  TopSample before = sample_at(1, 0), now = sample_at(2, 0);
  before.ports = {{.name = "a", .packets = 1000}, {.name = "b", .packets = 5}};
  now.ports = {{.name = "b", .packets = 25}, {.name = "c", .packets = 3}};
  const TopView view = view_of({before, now});
  EXPECT_DOUBLE_EQ(view.ports[0].packets, 20);
  EXPECT_DOUBLE_EQ(view.ports[1].packets, 3);
}

TEST(TopModel, SharesPacketsBetweenWorkers) {
  TopSample before = sample_at(1, 0), now = sample_at(2, 0);
  before.workers = {{.worker = 0}, {.worker = 1}};
  now.workers = {{.worker = 0, .packets = 30}, {.worker = 1, .packets = 10}};
  TopView view = view_of({before, now});
  EXPECT_DOUBLE_EQ(view.workers[0].share, 0.75);
  EXPECT_DOUBLE_EQ(view.workers[1].share, 0.25);
  view = view_of({before, before});
  EXPECT_EQ(view.workers[0].share, 0) << "nothing came";
}

TEST(TopModel, PutsProtocolsWithMostNewFlowsFirst) {
  TopSample before = sample_at(1, 0), now = sample_at(2, 0);
  before.protocols = {{.name = "a", .flows = 100}, {.name = "b", .flows = 10}, {.name = "c"}};
  now.protocols = {
      {.name = "c", .flows = 0}, {.name = "a", .flows = 100}, {.name = "b", .flows = 12}};
  const TopView view = view_of({before, now});
  EXPECT_EQ(view.protocols[0].protocol.name, "b");
  EXPECT_EQ(view.protocols[1].protocol.name, "a");
  EXPECT_EQ(view.protocols[2].protocol.name, "c");
}

class TopTalkers : public testing::Test {
 protected:
  // Ports name the flows.
  static TopTalker talker(uint64_t port, uint64_t bytes, uint64_t packets, uint64_t age_s) {
    return {.src_ip = "192.0.2.1",
            .dest_ip = "192.0.2.2",
            .proto = "TCP",
            .src_port = port,
            .bytes = bytes,
            .packets = packets,
            .age_s = age_s};
  }
  static std::vector<uint64_t> ports(const TopView& view) {
    std::vector<uint64_t> all;
    for (const TalkerRates& rates : view.talkers) all.push_back(rates.talker.src_port);
    return all;
  }
  TopTalkers() {
    before_.talkers = {talker(1, 1000, 10, 100), talker(2, 5000, 10, 5), talker(3, 9000, 90, 7)};
    now_.talkers = {talker(1, 1400, 20, 102), talker(2, 5200, 40, 7), talker(3, 9000, 90, 9)};
  }
  TopSample before_ = sample_at(1, 0), now_ = sample_at(3, 0);
};

TEST_F(TopTalkers, AreSortedByEachFigure) {
  EXPECT_EQ(ports(view_of({before_, now_}, TalkerOrder::ByteRate)),
            (std::vector<uint64_t>{1, 2, 3}));
  EXPECT_EQ(ports(view_of({before_, now_}, TalkerOrder::PacketRate)),
            (std::vector<uint64_t>{2, 1, 3}));
  EXPECT_EQ(ports(view_of({before_, now_}, TalkerOrder::Bytes)), (std::vector<uint64_t>{3, 2, 1}));
  EXPECT_EQ(ports(view_of({before_, now_}, TalkerOrder::Age)), (std::vector<uint64_t>{1, 3, 2}));
}

TEST_F(TopTalkers, HaveRatesOfThePeriod) {
  const TopView view = view_of({before_, now_});
  EXPECT_DOUBLE_EQ(view.talkers[0].bytes, 200);
  EXPECT_DOUBLE_EQ(view.talkers[0].packets, 5);
  EXPECT_FALSE(view.talkers[0].averaged);
}

TEST_F(TopTalkers, HaveAveragesWhenTheyWereNotThereBefore) {
  before_.talkers.clear();
  const TopView view = view_of({before_, now_}, TalkerOrder::Age);
  EXPECT_TRUE(view.talkers[0].averaged);
  EXPECT_DOUBLE_EQ(view.talkers[0].bytes, 1400.0 / 102);
  now_.talkers = {talker(4, 300, 3, 0)};
  EXPECT_DOUBLE_EQ(view_of({before_, now_}).talkers[0].bytes, 300);
}

TEST_F(TopTalkers, AreNewFlowsWhenTheirBytesFell) {
  now_.talkers = {talker(3, 600, 6, 2)};
  const TopView view = view_of({before_, now_});
  EXPECT_TRUE(view.talkers[0].averaged);
  EXPECT_DOUBLE_EQ(view.talkers[0].bytes, 300);
}

}  // namespace
}  // namespace flowscope
