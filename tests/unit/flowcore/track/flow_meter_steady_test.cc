#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <random>

#include "flowcore/base/plain_copy.h"
#include "flowcore/track/flow_meter.h"

namespace flowscope {
namespace {

// A flow as the tracker sees it, counted by both ways.
struct CountedTwice {
  // Compared byte by byte, so the bytes between the fields are the same too.
  CountedTwice() { copy_plain(&by_steady, by_count); }

  FlowEntry entry;
  FlowMeter by_count;
  FlowMeter by_steady;
  uint32_t steady = 0;

  void take(FlowSide from, const Layers& layers, Timestamp time) {
    const PacketView packet{.frame = {}, .time = time, .wire_bytes = 60};
    const FlowBefore before(entry);
    SideCounters& sender = entry.side[index_of(from)];
    const bool has_sent_two = sender.packets() >= 2;
    sender.count(packet.wire_bytes);
    entry.see(time, time.ns);
    TcpStep step;
    const bool is_steady =
        has_sent_two && (!entry.is_tcp() || follow_steady_tcp(entry, from, layers, step));
    if (!is_steady && entry.is_tcp()) {
      step = follow_tcp(entry, from, layers, packet);
      entry.state = next_tcp_state(entry.state, from, step.signal);
    }
    by_count.count(entry, before, from, layers, packet, step);
    if (is_steady) {
      by_steady.count_steady(entry, before.last_seen_ns, from, layers, packet);
      ++steady;
    } else {
      by_steady.count(entry, before, from, layers, packet, step);
    }
  }
};

// Two sides that send, repeat, leave out and acknowledge at random.
class Talk {
 public:
  explicit Talk(uint64_t seed) : random_(seed) {
    flow.entry.key.protocol = 6;
    flow.entry.key.ip_version = 4;
    flow.entry.l4 = 6;
    say(FlowSide::Initiator, tcp_flag::kSyn, 0);
    ++next_[0];
    say(FlowSide::Responder, tcp_flag::kSyn | tcp_flag::kAck, 0);
    ++next_[1];
    say(FlowSide::Initiator, tcp_flag::kAck, 0);
  }

  void go_on() {
    const FlowSide from = random_() % 2 == 0 ? FlowSide::Initiator : FlowSide::Responder;
    uint32_t& next = next_[index_of(from)];
    const auto payload = static_cast<uint16_t>(random_() % 3 == 0 ? 0 : random_() % 1460);
    switch (random_() % 16) {
      case 0:
        next += 1460;  // lost before it came by
        break;
      case 1:
        next -= 700;  // again
        break;
      default:
        break;
    }
    say(from, static_cast<uint8_t>(tcp_flag::kAck | (random_() % 2 == 0 ? tcp_flag::kPsh : 0)),
        payload);
    next += payload;
  }

  CountedTwice flow;

 private:
  void say(FlowSide from, uint8_t flags, uint16_t payload) {
    Layers layers{};
    layers.has_l4 = true;
    layers.ip_version = 4;
    layers.ip_protocol = 6;
    layers.ttl = static_cast<uint8_t>(60 + random_() % 4);
    layers.tcp_flags = flags;
    layers.tcp_seq = next_[index_of(from)];
    layers.tcp_ack = next_[index_of(other_side(from))] - (random_() % 4 == 0 ? 100 : 0);
    layers.tcp_window = random_() % 20 == 0 ? 0 : 65535;
    layers.payload_bytes = payload;
    time_ns_ += random_() % 5'000'000;
    flow.take(from, layers, {time_ns_});
  }

  std::mt19937_64 random_;
  std::array<uint32_t, 2> next_{1000, 0xffff'f000};
  uint64_t time_ns_ = 1'700'000'000'000'000'000;
};

TEST(FlowMeter, CountsSteadySegmentsAsItCountsAll) {
  uint32_t steady = 0;
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    Talk talk(seed);
    for (int i = 0; i < 200; ++i) {
      talk.go_on();
      ASSERT_EQ(std::memcmp(&talk.flow.by_count, &talk.flow.by_steady, sizeof(FlowMeter)), 0)
          << "seed " << seed << ", segment " << i;
    }
    steady += talk.flow.steady;
  }
  EXPECT_GT(steady, 10'000U) << "few segments took the short way";
}

TEST(FlowMeter, CountsPacketsOfOtherProtocolsAsItCountsAll) {
  std::mt19937_64 random(7);
  for (const IpProtocol kind : {IpProtocol::Udp, IpProtocol::Icmp, IpProtocol::Sctp}) {
    const auto protocol = static_cast<uint8_t>(kind);
    CountedTwice flow;
    flow.entry.key.protocol = flow.entry.l4 = protocol;
    flow.entry.key.ip_version = 4;
    for (int i = 0; i < 100; ++i) {
      Layers layers{};
      layers.has_l4 = random() % 8 != 0;
      layers.ip_version = 4;
      layers.ip_protocol = protocol;
      layers.ttl = static_cast<uint8_t>(60 + random() % 4);
      layers.payload_bytes = static_cast<uint16_t>(random() % 3 == 0 ? 0 : random() % 1460);
      flow.take(random() % 2 == 0 ? FlowSide::Initiator : FlowSide::Responder, layers,
                {1'700'000'000'000'000'000 + static_cast<uint64_t>(i)});
      ASSERT_EQ(std::memcmp(&flow.by_count, &flow.by_steady, sizeof(FlowMeter)), 0)
          << "protocol " << int{protocol} << ", packet " << i;
    }
    EXPECT_GT(flow.steady, 90U);
  }
}

}  // namespace
}  // namespace flowscope
