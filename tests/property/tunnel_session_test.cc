// A TCP session inside any nesting of tunnels gives the bytes that were sent: from the frames
// through decoding, extraction and tracking to the streams.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>

#include "flowcore/base/buffer_pool.h"
#include "flowcore/extract/five_tuple.h"
#include "flowcore/extract/quoted_flows.h"
#include "flowcore/packet/decode.h"
#include "flowcore/stream/tcp_stream.h"
#include "flowcore/track/burst_tracker.h"
#include "tests/property/tunnel_seed.h"

namespace flowscope {
namespace {

using testing::Frame;
using testing::nest;
using testing::Nesting;
using testing::PacketBuilder;
using testing::TunnelForm;

constexpr int kSessions = 2500;
constexpr uint32_t kDepthMax = 4;

// The ends of a session; the tunnel's outside is there once for each sender.
struct Session {
  uint8_t version = 4;
  std::vector<TunnelForm> forms;
  std::array<Nesting, 2> nesting;
  std::array<uint16_t, 2> port{};
  std::array<uint32_t, 2> first_seq{};
  std::array<std::string, 2> sent;  // what each side says
};

std::string random_text(size_t bytes, std::mt19937& random) {
  std::string text(bytes, ' ');
  for (char& letter : text) letter = static_cast<char>(random());
  return text;
}

Session random_session(uint32_t number, std::mt19937& random) {
  Session session;
  session.version = random() % 2 == 0 ? 4 : 6;
  session.forms = testing::random_forms(random() % (kDepthMax + 1), session.version, random);
  const auto seed = static_cast<uint32_t>(random());
  for (const FlowSide side : {FlowSide::Initiator, FlowSide::Responder}) {
    const size_t index = index_of(side);
    session.nesting[index] = nest(session.forms, session.version, seed, side);
    // Numbers close to the wrap-around too.
    session.first_seq[index] =
        static_cast<uint32_t>(random() % 2 == 0 ? random() : -(random() % 2000));
    session.sent[index] = random_text(random() % 2000, random);
  }
  // A flow of its own for every session.
  session.port = {static_cast<uint16_t>(20000 + number), static_cast<uint16_t>(random() % 1000)};
  return session;
}

// The frames of a session in the order in which they are captured.
class Speaker {
 public:
  Speaker(const Session& session, std::mt19937& random) : session_(session), random_(random) {}

  std::vector<Frame> speak() {
    segment(FlowSide::Initiator, 0, "", tcp_flag::kSyn);
    segment(FlowSide::Responder, 0, "", tcp_flag::kSyn | tcp_flag::kAck);
    segment(FlowSide::Initiator, 1, "", tcp_flag::kAck);
    while (left(FlowSide::Initiator) + left(FlowSide::Responder) > 0) {
      const FlowSide side = random_() % 2 == 0 ? FlowSide::Initiator : FlowSide::Responder;
      if (left(side) > 0) say_something(side);
    }
    for (const FlowSide side : {FlowSide::Initiator, FlowSide::Responder})
      segment(side, 1 + said_[index_of(side)], "", tcp_flag::kFin | tcp_flag::kAck);
    return std::move(frames_);
  }

 private:
  [[nodiscard]] size_t left(FlowSide side) const {
    return session_.sent[index_of(side)].size() - said_[index_of(side)];
  }

  // One or two segments; of two the second may come first, and any may come twice.
  void say_something(FlowSide side) {
    const size_t begin = frames_.size();
    for (uint32_t count = 1 + random_() % 2; count > 0 && left(side) > 0; --count) {
      size_t& said = said_[index_of(side)];
      const size_t bytes = 1 + random_() % std::min<size_t>(left(side), 700);
      segment(side, 1 + said, session_.sent[index_of(side)].substr(said, bytes),
              tcp_flag::kAck | tcp_flag::kPsh);
      said += bytes;
    }
    if (random_() % 3 == 0) frames_.push_back(frames_.back());
    if (random_() % 3 == 0)
      std::reverse(frames_.begin() + static_cast<ptrdiff_t>(begin), frames_.end());
  }

