#include <gtest/gtest.h>

#include <filesystem>
#include <vector>

#include "dataplane/pipeline/record_reader.h"
#include "dataplane/pipeline/worker.h"
#include "l7/signatures/rule_file.h"
#include "perf/traffic/traffic.h"
#include "tests/support/counted_allocation.h"
#include "tests/support/held_packets.h"
#include "tests/support/nesting.h"
#include "tests/support/tunnel_traffic.h"

namespace flowscope {
namespace {

using testing::allocations;

constexpr uint32_t kBurst = 64;
// Longer than every idle time-out, so that each round of the same packets is made of new flows.
constexpr uint64_t kRoundNs = 400'000'000'000;

// A port that brings the same packets again and again, each round later than the one before.
class RoundPort {
 public:
  explicit RoundPort(const testing::HeldPackets& frames) : packets_(frames.packets()) {}

  size_t receive(Burst& burst) {
    burst.count = 0;
    while (burst.count < kBurst && next_ < packets_.size()) {
      PacketView& packet = burst.packet[burst.count++];
      packet = packets_[next_++];
      packet.time.ns += round_ * kRoundNs;
    }
    return burst.count;
  }
  void release(Burst& burst) { burst.count = 0; }
  [[nodiscard]] bool ended() const { return next_ == packets_.size(); }
  void begin_round() {
    next_ = 0;
    ++round_;
  }

 private:
  const std::vector<PacketView>& packets_;
  size_t next_ = 0;
  uint64_t round_ = 0;
};

// Records that were taken out of the ring.
struct Drained {
  uint64_t records = 0;
  uint64_t flows_in_tunnels = 0;
  uint64_t flows_with_icmp_errors = 0;
};

// Takes every record out, as the exporter does.
void drain(RecordRing& ring, Drained& drained) {
  const FlowHeads heads;
  for (Bytes front = ring.front(); !front.empty(); front = ring.front()) {
    const RecordReader record(front, heads);
    ++drained.records;
    if (record.head().kind == RecordKind::Flow) {
      const FlowRecord& flow = record.flow();
      drained.flows_in_tunnels += flow.tunnel.kind != EncapKind::None;
      drained.flows_with_icmp_errors += flow.icmp_errors != 0;
    }
    ring.pop();
  }
  ring.release();
}

// Datagrams that did not become whole.
uint64_t given_up(const FragmentCounters& fragments) {
  return fragments.expired.value() + fragments.evicted.value();
}

void run_round(RoundPort& port, Worker<RoundPort>& worker, Pipeline& pipeline, Drained& drained) {
  port.begin_round();
  while (worker.poll_once() != 0) drain(pipeline.ring(), drained);
}

constexpr uint64_t kTimeNs = 1'700'000'000'000'000'000;
constexpr uint16_t kLostDatagrams = 200;
constexpr uint32_t kDuplicates = 50;

std::vector<testing::TimedPacket> datagrams_that_lack_a_fragment() {
  using testing::PacketBuilder;
  const std::string payload(800, 'l');
  std::vector<testing::TimedPacket> packets;
  for (uint16_t i = 0; i < kLostDatagrams; ++i) {
    PacketBuilder packet = PacketBuilder().ethernet();
    if (i % 2 == 0) {
      packet.ipv4("192.0.2.1", "192.0.2.2", {.identification = i, .more_fragments = true});
    } else {
      packet.ipv6("2001:db8::1", "2001:db8::2")
          .fragment({.more_fragments = true, .identification = i});
    }
    packets.push_back({kTimeNs, packet.udp(1, 2).payload(payload).build()});
  }
  return packets;
}

// A datagram of each IP version in each form of each encapsulation, each of another flow.
std::vector<testing::TimedPacket> every_tunnel() {
  std::vector<testing::TimedPacket> packets;
  for (const testing::TunnelForm& form : testing::tunnel_forms()) {
    for (const uint8_t ip_version : {uint8_t{4}, uint8_t{6}}) {
      if (!testing::is_legal({form}, ip_version)) continue;
      testing::PacketBuilder packet = testing::nest({form}, ip_version, 1).outside;
      if (ip_version == 4) {
        packet.ipv4("10.0.0.1", "10.0.0.2");
      } else {
        packet.ipv6("2001:db8::1", "2001:db8::2");
      }
      const auto port = static_cast<uint16_t>(1000 + packets.size());
      packets.push_back({kTimeNs, packet.udp(port, 2000).payload("inside").build()});
    }
  }
  return packets;
}

class WorkerAllocation : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::string path = ::testing::TempDir() + "/allocation_test.pcap";
    ASSERT_TRUE(traffic::write_sample(path).ok());
    frames_.add_capture(path);
    ASSERT_TRUE(
        traffic::write_mix({.path = path}, {.http = 300, .tls = 100, .dns = 300, .live = 200})
            .ok());
    frames_.add_capture(path);
    ASSERT_TRUE(traffic::write_synflood({.path = path}, 3000).ok());
    frames_.add_capture(path);
    ASSERT_TRUE(traffic::write_elephant({.path = path}, 500).ok());
    frames_.add_capture(path);
    std::filesystem::remove(path);
    frames_.add(testing::tunnel_traffic());
    frames_.add(datagrams_that_lack_a_fragment());
    frames_.add(every_tunnel());
    frames_.add(std::vector<testing::TimedPacket>(
        kDuplicates + 1, {kTimeNs, testing::PacketBuilder().ethernet().build()}));

