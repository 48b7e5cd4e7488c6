#include "l7/dns/conversation.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "l7/dns/dns.h"
#include "tests/unit/l7/dns/message_builder.h"
#include "tests/unit/l7/dns/recording_sink.h"

namespace flowscope::dns {
namespace {

using namespace std::string_literals;

constexpr uint64_t kMillisecondNs = 1'000'000;
constexpr uint64_t kStartNs = 1'700'000'000'000'000'000;

MessageBuilder an_answer(std::string_view name, uint16_t id = 7) {
  return MessageBuilder(id, 0x8180).question(name, 1);
}

// The part of a description between the result code and the questions.
std::string pairing_of(const std::string& description) {
  const size_t start = description.find("rcode=NOERROR") + 13;
  const std::string part = description.substr(start, description.find("queries=") - start);
  return part.size() < 2 ? "" : part.substr(1, part.size() - 2);
}

class DnsPairing : public ::testing::Test {
 protected:
  // What is said of the message, sent so many milliseconds after the start.
  std::string send(FlowSide side, uint64_t ms, const MessageBuilder& message) {
    EXPECT_EQ(parser_.on_datagram(side, message.bytes(), at(ms), sink_), ParseStatus::Ok);
    return pairing_of(sink_.messages.back());
  }
  std::string ask(uint64_t ms, const MessageBuilder& message) {
    return send(FlowSide::Initiator, ms, message);
  }
  std::string answer(uint64_t ms, const MessageBuilder& message) {
    return send(FlowSide::Responder, ms, message);
  }
  static Timestamp at(uint64_t ms) { return {kStartNs + ms * kMillisecondNs}; }