  void segment(FlowSide side, size_t offset, const std::string& text, int flags) {
    const size_t index = index_of(side);
    const size_t other = index_of(other_side(side));
    PacketBuilder builder = session_.nesting[index].outside;
    const char* const ends4[] = {"10.1.2.3", "192.168.200.100"};
    const char* const ends6[] = {"2001:db8::1:2", "fe80::aaaa:bbbb"};
    if (session_.version == 4) {
      builder.ipv4(ends4[index], ends4[other]);
    } else {
      builder.ipv6(ends6[index], ends6[other]);
    }
    const auto said = static_cast<uint32_t>(said_[other]);
    builder.tcp(session_.port[index], session_.port[other],
                {.seq = session_.first_seq[index] + static_cast<uint32_t>(offset),
                 .ack = (flags & tcp_flag::kAck) != 0 ? session_.first_seq[other] + 1 + said : 0,
                 .flags = static_cast<uint8_t>(flags)});
    frames_.push_back(builder.payload(text).build());
  }

  const Session& session_;
  std::mt19937& random_;
  std::array<size_t, 2> said_{};
  std::vector<Frame> frames_;
};

struct Heard {
  std::string text;
  uint32_t gaps = 0;
  void on_bytes(Bytes bytes) { text += bytes.as_text(); }
  void on_gap(uint32_t) { ++gaps; }
};

// The library's way from frames to streams.
class Listener {
 public:
  // Hears one session out; the flows that it made are counted in flows().
  void listen(const std::vector<Frame>& frames) {
    const uint64_t before = tracker_.created();
    heard_ = {};
    stream_ = {};
    encaps_.clear();
    for (size_t at = 0; at < frames.size(); at += kBurstMax) {
      burst_->count = static_cast<uint32_t>(std::min<size_t>(frames.size() - at, kBurstMax));
      for (uint32_t i = 0; i < burst_->count; ++i) {
        const Frame& frame = frames[at + i];
        burst_->packet[i] = {.frame = {frame.data(), frame.size()},
                             .time = {++clock_ns_},
                             .wire_bytes = static_cast<uint32_t>(frame.size())};
      }
      hear_burst();
    }
    flows_ = tracker_.created() - before;
  }

  void on_started(FlowEntry& entry) { key_ = entry.key; }
  void on_established(FlowEntry&) {}
  void on_ended(FlowEntry&, EndReason) {}

  [[nodiscard]] const Heard& heard(FlowSide side) const { return heard_[index_of(side)]; }
  [[nodiscard]] uint64_t flows() const { return flows_; }
  [[nodiscard]] const FlowKey& key() const { return key_; }
  [[nodiscard]] const std::vector<Encap>& encaps() const { return encaps_; }

 private:
  void hear_burst() {
    decode_layers(*burst_, decap_);
    extract_keys(FiveTuple::bidirectional(), tracker_.hash(), *burst_, *keys_);
    extract_quoted(FiveTuple::bidirectional(), tracker_.hash(), *burst_, *quoted_);
    for (uint32_t i = 0; i < burst_->count; ++i) {
      flows_burst_->clock_ns[i] = burst_->packet[i].time.ns;
      encaps_.push_back(burst_->layers[i].encap);
    }
    tracker_.find(*burst_, *keys_, *flows_burst_);
    for (uint32_t begin = 0; begin < burst_->count;) {
      const uint32_t end =
          tracker_.update(*burst_, *keys_, *flows_burst_, begin, *this, quoted_->rows());
      for (uint32_t i = begin; i < end; ++i) {
        if (flows_burst_->slot[i] != FlowBurst::kNoFlow) hear(i);
      }
      begin = end;
    }
  }

