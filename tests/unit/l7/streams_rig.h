#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "flowcore/extract/five_tuple.h"
#include "flowcore/extract/keys.h"
#include "flowcore/packet/decode.h"
#include "flowcore/track/burst_tracker.h"
#include "l7/streams.h"
#include "tests/support/packet_builder.h"

namespace flowscope::testing {

// What streams and parsers said, as words in order.
struct SaidWords {
  std::vector<std::string> words;
  template <class M>
  void message(const FlowEntry&, FlowSide, Timestamp, const M&) {
    words.emplace_back(M::kEvent);
  }
  void anomaly(const FlowEntry&, FlowSide, Timestamp, const char* kind) {
    words.emplace_back(kind);
  }
  void stream_anomaly(const FlowEntry&, FlowSide from, Timestamp, const char* event) {
    words.emplace_back(std::string(event) + (from == FlowSide::Initiator ? " i" : " r"));
  }
};

// Frames through decoding, extraction and tracking into Streams, each a burst of its own.
class StreamsRig {
 public:
  explicit StreamsRig(const StreamsOptions& options)
      : arena_(
          std::move(Arena::create(BurstTracker::cost(kTracking) + Streams<SaidWords>::cost(options),
                                  Arena::Populate::Lazily)
                        .value())),
        tracker_(arena_, kTracking),
        streams_(arena_, options, said_) {}

  void give(const Frame& frame) {
    Burst& burst = *burst_;
    burst.count = 1;
    burst.packet[0] = {.frame = {frame.data(), frame.size()},
                       .time = {clock_ns_ += step_ns},
                       .wire_bytes = static_cast<uint32_t>(frame.size())};
    decode_layers(burst);
    extract_keys(FiveTuple::bidirectional(), tracker_.hash(), burst, *keys_);
    flows_->clock_ns[0] = clock_ns_;
    tracker_.find(burst, *keys_, *flows_);
    for (uint32_t begin = 0; begin < burst.count;) {
      const uint32_t end = tracker_.update(burst, *keys_, *flows_, begin, *this);
      streams_.deliver(burst, *flows_, begin, end, tracker_);
      begin = end;
    }
  }
  void finish() { tracker_.finish(clock_ns_, *this); }

  void on_started(FlowEntry&) {}
  void on_established(FlowEntry&) {}
  void on_ended(FlowEntry& entry, EndReason reason) {
    const char* const name = Streams<SaidWords>::app_name(entry);
    const char* const first = Streams<SaidWords>::first_app_name(entry);
    named.push_back(std::string(name != nullptr ? name : "nothing")
                    + (first != nullptr ? std::string(" behind ") + first : ""));
    for (const uint64_t bytes : streams_.gap_bytes_of(entry)) live_gap_bytes += bytes;
    for (const uint64_t bytes : streams_.end(entry, reason)) gap_bytes += bytes;
  }

  [[nodiscard]] const std::vector<std::string>& said() const { return said_.words; }
  [[nodiscard]] const Streams<SaidWords>& streams() const { return streams_; }
  [[nodiscard]] SignatureScan& signatures() { return streams_.signatures(); }

  std::vector<std::string> named;  // what the flows that ended were, in order
  uint64_t gap_bytes = 0;          // of flows that ended
  uint64_t live_gap_bytes = 0;     // as they were told just before
  uint64_t step_ns = 1000;         // from frame to frame

 private:
  static constexpr BurstTracker::Options kTracking{.flows_max = 4096};

  Arena arena_;
  BurstTracker tracker_;
  SaidWords said_;
  Streams<SaidWords> streams_;
  std::unique_ptr<Burst> burst_ = std::make_unique<Burst>();
  std::unique_ptr<FlowKeys> keys_ = std::make_unique<FlowKeys>();
  std::unique_ptr<FlowBurst> flows_ = std::make_unique<FlowBurst>();
  uint64_t clock_ns_ = 1'000'000'000;
};

// The frames of one TCP flow between 10.0.0.1, the client, and port 80 of 10.0.0.2. The client's
// numbers begin at kClientIsn, the server's at kServerIsn; offsets count bytes of the streams.
class HttpFlow {
 public:
  static constexpr uint32_t kClientIsn = 0xfffffff0;  // soon wraps
  static constexpr uint32_t kServerIsn = 70'000;

  explicit HttpFlow(uint16_t port = 1000) : port_(port) {}

  [[nodiscard]] Frame syn(std::string_view text = {}) const {
    return client_frame(tcp_flag::kSyn, kClientIsn, 0, text);
  }
  [[nodiscard]] Frame syn_ack() const {
    return server_frame(tcp_flag::kSyn | tcp_flag::kAck, kServerIsn, kClientIsn + 1, {});
  }
  // `answers`: how far the sender acknowledges the other stream.
  [[nodiscard]] Frame client(uint32_t offset, std::string_view text, uint32_t answers = 0,
                             uint8_t more_flags = 0) const {
    return client_frame(static_cast<uint8_t>(tcp_flag::kAck | more_flags), kClientIsn + 1 + offset,
                        kServerIsn + 1 + answers, text);
  }
  [[nodiscard]] Frame server(uint32_t offset, std::string_view text, uint32_t answers = 0,
                             uint8_t more_flags = 0) const {
    return server_frame(static_cast<uint8_t>(tcp_flag::kAck | more_flags), kServerIsn + 1 + offset,
                        kClientIsn + 1 + answers, text);
  }

 private:
  [[nodiscard]] Frame client_frame(uint8_t flags, uint32_t seq, uint32_t ack,
                                   std::string_view text) const {
    return PacketBuilder()
        .ethernet()
        .ipv4("10.0.0.1", "10.0.0.2")
        .tcp(port_, 80, {.seq = seq, .ack = ack, .flags = flags})
        .payload(text)
        .build();
  }
  [[nodiscard]] Frame server_frame(uint8_t flags, uint32_t seq, uint32_t ack,
                                   std::string_view text) const {
    return PacketBuilder()
        .ethernet()
        .ipv4("10.0.0.2", "10.0.0.1")
        .tcp(80, port_, {.seq = seq, .ack = ack, .flags = flags})
        .payload(text)
        .build();
  }

  uint16_t port_;
};

}  // namespace flowscope::testing
