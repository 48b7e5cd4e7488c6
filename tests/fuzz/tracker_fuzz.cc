#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "flowcore/base/byte_reader.h"
#include "flowcore/base/check.h"
#include "flowcore/extract/five_tuple.h"
#include "flowcore/packet/decode.h"
#include "flowcore/track/burst_tracker.h"

namespace flowscope {
namespace {

constexpr size_t kPacketsMax = 1024;
constexpr uint32_t kFlowsMax = 6;
constexpr IdlePolicy kIdle{.tcp_new_ns = 40'000'000,
                           .tcp_established_ns = 200'000'000,
                           .tcp_closing_ns = 50'000'000,
                           .tcp_closed_ns = 10'000'000,
                           .udp_ns = 30'000'000,
                           .other_ns = 20'000'000,
                           .emergency_ns = 5'000'000};

// One frame of raw IPv4, and when it came.
struct Arrival {
  uint64_t time_ns = 0;
  std::vector<uint8_t> frame{};
};

void put16(std::vector<uint8_t>& frame, uint32_t number) {
  frame.push_back(static_cast<uint8_t>(number >> 8));
  frame.push_back(static_cast<uint8_t>(number));
}
void put32(std::vector<uint8_t>& frame, uint32_t number) {
  put16(frame, number >> 16);
  put16(frame, number & 0xffff);
}

// Input, 16 bytes a packet: kind and direction and endpoints, TCP flags, what time goes on by (with
// a sign), sequence and acknowledgment number, window, payload length, what the option says. Few
// endpoints, so that flows meet.
Arrival read_arrival(ByteReader& reader, uint64_t& now_ns) {
  const uint8_t who = reader.u8();
  const uint8_t flags = reader.u8();
  const auto step = static_cast<int16_t>(reader.u16());
  now_ns += static_cast<uint64_t>(int64_t{step} * (step % 7 == 0 ? 1'000'000 : 1'000));
  const uint32_t seq = reader.u32();
  const uint32_t ack = reader.u32();
  const uint16_t window = reader.u16();
  const uint32_t payload_bytes = reader.u8() % 64;
  const uint8_t option = reader.u8();

  const bool is_tcp = (who & 0xc0) != 0;
  const bool is_reply = (who & 1) != 0;
  const bool has_option = is_tcp && (flags & tcp_flag::kSyn) != 0 && option % 4 != 0;
  const uint32_t header_bytes = is_tcp ? (has_option ? 24 : 20) : 8;
  Arrival arrival{.time_ns = now_ns};
  std::vector<uint8_t>& frame = arrival.frame;
  put16(frame, 0x4500);
  put16(frame, 20 + header_bytes + payload_bytes);
  put32(frame, 0);
  put16(frame, 0x4000U + (is_tcp ? 6 : 17));
  put16(frame, 0);
  put32(frame, is_reply ? 0x0a000002 : 0x0a000001);
  put32(frame, is_reply ? 0x0a000001 : 0x0a000002);
  const uint32_t client_port = 1000U + (who >> 1 & 7);
  put16(frame, is_reply ? 80 : client_port);
  put16(frame, is_reply ? client_port : 80);
  if (!is_tcp) {
    put16(frame, 8 + payload_bytes);
    put16(frame, 0);
  } else {
    put32(frame, seq);
    put32(frame, ack);
    put16(frame, (header_bytes / 4) << 12 | flags);
    put16(frame, window);
    put32(frame, 0);
    if (has_option) put32(frame, 0x0303'0001U | uint32_t{option} << 8);
  }
  frame.resize(frame.size() + payload_bytes);
  return arrival;
}

// Follows packets, and stops the program when the tracker breaks a promise.
class Run {
 public:
  Run()
      : arena_(
          std::move(Arena::create(BurstTracker::cost(kOptions), Arena::Populate::Lazily).value())),
        tracker_(arena_, kOptions) {}

  void give(const std::vector<Arrival>& arrivals, size_t burst_size) {
    for (size_t begin = 0; begin < arrivals.size(); begin += burst_size) {
      burst_->count = static_cast<uint32_t>(std::min(burst_size, arrivals.size() - begin));
      for (uint32_t i = 0; i < burst_->count; ++i) {
        const Arrival& arrival = arrivals[begin + i];
        burst_->packet[i] = {.frame = {arrival.frame.data(), arrival.frame.size()},
                             .time = {arrival.time_ns},
                             .wire_bytes = static_cast<uint32_t>(arrival.frame.size()),
                             .link = LinkType::RawIp};
        clock_ns_ = std::max(clock_ns_, arrival.time_ns);
        flows_->clock_ns[i] = clock_ns_;
      }
      track();
    }
  }
  void finish() {
    tracker_.finish(clock_ns_, *this);
    FS_CHECK(tracker_.live() == 0);
    FS_CHECK(started_ == ended_);
  }
  // What was told, as one number.
  [[nodiscard]] uint64_t told() const { return told_; }

  void on_started(FlowEntry& entry) {
    ++started_;
    tell(entry, 1);
  }
  void on_established(FlowEntry& entry) {
    FS_CHECK(entry.state == TcpState::Established);
    tell(entry, 2);
  }
  void on_state_change(FlowEntry& entry, TcpState from, Timestamp /*time*/) {
    FS_CHECK(entry.state != from);
    FS_CHECK(!is_over(from));
    tell(entry, 3);
  }
  void on_anomaly(FlowEntry& entry, FlowSide /*from*/, FlowAnomaly anomaly, Timestamp /*time*/) {
    FS_CHECK(anomaly != FlowAnomaly::None);
    tell(entry, 10 + static_cast<uint64_t>(anomaly));
  }
  void on_ended(FlowEntry& entry, EndReason reason) {
    ++ended_;
    FS_CHECK(entry.packets() != 0);
    FS_CHECK((reason == EndReason::Fin) == (entry.state == TcpState::Closed));
    FS_CHECK((reason == EndReason::Rst) == (entry.state == TcpState::Reset));
    tell(entry, 20 + static_cast<uint64_t>(reason));
  }

 private:
  static constexpr BurstTracker::Options kOptions{
      .flows_max = kFlowsMax, .details_max = 4, .idle = kIdle, .emergency_percent = 80};

  void track() {
    decode_layers(*burst_);
    extract_keys(FiveTuple::bidirectional(), tracker_.hash(), *burst_, *keys_);
    tracker_.find(*burst_, *keys_, *flows_);
    for (uint32_t begin = 0; begin < burst_->count;) {
      tracker_.sweep_step(flows_->clock_ns[begin], *this);
      const uint32_t end = tracker_.update(*burst_, *keys_, *flows_, begin, *this);
      FS_CHECK(end > begin);
      for (uint32_t i = begin; i < end; ++i) check_row(i);
      check_balance();
      begin = end;
    }
  }
  // What the run touched is there, in its place, and once.
  void check_row(uint32_t i) {
    FS_CHECK(keys_->has_key[i] == 1);
    FS_CHECK(flows_->slot[i] != FlowBurst::kNoFlow);
    const FlowEntry& entry = tracker_.entry(flows_->slot[i]);
    FS_CHECK(entry.key == keys_->key[i]);
    FS_CHECK(flows_->side[i] == entry.side_of(keys_->orientation[i]));
    FS_CHECK(entry.side[index_of(flows_->side[i])].packets() != 0);
    FlowEntry* const found = tracker_.flow_of(keys_->key[i], flows_->clock_ns[i]);
    FS_CHECK(found == &entry);
  }
  void check_balance() {
    FS_CHECK(tracker_.created() == started_);
    FS_CHECK(tracker_.ended() == ended_);
    FS_CHECK(tracker_.live() == started_ - ended_);
    FS_CHECK(tracker_.live() <= kFlowsMax);
    std::vector<const FlowEntry*> live;
    tracker_.for_each_in(0, tracker_.set_count(), [&](FlowEntry& entry) {
      for (const FlowEntry* other : live) FS_CHECK(!(other->key == entry.key));
      live.push_back(&entry);
    });
    FS_CHECK(live.size() == tracker_.live());
  }
  void tell(const FlowEntry& entry, uint64_t what) {
    const std::array<uint64_t, 6> all = {what,
                                         entry.key.a_port,
                                         entry.side[0].bytes(),
                                         entry.side[1].bytes(),
                                         entry.last_seen_ns,
                                         static_cast<uint64_t>(entry.state)};
    for (const uint64_t number : all) told_ = (told_ ^ number) * 0x9e37'79b9'7f4a'7c15;
  }

  Arena arena_;
  BurstTracker tracker_;
  std::unique_ptr<Burst> burst_ = std::make_unique<Burst>();
  std::unique_ptr<FlowKeys> keys_ = std::make_unique<FlowKeys>();
  std::unique_ptr<FlowBurst> flows_ = std::make_unique<FlowBurst>();
  uint64_t clock_ns_ = 0;
  uint64_t started_ = 0;
  uint64_t ended_ = 0;
  uint64_t told_ = 0;
};

void track_once(Bytes input) {
  ByteReader reader(input);
  std::vector<Arrival> arrivals;
  uint64_t now_ns = 1'000'000'000'000;
  while (reader.remaining() >= 16 && arrivals.size() < kPacketsMax)
    arrivals.push_back(read_arrival(reader, now_ns));
  Run together;
  together.give(arrivals, kBurstMax);
  together.finish();
  Run apart;
  apart.give(arrivals, 1);
  apart.finish();
  FS_CHECK(together.told() == apart.told());
}

}  // namespace
}  // namespace flowscope

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  flowscope::track_once({bytes, size});
  return 0;
}