    PipelineOptions options;
    options.decap = Decap::all();
    options.checksums = ChecksumMode::Count;
    options.dedup = Dedup::loopback();
    // So small that not every flow in a tunnel gets its details, and that datagrams are evicted.
    options.fragments = {.datagrams_max = 16, .bytes_max = size_t{64} << 10};
    options.tracker.flows_max = 512;
    options.tracker.details_max = 64;
    options.tracker.meters = {.counters = FlowCounters::Full, .first_packets = 8};
    options.streams = {.streams_max = 256, .buffers_bytes = size_t{4} << 20, .signatures = kScan};
    auto created = Pipeline::create(options, Arena::Populate::Lazily);
    ASSERT_TRUE(created.ok());
    pipeline_ = std::move(created.value());
    if (!can_scan_patterns()) return;
    set_ = std::move(SignatureSet::compile(parse_rules("alert any \"example\" (sid:1; msg:\"m\")\n"
                                                       "alert any /GET|POST/ (sid:2; msg:\"m\")\n",
                                                       {})
                                               .signatures,
                                           nullptr)
                         .value());
    offer_seat();
  }
  // Signatures for the worker to change to.
  void offer_seat() {
    if (set_ == nullptr) return;
    (void)pipeline_->seats().collect();
    (void)pipeline_->seats().offer(
        std::move(ScanSeat::create(*set_, SignatureScan::streams_max(kScan)).value()));
  }

  // Fewer places than there are flows.
  static constexpr ScanOptions kScan{.flows_max = 64, .depth_bytes = 4096};
  testing::HeldPackets frames_;
  std::unique_ptr<SignatureSet> set_;
  std::unique_ptr<Pipeline> pipeline_;
};

TEST_F(WorkerAllocation, NeverHappensOnceTheFirstPacketsWereSeen) {
  RoundPort port(frames_);
  auto worker = std::make_unique<Worker<RoundPort>>(port, *pipeline_);
  Drained before;
  run_round(port, *worker, *pipeline_, before);
  const uint64_t created_before = pipeline_->tracker().created();
  const uint64_t evicted_before = pipeline_->tracker().evicted();
  const FragmentCounters& fragments = *pipeline_->fragments();
  const uint64_t whole_before = fragments.whole.value();
  const uint64_t given_up_before = given_up(fragments);
  const uint64_t refused_before = fragments.refused.value();
  const uint64_t tunnelled_before = pipeline_->traffic().tunnelled.value();

  const uint64_t alerts_before = pipeline_->signatures().alerts.value();
  offer_seat();
  // Other settings as well, with shorter and longer lists than before.
  (void)pipeline_->settings().offer(std::make_unique<PipelineSettings>(
      PipelineSettings{.idle = {.udp_ns = 20'000'000'000},
                       .fragments_timeout_ns = 10'000'000'000,
                       .records = {.muted_events = {"ssh", "quic", "snmp", "a long name of one"}},
                       .shed_first = {RecordType::Dns, RecordType::Http, RecordType::Tls}}));

  const uint64_t allocations_before = allocations().load();
  Drained drained;
  for (int round = 0; round < 3; ++round) run_round(port, *worker, *pipeline_, drained);
  pipeline_->finish();
  drain(pipeline_->ring(), drained);
  EXPECT_EQ(allocations().load() - allocations_before, 0U);

  // The rounds were what they should be: new flows, evictions, messages of every protocol.
  EXPECT_GT(pipeline_->tracker().created() - created_before, 10'000U);
  EXPECT_GT(pipeline_->tracker().evicted() - evicted_before, 1'000U);
  EXPECT_GT(drained.records, pipeline_->tracker().ended() - created_before + 1'000U);
  EXPECT_GT(pipeline_->traffic().tunnelled.value() - tunnelled_before, 300U);
  EXPECT_GT(drained.flows_in_tunnels, 150U);
  EXPECT_GE(drained.flows_with_icmp_errors, 3U * 2);
  EXPECT_GT(pipeline_->tracker().details_refused(), 0U);
  EXPECT_EQ(fragments.whole.value() - whole_before, 3U * 3);
  EXPECT_EQ(fragments.refused.value() - refused_before, 3U * 2);
  EXPECT_GT(given_up(fragments) - given_up_before, 3U * kLostDatagrams - 1);
  EXPECT_EQ(pipeline_->ledger().of(Fate::Duplicate), 4U * kDuplicates);
  EXPECT_TRUE(pipeline_->ledger().read().value().balanced());
  EXPECT_FALSE(pipeline_->settings().is_waiting());
  const auto returned = pipeline_->settings().collect();
  ASSERT_NE(returned, nullptr);
  EXPECT_TRUE(returned->records.muted_events.empty()) << "the former choice came back";
  if (set_ != nullptr) {
    EXPECT_FALSE(pipeline_->seats().is_waiting()) << "the worker changed its signatures";
    EXPECT_GT(pipeline_->signatures().alerts.value() - alerts_before, 300U);
    EXPECT_GT(pipeline_->signatures().flows_refused.value(), 0U);
  }
}

TEST(CountedAllocation, SeesOperatorNew) {
  const uint64_t before = allocations().load();
  auto number = std::make_unique<int>(1);
  std::vector<std::string> texts(3, std::string(100, 'x'));
  EXPECT_EQ(*number + texts.size(), 4U);
  EXPECT_GE(allocations().load() - before, 5U);
}

}  // namespace
}  // namespace flowscope
