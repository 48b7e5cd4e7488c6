#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "dataplane/capi/flowscope.h"
#include "flowcore/packet/layers.h"
#include "tests/support/tracked_frames.h"

namespace flowscope {
namespace {

using nlohmann::json;
using testing::Frame;
using testing::PacketBuilder;

constexpr uint64_t kSecond = 1'000'000'000;

struct Destroy {
  void operator()(fs_engine* engine) const { fs_engine_destroy(engine); }
};
using Engine = std::unique_ptr<fs_engine, Destroy>;

Engine engine_with(fs_options options = {}) {
  options.size = sizeof options;
  fs_error error{};
  Engine engine(fs_engine_create(&options, &error));
  EXPECT_NE(engine, nullptr) << error.message;
  return engine;
}
std::string refusal_of(fs_options options) {
  options.size = sizeof options;
  fs_error error{};
  const Engine engine(fs_engine_create(&options, &error));
  EXPECT_EQ(engine, nullptr);
  return error.message;
}
fs_packet packet_of(const Frame& frame, uint64_t time_ns) {
  return {.frame = frame.data(),
          .captured_bytes = static_cast<uint32_t>(frame.size()),
          .time_ns = time_ns,
          .link_type = 1};
}
size_t feed(const Engine& engine, const Frame& frame, uint64_t time_ns) {
  const fs_packet packet = packet_of(frame, time_ns);
  return fs_engine_feed(engine.get(), &packet, 1);
}
fs_counters counters_of(const Engine& engine) {
  fs_counters counters{.size = sizeof counters};
  fs_engine_counters(engine.get(), &counters);
  return counters;
}
// The events of all records that are there.
std::vector<std::string> poll_events(const Engine& engine) {
  std::vector<std::string> events;
  while (const fs_record* record = fs_engine_poll(engine.get())) events.emplace_back(record->event);
  return events;
}

TEST(CEngine, TellsAFlowInPlainNumbersAndInJson) {
  const Engine engine = engine_with();
  feed(engine, testing::client(tcp_flag::kSyn, 100), 5 * kSecond);
  feed(engine, testing::server(tcp_flag::kRst | tcp_flag::kAck, 0, 101), 6 * kSecond);
  EXPECT_EQ(fs_engine_poll(engine.get()), nullptr) << "nothing has ended yet";
  fs_engine_finish(engine.get());
  const fs_record* record = fs_engine_poll(engine.get());
  ASSERT_NE(record, nullptr);
  EXPECT_EQ(record->type, uint32_t{FS_RECORD_FLOW});
  EXPECT_STREQ(record->event, "flow");
  EXPECT_EQ(record->ip_version, 4);
  EXPECT_EQ(record->protocol, 6);
  EXPECT_EQ(record->source_port, 1000);
  EXPECT_EQ(record->destination_port, 80);
  const std::array<uint8_t, 4> source = {10, 0, 0, 1};
  EXPECT_EQ(std::memcmp(record->source_address, source.data(), source.size()), 0);
  ASSERT_NE(record->flow, nullptr);
  EXPECT_EQ(record->flow->start_ns, 5 * kSecond);
  EXPECT_EQ(record->flow->end_ns, 6 * kSecond);
  EXPECT_EQ(record->flow->packets[FS_INITIATOR], 1U);
  EXPECT_EQ(record->flow->packets[FS_RESPONDER], 1U);
  EXPECT_EQ(record->flow->bytes[FS_INITIATOR], 54U);
  EXPECT_EQ(record->flow->tcp_flags[FS_INITIATOR], tcp_flag::kSyn);
  EXPECT_EQ(record->flow->end_reason, uint32_t{FS_END_RST});
  EXPECT_EQ(record->flow->state, uint32_t{FS_STATE_CLOSED});

  ASSERT_NE(record->json, nullptr);
  EXPECT_EQ(std::strlen(record->json), record->json_bytes);
  const json object = json::parse(record->json);
  EXPECT_EQ(object["event_type"], "flow");
  EXPECT_EQ(object["flow_id"], record->flow_id);
  EXPECT_EQ(object["src_ip"], "10.0.0.1");
  EXPECT_EQ(object["flow"]["pkts_toclient"], 1);
  EXPECT_EQ(fs_engine_poll(engine.get()), nullptr);
}

TEST(CEngine, ShortWireLengthsAreTheCapturedOnes) {
  const Engine engine = engine_with();
  const Frame frame = testing::datagram(7);
  fs_packet packet = packet_of(frame, kSecond);
  packet.wire_bytes = 10;
  fs_engine_feed(engine.get(), &packet, 1);
  packet.wire_bytes = 1000;
  fs_engine_feed(engine.get(), &packet, 1);
  fs_engine_finish(engine.get());
  const fs_record* record = fs_engine_poll(engine.get());
  ASSERT_NE(record, nullptr);
  EXPECT_EQ(record->flow->bytes[FS_INITIATOR], frame.size() + 1000);
}

TEST(CEngine, KnowsLinkTypesByTheirNumbers) {
  const Engine engine = engine_with();
  const Frame frame = testing::datagram(7);
  const std::array<fs_packet, 3> packets = {
      fs_packet{.frame = frame.data() + 14,
                .captured_bytes = static_cast<uint32_t>(frame.size() - 14),
                .link_type = 101},
      fs_packet{.frame = frame.data(),
                .captured_bytes = static_cast<uint32_t>(frame.size()),
                .link_type = 4'000'000},
      fs_packet{.frame = nullptr, .captured_bytes = 60, .link_type = 1}};
  EXPECT_EQ(fs_engine_feed(engine.get(), packets.data(), packets.size()), packets.size());
  const fs_counters counters = counters_of(engine);
  EXPECT_EQ(counters.packets_received, 3U);
  EXPECT_EQ(counters.packets_tracked, 1U);
  EXPECT_EQ(counters.packets_unknown_link, 1U);
  EXPECT_EQ(counters.packets_truncated, 1U) << "a frame that is not there has no bytes";
}

TEST(CEngine, TakesTunnelsOffWhereToldTo) {
  const Frame frame = PacketBuilder()
                          .ethernet()
                          .ipv4("192.0.2.1", "192.0.2.2")
                          .ipv4("10.0.0.1", "10.0.0.2")
                          .udp(7, 9)
                          .payload("x")
                          .build();
  for (const uint32_t tunnels : {FS_TUNNELS_LEAVE, FS_TUNNELS_TAKE_OFF}) {
    const Engine engine = engine_with({.tunnels = tunnels});
    feed(engine, frame, kSecond);
    fs_engine_finish(engine.get());
    const fs_record* record = fs_engine_poll(engine.get());
    ASSERT_NE(record, nullptr);
    EXPECT_EQ(record->source_address[0], tunnels == FS_TUNNELS_LEAVE ? 192 : 10);
  }
}

TEST(CEngine, IdleFlowsEndByTheSweepOfQuietTimes) {
  const Engine engine = engine_with({.udp_ns = 2 * kSecond});
  feed(engine, testing::datagram(7), 10 * kSecond);
  // A sweep looks at a part of the table at a time.
  std::vector<std::string> events;
  for (uint64_t now_ns = 13 * kSecond; now_ns < 14 * kSecond && events.empty();
       now_ns += kSecond / 100) {
    fs_engine_sweep(engine.get(), now_ns);
    events = poll_events(engine);
  }
  EXPECT_EQ(events, std::vector<std::string>{"flow"});
}

TEST(CEngine, WritesOnlyWhatIsNotMuted) {
  const Engine engine = engine_with({.mute = FS_MUTE_FLOW});
  feed(engine, testing::datagram(7), kSecond);
  fs_engine_finish(engine.get());
  EXPECT_EQ(fs_engine_poll(engine.get()), nullptr);
  EXPECT_EQ(counters_of(engine).flows_ended, 1U);
}

TEST(CEngine, FlagsAndInterimRecordsReachTheWriter) {
  const Engine engine =
      engine_with({.interim_ns = kSecond, .flags = FS_NO_COMMUNITY_ID | FS_FULL_COUNTERS});
  for (uint64_t i = 0; i < 400; ++i)
    feed(engine, testing::datagram(7), (10 * kSecond) + i * (kSecond / 100));
  const fs_record* record = fs_engine_poll(engine.get());
  ASSERT_NE(record, nullptr);
  EXPECT_EQ(record->type, uint32_t{FS_RECORD_INTERIM});
  EXPECT_EQ(record->flow->end_reason, uint32_t{FS_END_NONE});
  const json object = json::parse(record->json);
  EXPECT_EQ(object["event_type"], record->event);
  EXPECT_FALSE(object.contains("community_id"));
  EXPECT_TRUE(object.contains("metrics"));
}

// Flows of one packet each, as many as asked for.
class ManyFlows {
 public:
  explicit ManyFlows(uint32_t flows) {
    for (uint32_t i = 0; i < flows; ++i) {
      frames_.push_back(
          PacketBuilder()
              .ethernet()
              .ipv4(("10.1." + std::to_string(i >> 8) + "." + std::to_string(i & 255)).c_str(),
                    "10.0.0.2")
              .udp(5000, 9)
              .payload("x")
              .build());
    }
    for (const Frame& frame : frames_) packets_.push_back(packet_of(frame, kSecond));
  }
  [[nodiscard]] const std::vector<fs_packet>& packets() const { return packets_; }

