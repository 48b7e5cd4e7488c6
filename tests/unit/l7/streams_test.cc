#include "l7/streams.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/unit/l7/streams_rig.h"

namespace flowscope {
namespace {

using testing::HttpFlow;
using testing::StreamsRig;
using Words = std::vector<std::string>;

const std::string kRequest = "GET /index HTTP/1.1\r\nHost: a.example\r\n\r\n";
const std::string kAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789";
const uint32_t kRequestBytes = static_cast<uint32_t>(kRequest.size());
const uint32_t kAnswerBytes = static_cast<uint32_t>(kAnswer.size());
constexpr const char* kConflict = "stream.reassembly_overlap_different_data";

StreamsOptions small_options() {
  return {.datagrams_max = 64, .streams_max = 4096, .buffers_bytes = size_t{8} << 20};
}

class StreamsTest : public ::testing::Test {
 protected:
  void open() {
    rig_.give(flow_.syn());
    rig_.give(flow_.syn_ack());
    rig_.give(flow_.client(0, {}));
  }
  [[nodiscard]] const StreamsCounters& counters() const { return rig_.streams().counters(); }

  StreamsRig rig_{small_options()};
  HttpFlow flow_;
};

TEST_F(StreamsTest, PutsBothSidesInOrderForTheParser) {
  open();
  rig_.give(flow_.client(10, kRequest.substr(10)));
  rig_.give(flow_.client(0, kRequest.substr(0, 10)));
  rig_.give(flow_.server(20, kAnswer.substr(20), kRequestBytes));
  rig_.give(flow_.server(0, kAnswer.substr(0, 20), kRequestBytes));
  EXPECT_EQ(rig_.said(), Words{"http"});
  rig_.finish();
  EXPECT_EQ(counters().out_of_order.value(), 2U);
  EXPECT_EQ(rig_.gap_bytes, 0U);
  EXPECT_EQ(rig_.streams().bytes_in_use(), 0U);
}

TEST_F(StreamsTest, TellsTheFlowsRecordWhatWasMissed) {
  open();
  rig_.give(flow_.client(0, kRequest));
  // Ten bytes of body are lost, which the client acknowledges with the next answer.
  rig_.give(flow_.server(0, kAnswer.substr(0, kAnswerBytes - 10), kRequestBytes));
  rig_.give(flow_.client(kRequestBytes, kRequest, kAnswerBytes));
  rig_.give(flow_.server(kAnswerBytes, kAnswer, 2 * kRequestBytes));
  rig_.step_ns = TcpStream::kAckGrace_ns;
  rig_.give(flow_.client(2 * kRequestBytes, {}, 2 * kAnswerBytes));
  EXPECT_EQ(rig_.said(), (Words{"http", "http"}));
  rig_.finish();
  EXPECT_EQ(rig_.gap_bytes, 10U);
  EXPECT_EQ(rig_.live_gap_bytes, 10U);
  EXPECT_EQ(counters().gap_bytes.value(), 10U);
}

TEST_F(StreamsTest, RemembersWhatWasMissedOfAFlowThatIsNoLongerFollowed) {
  open();
  rig_.give(flow_.client(5, "\x01\x02"));
  rig_.give(flow_.server(0, {}, 7));
  rig_.step_ns = TcpStream::kAckGrace_ns;
  rig_.give(flow_.server(0, {}, 7));
  for (uint32_t i = 0; i < 40; ++i) rig_.give(flow_.client(7 + 2 * i, "\x01\x02"));
  EXPECT_EQ(rig_.streams().sessions_open(), 0U) << "nothing that anybody knows";
  rig_.finish();
  EXPECT_EQ(rig_.gap_bytes, 5U);
  EXPECT_EQ(rig_.live_gap_bytes, 5U);
}

TEST_F(StreamsTest, TellsOnceForASideThatCopiesOfItsBytesDiffer) {
  open();
  for (const char* text : {"good", "evil", "vile"}) rig_.give(flow_.client(10, text));
  EXPECT_EQ(rig_.said(), Words{std::string(kConflict) + " i"});
  for (const char* text : {"good", "evil"}) rig_.give(flow_.server(10, text));
  EXPECT_EQ(rig_.said(), (Words{std::string(kConflict) + " i", std::string(kConflict) + " r"}));
  rig_.finish();
  EXPECT_EQ(counters().conflicts.value(), 3U);
}

TEST_F(StreamsTest, RefusesASegmentThatItsReceiverWouldRefuse) {
  open();
  rig_.give(flow_.client(0, kRequest.substr(0, 10)));
  rig_.give(flow_.client(3'000'000, "forged, far outside the window", 9'000'000));
  rig_.give(flow_.client(3'000'000, "the same with FIN", 9'000'000, tcp_flag::kFin));
  rig_.give(flow_.client(10, kRequest.substr(10)));
  rig_.give(flow_.server(0, kAnswer, kRequestBytes));
  EXPECT_EQ(rig_.said(), Words{"http"});
  EXPECT_EQ(counters().strays.value(), 2U);
  rig_.finish();
  EXPECT_EQ(rig_.gap_bytes, 0U);
}

TEST_F(StreamsTest, IgnoresThePayloadOfAnRst) {
  open();
  rig_.give(flow_.client(0, kRequest));
  rig_.give(flow_.server(0, kAnswer, kRequestBytes, tcp_flag::kRst));
  rig_.finish();
  EXPECT_EQ(rig_.streams().sessions_open(), 0U);
  EXPECT_EQ(rig_.said().size(), 1U) << "the request without its answer";
}

TEST_F(StreamsTest, DoesNotEndAStreamAtAFinThatDoesNotFit) {
  open();
  rig_.give(flow_.client(0, kRequest));
  rig_.give(flow_.server(0, kAnswer.substr(0, 30), kRequestBytes));
  // A forged FIN of each side before bytes that were sent already.
  rig_.give(flow_.server(5, {}, kRequestBytes, tcp_flag::kFin));
  rig_.give(flow_.client(5, {}, 30, tcp_flag::kFin));
  EXPECT_EQ(rig_.streams().sessions_open(), 1U);
  rig_.give(flow_.server(30, kAnswer.substr(30), kRequestBytes));
  EXPECT_EQ(rig_.said(), Words{"http"});
}

TEST_F(StreamsTest, TakesTheBytesBeforeAFinThatDoesNotFit) {
  open();
  rig_.give(flow_.client(20, kRequest.substr(20)));
  rig_.give(flow_.client(0, kRequest.substr(0, 20), 0, tcp_flag::kFin));
  rig_.give(flow_.server(0, kAnswer, kRequestBytes));
  EXPECT_EQ(rig_.said(), Words{"http"});
}

TEST_F(StreamsTest, TakesTheBytesOfASynAndAnchorsTheOtherSideLater) {
  rig_.give(flow_.syn(kRequest.substr(0, 10)));
  rig_.give(flow_.syn_ack());
  // None of it was acknowledged: it is sent again.
  rig_.give(flow_.client(0, kRequest));
  rig_.give(flow_.server(20, kAnswer.substr(20), kRequestBytes));
  rig_.give(flow_.server(0, kAnswer.substr(0, 20), kRequestBytes));
  EXPECT_EQ(rig_.said(), Words{"http"});
  rig_.finish();
  EXPECT_EQ(rig_.gap_bytes, 0U);
}

TEST_F(StreamsTest, IgnoresASynAckThatLiesElsewhere) {
  open();
  testing::Frame forged =
      testing::PacketBuilder()
          .ethernet()
          .ipv4("10.0.0.2", "10.0.0.1")
          .tcp(80, 1000, {.seq = 0x60000000, .flags = tcp_flag::kSyn | tcp_flag::kAck})
          .build();
  rig_.give(forged);
  rig_.give(flow_.client(0, kRequest));
  rig_.give(flow_.server(20, kAnswer.substr(20), kRequestBytes));
  rig_.give(flow_.server(0, kAnswer.substr(0, 20), kRequestBytes));
  EXPECT_EQ(rig_.said(), Words{"http"});
}

TEST_F(StreamsTest, GivesAllMemoryBackAfterManyShortSessions) {
  for (uint32_t round = 0; round < 10; ++round) {
    for (uint32_t i = 0; i < 300; ++i) {
      const HttpFlow flow(static_cast<uint16_t>(1000 + round * 300 + i));
      rig_.give(flow.syn());
      rig_.give(flow.syn_ack());
      rig_.give(flow.client(10, kRequest.substr(10)));
      if (i % 3 != 0) rig_.give(flow.client(0, kRequest.substr(0, 10)));
      rig_.give(flow.server(20, kAnswer.substr(20), kRequestBytes));
      if (i % 2 != 0) rig_.give(flow.server(0, kAnswer.substr(0, 20), kRequestBytes));
    }
    rig_.finish();
    ASSERT_EQ(rig_.streams().bytes_in_use(), 0U) << "round " << round;
    ASSERT_EQ(rig_.streams().sessions_open(), 0U);
  }
}

TEST_F(StreamsTest, NamesAFlowWithoutAParserAndLeavesItAlone) {
  open();
  rig_.give(flow_.client(0, {"AMQP\x00\x00\x09\x01", 8}));
  EXPECT_EQ(rig_.streams().sessions_open(), 0U);
  rig_.finish();
  EXPECT_EQ(rig_.named, Words{"amqp"});
  EXPECT_EQ(counters().identified.value(), 1U);
  EXPECT_TRUE(rig_.said().empty());
}

TEST_F(StreamsTest, FindsAParserBehindAProtocolThatIsOnlyAWay) {
  open();
  rig_.give(flow_.client(0, {"\x05\x01\x00", 3}));
  rig_.give(flow_.server(0, {"\x05\x00", 2}, 3));
  rig_.give(flow_.client(3, {"\x05\x01\x00\x01\x0a\x00\x00\x02\x00\x50", 10}, 2));
  rig_.give(flow_.server(2, {"\x05\x00\x00\x01\x0a\x00\x00\x02\x00\x50", 10}, 13));
  rig_.give(flow_.client(13, kRequest, 12));
  rig_.give(flow_.server(12, kAnswer, 13 + kRequestBytes));
  EXPECT_EQ(rig_.said(), Words{"http"});
  rig_.finish();
  EXPECT_EQ(rig_.named, Words{"http behind socks"});
  EXPECT_EQ(counters().identified.value(), 1U);
}

TEST_F(StreamsTest, DoesNotGiveAParserWhatTheOtherSideSaidBefore) {
  open();
  rig_.give(flow_.client(0, {"\x00\x00\x00\x08\x04\xd2\x16\x2f", 8}));
  // One byte that a method of HTTP could begin with, and that answers the request for TLS.
  rig_.give(flow_.server(0, "S", 8));
  rig_.give(flow_.client(8, kRequest, 1));
  rig_.give(flow_.server(1, kAnswer, 8 + kRequestBytes));
  EXPECT_EQ(rig_.said(), Words{"http"}) << "one transaction and no anomaly";
  rig_.finish();
  EXPECT_EQ(rig_.named, Words{"http behind pgsql"});
}

// A parser that hears of a proper end writes a head that is not whole; one that was cut off does
// not.
TEST_F(StreamsTest, CutsAFlowOffWhoseEndpointsBeginAnew) {
  open();
  rig_.give(flow_.client(0, kRequest.substr(0, kRequestBytes - 4)));
  rig_.give(testing::PacketBuilder()
                .ethernet()
                .ipv4("10.0.0.1", "10.0.0.2")
                .tcp(1000, 80, {.seq = 1'000'000'000, .flags = tcp_flag::kSyn})
                .build());
  rig_.finish();
  EXPECT_EQ(rig_.named, (Words{"http", "nothing"}));
  EXPECT_TRUE(rig_.said().empty());
}

TEST_F(StreamsTest, WritesAHeadThatTheEndOfTheInputCut) {
  open();
  rig_.give(flow_.client(0, kRequest.substr(0, kRequestBytes - 4)));
  rig_.finish();
  EXPECT_FALSE(rig_.said().empty());
}

TEST_F(StreamsTest, HearsBothProtocolsWhereTheSidesDisagree) {
  open();
  rig_.give(flow_.client(0, kRequest));
  const std::string banner = "SSH-2.0-OpenSSH_9.6p1\r\n";
  rig_.give(flow_.server(0, banner, kRequestBytes));
  rig_.give(flow_.server(static_cast<uint32_t>(banner.size()),
                         "Invalid SSH identification string.\r\n", kRequestBytes));
  rig_.finish();
  EXPECT_EQ(rig_.said(), (Words{"applayer_mismatch_protocol_both_directions", "http",
                                "ssh_invalid_packet", "ssh"}));
  EXPECT_EQ(rig_.named, Words{"ssh behind http"});
}

TEST_F(StreamsTest, KeepsAParserWhoseAnswerIsOnlyBad) {
  open();
  rig_.give(flow_.client(0, kRequest));
  rig_.give(flow_.server(0, "no answer at all, of any protocol\r\n", kRequestBytes));
  rig_.finish();
  EXPECT_EQ(rig_.said(), (Words{"http_malformed", "http"}));
  EXPECT_EQ(rig_.named, Words{"http"});
}

TEST(StreamsDatagrams, NamesFlowsWithoutAParser) {
  StreamsRig rig(small_options());
  const auto datagram = [](uint16_t port, std::string_view payload) {
    return testing::PacketBuilder()
        .ethernet()
        .ipv4("10.0.0.1", "10.0.0.2")
        .udp(4000, port)
        .payload(payload)
        .build();
  };
  rig.give(datagram(6881, "d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:y1:qe"));
  rig.give(datagram(9999, "nothing that anybody knows"));
  rig.finish();
  std::sort(rig.named.begin(), rig.named.end());
  EXPECT_EQ(rig.named, (Words{"bittorrent-dht", "nothing"}));
}

TEST(StreamsGaps, TellsThemForAsManyFlowsAsComeOneAfterTheOther) {
  StreamsOptions options = small_options();
  options.streams_max = 4;
  StreamsRig rig(options);
  for (uint16_t i = 0; i < 100; ++i) {
    const HttpFlow flow(static_cast<uint16_t>(1000 + i));
    rig.give(flow.syn());
    rig.give(flow.syn_ack());
    rig.give(flow.client(7, "later"));
    // The reset drops the session before the flow ends.
    rig.give(flow.server(0, {}, 0, tcp_flag::kRst));
    rig.finish();
  }
  EXPECT_EQ(rig.gap_bytes, 700U);
  EXPECT_EQ(rig.streams().counters().gaps_untold.value(), 0U);
  EXPECT_EQ(rig.streams().counters().sessions_refused.value(), 0U);
}

TEST(StreamsDepth, FollowsEachSideAsFarAsItIsTold) {
  StreamsOptions options = small_options();
  options.depth_bytes = 200;
  StreamsRig rig(options);
  const HttpFlow flow;
  rig.give(flow.syn());
  rig.give(flow.syn_ack());
  rig.give(flow.client(0, kRequest));
  const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n";
  rig.give(flow.server(0, head, kRequestBytes));
  rig.give(flow.server(1000, std::string(1000, 'x'), kRequestBytes));
  EXPECT_NE(rig.streams().bytes_in_use(), 0U);
  rig.give(flow.server(static_cast<uint32_t>(head.size()), std::string(500, 'x'), kRequestBytes));
  EXPECT_EQ(rig.streams().counters().depth_reached.value(), 1U);
  EXPECT_EQ(rig.streams().sessions_open(), 1U) << "the client's side is not that far";
  rig.give(flow.client(kRequestBytes, std::string(300, 'y')));
  EXPECT_EQ(rig.streams().counters().depth_reached.value(), 2U);
  EXPECT_EQ(rig.streams().sessions_open(), 0U);
  EXPECT_EQ(rig.streams().bytes_in_use(), 0U);
  rig.finish();
  EXPECT_EQ(rig.gap_bytes, 0U);
}

TEST(StreamsOverflow, GivesAFlowUpWhereThePolicySaysSo) {
  StreamsOptions options = small_options();
  options.segments.bytes_per_side_max = 1024;
  options.segments.overflow = OverflowPolicy::DropFlow;
  StreamsRig rig(options);
  const HttpFlow flow;
  rig.give(flow.syn());
  rig.give(flow.syn_ack());
  for (uint32_t i = 1; i < 6; ++i) rig.give(flow.client(i * 1000, "far ahead"));
  EXPECT_EQ(rig.said(), Words{"stream.reassembly_overflow i"});
  EXPECT_EQ(rig.streams().sessions_open(), 0U);
  EXPECT_EQ(rig.streams().bytes_in_use(), 0U);
  EXPECT_EQ(rig.streams().counters().poisoned.value(), 1U);
  EXPECT_GE(rig.streams().counters().dropped_bytes.value(), 9U);
}

}  // namespace
}  // namespace flowscope