  Arena arena_ =
      std::move(Arena::create(BufferPool::cost(1 << 20), Arena::Populate::Lazily).value());
  BufferPool pool_{arena_, 1 << 20};
  DnsDatagramParser parser_{ParserSetup{pool_}};
  RecordingSink sink_;
};

TEST_F(DnsPairing, TellsHowLongAnAnswerTook) {
  EXPECT_EQ(ask(0, a_query("a.test")), "");
  EXPECT_EQ(answer(25, an_answer("a.test")), "query_tx_id=0 rtt_us=25000");
  EXPECT_EQ(pool_.bytes_in_use(), 0U);
  EXPECT_TRUE(sink_.anomalies.empty());
}

TEST_F(DnsPairing, LooksAtNameAndTypeBesidesTheId) {
  ask(0, a_query("a.test"));
  EXPECT_EQ(answer(1, an_answer("b.test")), "unpaired=true");
  EXPECT_EQ(answer(2, MessageBuilder(7, 0x8180).question("a.test", 28)), "unpaired=true");
  EXPECT_EQ(answer(3, an_answer("a.test", 8)), "unpaired=true");
  EXPECT_EQ(send(FlowSide::Initiator, 4, an_answer("a.test")), "unpaired=true") << "own answer";
  EXPECT_EQ(answer(5, an_answer("a.test")), "query_tx_id=0 rtt_us=5000");
}

TEST_F(DnsPairing, TellsOfSpellingsThatDiffer) {
  ask(0, a_query("wWw.A.test"));
  EXPECT_EQ(answer(1, an_answer("www.a.test")),
            "query_tx_id=0 rtt_us=1000 rrname_case_differs=true");
  ask(2, a_query("wWw.A.test"));
  EXPECT_EQ(answer(3, an_answer("wWw.A.test")), "query_tx_id=2 rtt_us=1000");
}

TEST_F(DnsPairing, PairsAResponseWithoutQuestionByItsId) {
  ask(0, a_query("a.test"));
  answer(1, MessageBuilder(7, 0x8105, 0));
  EXPECT_NE(sink_.messages.back().find("query_tx_id=0 rtt_us=1000"), std::string::npos);
}

TEST_F(DnsPairing, PairsQueriesOfBothSides) {
  ask(0, a_query("a.test"));
  send(FlowSide::Responder, 1, a_query("a.test"));
  EXPECT_EQ(send(FlowSide::Initiator, 2, an_answer("a.test")), "query_tx_id=1 rtt_us=1000");
  EXPECT_EQ(answer(3, an_answer("a.test")), "query_tx_id=0 rtt_us=3000");
}

TEST_F(DnsPairing, CountsRetransmissionsAndMeasuresFromTheLast) {
  ask(0, a_query("a.test"));
  EXPECT_EQ(ask(1000, a_query("A.test")), "retransmission_of=0");
  EXPECT_EQ(answer(1010, an_answer("a.test")),
            "query_tx_id=0 rtt_us=10000 query_retransmissions=1 wait_us=1010000");
  EXPECT_EQ(answer(1020, an_answer("a.test")), "duplicate=true") << "the answer to the other copy";
  EXPECT_EQ(pool_.bytes_in_use(), 0U);
  parser_.on_end(StreamEnd::Graceful, sink_);
  EXPECT_TRUE(sink_.unanswered.empty());
  EXPECT_TRUE(sink_.anomalies.empty());
}

TEST_F(DnsPairing, KeepsAQueryThatWasSentTwiceForItsSecondAnswerOnly) {
  ask(0, a_query("a.test"));
  ask(1, a_query("a.test"));
  answer(2, an_answer("a.test"));
  parser_.on_end(StreamEnd::Graceful, sink_);
  EXPECT_TRUE(sink_.unanswered.empty()) << "one answer is enough";
  EXPECT_EQ(pool_.bytes_in_use(), 0U);
}

TEST_F(DnsPairing, TakesAQueryThatWasAnsweredForANewOne) {
  ask(0, a_query("a.test"));
  ask(1, a_query("a.test"));
  answer(2, an_answer("a.test"));
  EXPECT_EQ(ask(3, a_query("a.test")), "");
  EXPECT_EQ(answer(4, an_answer("a.test")), "query_tx_id=3 rtt_us=1000");
}

TEST_F(DnsPairing, TellsACopyOfAnAnswerFromOneThatNobodyAskedFor) {
  ask(0, a_query("a.test"));
  answer(1, an_answer("a.test"));
  EXPECT_EQ(answer(2, an_answer("a.test")), "duplicate=true");
  EXPECT_TRUE(sink_.anomalies.empty());
  EXPECT_EQ(answer(3, an_answer("b.test", 8)), "unpaired=true");
  EXPECT_EQ(sink_.anomalies, std::vector<std::string>{"dns_unsolicited_response"});
}

TEST_F(DnsPairing, HoldsNothingAgainstTheAnswerThatAFlowBeginsWith) {
  EXPECT_EQ(answer(0, an_answer("a.test")), "unpaired=true");
  ask(1, a_query("b.test", 8));
  EXPECT_EQ(answer(2, an_answer("c.test", 9)), "unpaired=true");
  EXPECT_TRUE(sink_.anomalies.empty()) << "other queries may have come before it as well";
}

TEST_F(DnsPairing, ReportsAQueryThatNobodyAnsweredAfterThirtySeconds) {
  ask(0, a_query("a.test"));
  ask(29'999, a_query("b.test", 8));
  EXPECT_TRUE(sink_.unanswered.empty());
  ask(30'000, a_query("c.test", 9));
  EXPECT_EQ(sink_.unanswered,
            std::vector<std::string>{
                "> version=3 type=unanswered tx_id=0 id=7 reason=timeout "
                "query_time_us=1700000000000000 queries=[{rrname=a.test rrtype=A}]"});
  EXPECT_EQ(answer(30'001, an_answer("a.test")), "unpaired=true");
  EXPECT_TRUE(sink_.anomalies.empty()) << "it came late, that is all";
}

TEST_F(DnsPairing, ReportsInTimeToADriverThatSweeps) {
  ask(0, a_query("a.test"));
  parser_.on_tick(at(29'999), sink_);
  EXPECT_TRUE(sink_.unanswered.empty());
  parser_.on_tick(at(30'000), sink_);
  EXPECT_EQ(sink_.unanswered.size(), 1U);
  EXPECT_EQ(pool_.bytes_in_use(), 0U);
}

TEST_F(DnsPairing, ReportsWhatStillWaitsAtAnEndInOrder) {
  ask(0, a_query("a.test"));
  ask(1, a_query("a.test"));
  ask(2, a_query("b.test", 8));
  parser_.on_end(StreamEnd::Graceful, sink_);
  ASSERT_EQ(sink_.unanswered.size(), 2U);
  EXPECT_NE(sink_.unanswered[0].find("reason=end query_time_us=1700000000000000 "
                                     "query_retransmissions=1 queries=[{rrname=a.test"),
            std::string::npos);
  EXPECT_EQ(pool_.bytes_in_use(), 0U);
}

TEST_F(DnsPairing, ReportsNothingWhereTheFlowWasCutOff) {
  ask(0, a_query("a.test"));
  parser_.on_end(StreamEnd::Abort, sink_);
  EXPECT_TRUE(sink_.unanswered.empty());
  EXPECT_EQ(pool_.bytes_in_use(), 0U);
}

TEST_F(DnsPairing, DropsTheOldestQueryWhenTooManyWait) {
  for (uint32_t i = 0; i <= kPendingQueriesMax; ++i)
    ask(i, a_query("a.test", static_cast<uint16_t>(i)));
  ASSERT_EQ(sink_.unanswered.size(), 1U);
  EXPECT_NE(sink_.unanswered[0].find("tx_id=0 id=0 reason=overflow"), std::string::npos);
  EXPECT_EQ(answer(1000, an_answer("a.test", 0)), "unpaired=true");
  EXPECT_EQ(answer(1000, an_answer("a.test", 1)), "query_tx_id=1 rtt_us=999000");
  EXPECT_TRUE(sink_.anomalies.empty());
}

TEST_F(DnsPairing, SaysSoWhenThereIsNoRoomForAQuery) {
  while (!pool_.take(1).empty()) continue;
  EXPECT_EQ(ask(0, a_query("a.test")), "untracked=true");
  EXPECT_EQ(answer(1, an_answer("a.test")), "unpaired=true");
  EXPECT_TRUE(sink_.anomalies.empty());
}

TEST_F(DnsPairing, TakesTimeThatGoesBackForNone) {
  ask(1000, a_query("a.test"));
  EXPECT_EQ(answer(0, an_answer("a.test")), "query_tx_id=0 rtt_us=0");
}

TEST_F(DnsPairing, PairsNotifiesAndUpdates) {
  ask(0, MessageBuilder(3, 0x2400).question("zone.test", 6));
  EXPECT_EQ(answer(1, MessageBuilder(3, 0xa400).question("zone.test", 6)),
            "query_tx_id=0 rtt_us=1000");
  ask(2, MessageBuilder(4, 0x2800).question("zone.test", 6));
  answer(3, MessageBuilder(4, 0xa800, 0, 0, 0, 0));  // RFC 2136 section 3.8: counts may be zero
  EXPECT_NE(sink_.messages.back().find("query_tx_id=2"), std::string::npos);
}

// RFC 8490 section 5.4: a unidirectional message has the id 0 and no answer.
TEST_F(DnsPairing, ExpectsNoAnswerToAOneWayMessage) {
  ask(0, MessageBuilder(0, 0x3000, 1).question("a.test", 1));
  parser_.on_end(StreamEnd::Graceful, sink_);
  EXPECT_TRUE(sink_.unanswered.empty());
}

TEST_F(DnsPairing, DoesNotWaitForTheAnswerToAQuestionItCannotRead) {
  EXPECT_EQ(ask(0, MessageBuilder(1, 0x0100).labels("www").pointer(500).u16(1).u16(1)),
            "untracked=true");
  EXPECT_EQ(pool_.bytes_in_use(), 0U);
  answer(1, MessageBuilder(1, 0x8101, 0));
  EXPECT_EQ(sink_.anomalies, std::vector<std::string>{"dns_malformed"});
}

TEST_F(DnsPairing, LeavesMulticastVariantsUnpaired) {
  for (const uint16_t port : {kMdnsPort, kLlmnrPort}) {
    DnsDatagramParser parser(
        ParserSetup{.buffers = pool_, .source_port = 40000, .destination_port = port});
    RecordingSink sink;
    parser.on_datagram(FlowSide::Initiator, a_query("a.local").bytes(), at(0), sink);
    parser.on_datagram(FlowSide::Responder, an_answer("a.local").bytes(), at(1), sink);
    EXPECT_EQ(sink.messages[1].find("rtt_us"), std::string::npos);
    EXPECT_NE(sink.messages[1].find(port == kMdnsPort ? "variant=mdns" : "variant=llmnr"),
              std::string::npos);
    parser.on_end(StreamEnd::Graceful, sink);
    EXPECT_TRUE(sink.unanswered.empty());
    EXPECT_TRUE(sink.anomalies.empty());
  }
}

}  // namespace
}  // namespace flowscope::dns