 private:
  std::vector<Frame> frames_;
  std::vector<fs_packet> packets_;
};

TEST(CEngine, EndsMoreFlowsThanTheRingHoldsWithoutLosingOne) {
  const ManyFlows flows(20'000);
  const Engine engine = engine_with({.flows_max = 50'000, .ring_bytes = 1 << 18});
  EXPECT_EQ(fs_engine_feed(engine.get(), flows.packets().data(), flows.packets().size()), 20'000U);
  fs_engine_finish(engine.get());
  EXPECT_EQ(poll_events(engine).size(), 20'000U);
  EXPECT_EQ(counters_of(engine).records_shed, 0U);
  EXPECT_EQ(fs_engine_poll(engine.get()), nullptr);
}

TEST(CEngine, TakesNoMorePacketsWhileRecordsFillHalfOfTheRing) {
  const ManyFlows flows(20'000);
  // Each new flow pushes another one out.
  const Engine engine = engine_with({.flows_max = 64, .ring_bytes = 1 << 18});
  size_t taken = 0;
  size_t records = 0;
  size_t calls = 0;
  while (taken < flows.packets().size()) {
    const size_t now = fs_engine_feed(engine.get(), flows.packets().data() + taken,
                                      flows.packets().size() - taken);
    ASSERT_GT(now, 0U);
    taken += now;
    ++calls;
    records += poll_events(engine).size();
  }
  EXPECT_GT(calls, 10U);
  fs_engine_finish(engine.get());
  records += poll_events(engine).size();
  const fs_counters counters = counters_of(engine);
  EXPECT_EQ(counters.records_shed, 0U);
  EXPECT_EQ(counters.flows_created, 20'000U);
  EXPECT_GT(counters.flows_evicted, 19'000U);
  EXPECT_GE(records, 20'000U) << "one for each flow, and those of anomalies";
}

TEST(CEngine, TakesNothingAfterItsEnd) {
  const Engine engine = engine_with();
  fs_engine_finish(engine.get());
  EXPECT_EQ(feed(engine, testing::datagram(7), kSecond), 0U);
  fs_engine_sweep(engine.get(), 1000 * kSecond);
  EXPECT_EQ(fs_engine_poll(engine.get()), nullptr);
  EXPECT_EQ(counters_of(engine).packets_received, 0U);
}

TEST(CEngine, CountersFillWhatTheCallerHasRoomFor) {
  const Engine engine = engine_with();
  feed(engine, testing::datagram(7), kSecond);
  fs_counters counters{.size = offsetof(fs_counters, packets_tracked), .packets_tracked = 77};
  fs_engine_counters(engine.get(), &counters);
  EXPECT_EQ(counters.packets_received, 1U);
  EXPECT_EQ(counters.packets_tracked, 77U);
}

TEST(CEngine, CallersOfTheFirstVersionGetCountersWhereTheyExpectThem) {
  // A caller's own array of 64-bit words, as FS_ABI 1 laid them out: the size, then 16 figures.
  constexpr size_t kWordsBefore = 17, kShed = 16;
  static_assert(offsetof(fs_counters, records_shed) == kShed * sizeof(uint64_t));
  static_assert(offsetof(fs_counters, packets_resteer_full) == kWordsBefore * sizeof(uint64_t));
  const Engine engine = engine_with();
  feed(engine, testing::datagram(7), kSecond);
  std::array<uint64_t, kWordsBefore + 1> words{};
  words.front() = kWordsBefore * sizeof(uint64_t);
  words.back() = 77;
  fs_engine_counters(engine.get(), reinterpret_cast<fs_counters*>(words.data()));
  EXPECT_EQ(words.front(), kWordsBefore * sizeof(uint64_t));
  EXPECT_EQ(words.at(1), 1U) << "received";
  EXPECT_EQ(words.back(), 77U) << "behind what this caller knows";
}

TEST(CEngine, EachPacketHasOneOfTheFigures) {
  const Engine engine = engine_with();
  feed(engine, testing::datagram(7), kSecond);
  const fs_packet cut{.frame = nullptr, .captured_bytes = 60, .link_type = 1};
  EXPECT_EQ(fs_engine_feed(engine.get(), &cut, 1), 1U);
  const fs_counters now = counters_of(engine);
  EXPECT_EQ(now.packets_received, 2U);
  EXPECT_EQ(now.packets_tracked + now.packets_not_ip + now.packets_truncated + now.packets_malformed
                + now.packets_unknown_link + now.packets_fragment + now.packets_bad_checksum
                + now.packets_duplicate + now.packets_resteer_full,
            now.packets_received);
}

TEST(CEngine, NamesTheOptionAndWhatIsExpected) {
  EXPECT_EQ(refusal_of({.flows_max = UINT32_MAX}),
            "flows_max: 4294967295 is not within 1 to 1073741824");
  EXPECT_EQ(refusal_of({.streams_max = UINT32_MAX}),
            "streams_max: 4294967295 is not within 1 to 16777216");
  EXPECT_EQ(refusal_of({.buffers_bytes = 1}),
            "buffers_bytes: 1 is not within 1048576 to 1099511627776");
  EXPECT_EQ(refusal_of({.ring_bytes = 1024}),
            "ring_bytes: 1024 is not within 262144 to 4294967296");
  EXPECT_EQ(refusal_of({.interim_ns = 1}),
            "interim_ns: 1 is not within 1000000 to 18446744073709551615");
  EXPECT_EQ(refusal_of({.tunnels = 2}), "tunnels: 2 is not within 0 to 1");
  EXPECT_EQ(refusal_of({.checksums = 3}), "checksums: 3 is not within 0 to 2");
  EXPECT_EQ(refusal_of({.mute = 8}), "mute: 8 is not within 0 to 3");
  EXPECT_EQ(refusal_of({.flags = 4}), "flags: 4 is not within 0 to 3");
  EXPECT_EQ(refusal_of({.parsers = "nosuch"})
                .find("parsers: no parser \"nosuch\" is built in; "
                      "expected none, or some of "),
            0U);
  EXPECT_NE(refusal_of({.parsers = ""}), "");
  EXPECT_EQ(refusal_of({.overlap = "beos"})
                .find("overlap: \"beos\" is not known; expected one of first, last, bsd, "),
            0U);
}

Frame client_says(uint32_t seq, std::string_view text) {
  return PacketBuilder()
      .ethernet()
      .ipv4("10.0.0.1", "10.0.0.2")
      .tcp(1000, 80, {.seq = seq, .ack = 1, .flags = tcp_flag::kAck})
      .payload(text)
      .build();
}
// The text of the URL that an engine with these options reads where two copies of it differ.
std::string url_read_with(fs_options options) {
  const Engine engine = engine_with(options);
  feed(engine, testing::client(tcp_flag::kSyn, 0), kSecond);
  feed(engine, client_says(6, "aaa HTTP/1.1\r\n\r\n"), kSecond);
  feed(engine, client_says(6, "bbb HTTP/1.1\r\n\r\n"), kSecond);
  feed(engine, client_says(1, "GET /"), kSecond);
  fs_engine_finish(engine.get());
  while (const fs_record* record = fs_engine_poll(engine.get())) {
    if (std::string_view(record->event) == "http") return json::parse(record->json)["http"]["url"];
  }
  return "";
}

TEST(CEngine, ReadsStreamsAsTheSystemThatIsWatched) {
  EXPECT_EQ(url_read_with({}), "/aaa");
  EXPECT_EQ(url_read_with({.overlap = "first"}), "/aaa");
  EXPECT_EQ(url_read_with({.overlap = "last"}), "/bbb");
}

TEST(CEngine, ParsesStreamsAsDeepAsItIsTold) {
  EXPECT_EQ(url_read_with({.depth_bytes = 30}), "/aaa");
  EXPECT_EQ(url_read_with({.depth_bytes = 3}), "");
}

TEST(CEngine, KnowsOptionsOfOlderAndNewerCallers) {
  struct {
    fs_options options;
    uint64_t later_option;
  } newer{};
  fs_error error{};
  newer.options.size = sizeof newer;
  EXPECT_NE(Engine(fs_engine_create(&newer.options, &error)), nullptr)
      << "what is not known stands at its default";
  newer.later_option = 1;
  EXPECT_EQ(Engine(fs_engine_create(&newer.options, &error)), nullptr);
  EXPECT_EQ(std::string(error.message).find("size: options are set that this library, "), 0U);

  fs_options older{.flags = 1000};
  older.size = offsetof(fs_options, flags);
  EXPECT_NE(Engine(fs_engine_create(&older, &error)), nullptr) << "flags lie behind its end";
  older.size = 0;
  EXPECT_EQ(Engine(fs_engine_create(&older, &error)), nullptr);
  EXPECT_STREQ(error.message, "size: 0; expected sizeof(fs_options)");
}

}  // namespace
}  // namespace flowscope