  void hear(uint32_t i) {
    const Layers& layers = burst_->layers[i];
    const size_t side = index_of(flows_burst_->side[i]);
    if ((layers.tcp_flags & tcp_flag::kSyn) != 0) stream_[side].anchor(layers.tcp_seq + 1);
    if (layers.payload_captured == 0) return;
    const Bytes payload =
        burst_->packet[i].frame.sub(layers.payload_offset, layers.payload_captured);
    stream_[side].segment({.seq = layers.tcp_seq,
                           .payload = payload,
                           .missing_tail = uint32_t{layers.payload_bytes} - layers.payload_captured,
                           .clock_ns = flows_burst_->clock_ns[i]},
                          store_, heard_[side]);
  }

  static constexpr BurstTracker::Options kTracking{.flows_max = 4 * kSessions};
  static constexpr SegmentStore::Options kHolding{.segments_max = 1024};
  static constexpr size_t kPoolBytes = size_t{4} << 20;

  Arena arena_ =
      std::move(Arena::create(BurstTracker::cost(kTracking) + BufferPool::cost(kPoolBytes)
                                  + SegmentStore::cost(kHolding),
                              Arena::Populate::Lazily)
                    .value());
  BurstTracker tracker_{arena_, kTracking};
  BufferPool pool_{arena_, kPoolBytes};
  SegmentStore store_{arena_, pool_, kHolding};
  Decap decap_ = Decap::all();
  std::unique_ptr<Burst> burst_ = std::make_unique<Burst>();
  std::unique_ptr<FlowKeys> keys_ = std::make_unique<FlowKeys>();
  std::unique_ptr<QuotedFlows> quoted_ = std::make_unique<QuotedFlows>();
  std::unique_ptr<FlowBurst> flows_burst_ = std::make_unique<FlowBurst>();
  std::array<TcpStream, 2> stream_;
  std::array<Heard, 2> heard_;
  std::vector<Encap> encaps_;
  FlowKey key_;
  uint64_t flows_ = 0;
  uint64_t clock_ns_ = 0;
};

// The key of the inner packets: IPv4's 10.1.2.3 and IPv6's 2001:db8::1:2 are the lower addresses.
FlowKey inner_key(const Session& session) {
  FlowKey key;
  if (session.version == 4) {
    key.a_address = {10, 1, 2, 3};
    key.b_address = {192, 168, 200, 100};
  } else {
    key.a_address = {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 2};
    key.b_address = {0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xaa, 0xaa, 0xbb, 0xbb};
  }
  key.a_port = session.port[0];
  key.b_port = session.port[1];
  key.protocol = 6;
  key.ip_version = session.version;
  return key;
}

TEST(TunnelSession, GivesTheBytesThatWereSentInAnyNesting) {
  const uint32_t seed = testing::property_seed();
  RecordProperty("seed", static_cast<int>(seed));
  std::printf("FS_PROPERTY_SEED=%u\n", seed);
  std::mt19937 random(seed);
  const auto listener = std::make_unique<Listener>();
  for (uint32_t number = 0; number < kSessions && !HasFailure(); ++number) {
    const Session session = random_session(number, random);
    SCOPED_TRACE("session " + std::to_string(number) + ": " + session.nesting[0].name);
    const std::vector<Frame> frames = Speaker(session, random).speak();
    listener->listen(frames);
    EXPECT_EQ(listener->flows(), 1U);
    EXPECT_TRUE(listener->key() == inner_key(session));
    EXPECT_TRUE(
        std::all_of(listener->encaps().begin(), listener->encaps().end(),
                    [&session](const Encap& encap) { return encap == session.nesting[0].encap; }));
    for (const FlowSide side : {FlowSide::Initiator, FlowSide::Responder}) {
      // Not EXPECT_EQ: the bytes are no text to print.
      EXPECT_TRUE(listener->heard(side).text == session.sent[index_of(side)])
          << "heard " << listener->heard(side).text.size() << " bytes of side " << index_of(side);
      EXPECT_EQ(listener->heard(side).gaps, 0U);
    }
  }
}

}  // namespace
}  // namespace flowscope
