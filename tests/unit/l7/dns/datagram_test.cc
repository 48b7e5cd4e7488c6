#include <gtest/gtest.h>

#include <string>

#include "l7/dns/dns.h"
#include "tests/unit/l7/dns/message_builder.h"
#include "tests/unit/l7/dns/recording_sink.h"

namespace flowscope::dns {
namespace {

using namespace std::string_literals;

static_assert(DatagramParser<DnsDatagramParser, RecordingSink>);

class DnsDatagram : public ::testing::Test {
 protected:
  ParseStatus feed(const MessageBuilder& message) { return feed(message.text()); }
  ParseStatus feed(const std::string& payload) {
    return parser_.on_datagram(FlowSide::Initiator, Bytes::of(payload), Timestamp{}, sink_);
  }

  Arena arena_ =
      std::move(Arena::create(BufferPool::cost(1 << 20), Arena::Populate::Lazily).value());
  BufferPool pool_{arena_, 1 << 20};
  DnsDatagramParser parser_{ParserSetup{pool_}};
  RecordingSink sink_;
};

Probe probe_on(uint16_t port, const MessageBuilder& message) {
  return DnsDatagramParser::probe_datagram(message.bytes(), 40000, port);
}

TEST_F(DnsDatagram, NumbersTheMessagesOfAFlow) {
  EXPECT_EQ(feed(a_query("a.test")), ParseStatus::Ok);
  EXPECT_EQ(feed(a_query("b.test")), ParseStatus::Ok);
  ASSERT_EQ(sink_.messages.size(), 2U);
  EXPECT_NE(sink_.messages[1].find("tx_id=1 "), std::string::npos);
  EXPECT_TRUE(sink_.anomalies.empty());
}

TEST_F(DnsDatagram, ReportsWhatIsThereOfACutMessage) {
  feed(MessageBuilder(1, 0x8180, 1, 2)
           .question("a.test", 1)
           .record(1, 60, "\1\2\3\4")
           .pointer(12)
           .u16(1));
  ASSERT_EQ(sink_.messages.size(), 1U);
  EXPECT_NE(sink_.messages[0].find("answers=[{rrname=a.test rrtype=A ttl=60 rdata=1.2.3.4}]"),
            std::string::npos);
  EXPECT_EQ(sink_.anomalies, std::vector<std::string>{"dns_malformed"});
}

TEST_F(DnsDatagram, ReportsTheCodeOfAResponseWithoutReadableEntries) {
  feed(MessageBuilder(1, 0x8183, 1).labels("www"));
  ASSERT_EQ(sink_.messages.size(), 1U);
  EXPECT_NE(sink_.messages[0].find("rcode=NXDOMAIN"), std::string::npos);
}

TEST_F(DnsDatagram, CountsAnAnomalyOncePerMessage) {
  feed(MessageBuilder(1, 0x8180, 1, 3)
           .question("a.test", 1)
           .record(1, 60, "\1")
           .record(1, 60, "\1")
           .record(1, 60, "\1"));
  EXPECT_EQ(sink_.anomalies.size(), 1U);
}

TEST_F(DnsDatagram, GivesUpAfterThreeThingsInARowThatAreNoMessages) {
  EXPECT_EQ(feed("junk"), ParseStatus::Ok);
  EXPECT_EQ(feed("junk"), ParseStatus::Ok);
  EXPECT_EQ(feed(a_query("a.test")), ParseStatus::Ok);
  EXPECT_EQ(feed("junk"), ParseStatus::Ok);
  EXPECT_EQ(feed("junk"), ParseStatus::Ok);
  EXPECT_EQ(feed("junk"), ParseStatus::Poisoned);
  EXPECT_EQ(sink_.anomalies.size(), 5U);
  EXPECT_EQ(sink_.messages.size(), 1U);
}

TEST_F(DnsDatagram, SurvivesCountsThatNoMessageCanHold) {
  MessageBuilder bomb(1, 0x8180, 1, 0xffff, 0xffff, 0xffff);
  bomb.question("a.test", 1);
  while (bomb.size() < 65000) bomb.record(5, 1, "\300\14"s);
  feed(bomb);
  ASSERT_EQ(sink_.messages.size(), 1U);
  EXPECT_NE(sink_.messages[0].find(" records_omitted="), std::string::npos);
  EXPECT_EQ(sink_.anomalies.size(), 1U);
}

TEST(DnsDatagramProbe, TakesAClearMessageOnAnyPort) {
  EXPECT_EQ(probe_on(9999, a_query("www.example.com")), Probe::Match);
  const auto response =
      MessageBuilder(1, 0x8180, 1, 1).question("www.example.com", 1).record(1, 60, "\1\2\3\4");
  EXPECT_EQ(probe_on(9999, response), Probe::Match);
}

TEST(DnsDatagramProbe, TakesNoDoubtfulMessageOnOtherPorts) {
  EXPECT_EQ(probe_on(9999, a_query("a.test").u8(0)), Probe::NoMatch) << "a byte too many";
  EXPECT_EQ(probe_on(9999, MessageBuilder(1, 0x0100).question("a.test", 1, 77)), Probe::NoMatch)
      << "class";
  EXPECT_EQ(probe_on(9999, MessageBuilder(1, 0x0100, 0)), Probe::NoMatch) << "nothing in it";
  EXPECT_EQ(probe_on(9999, MessageBuilder(1, 0x0140).question("a.test", 1)), Probe::NoMatch)
      << "Z bit";
  EXPECT_EQ(probe_on(9999, MessageBuilder(1, 0x7900).question("a.test", 1)), Probe::NoMatch)
      << "opcode";
  EXPECT_EQ(probe_on(9999, MessageBuilder(1, 0x0103).question("a.test", 1)), Probe::NoMatch)
      << "a request with a result code";
}

TEST(DnsDatagramProbe, IsLenientOnTheDnsPorts) {
  for (const uint16_t port : std::initializer_list<uint16_t>{53, 5353, 5355}) {
    EXPECT_EQ(probe_on(port, MessageBuilder(1, 0x0100).question("a.test", 1, 0x8001)),
              Probe::Match);
    EXPECT_EQ(probe_on(port, MessageBuilder(1, 0x8105, 0)), Probe::Match) << "a bare refusal";
    EXPECT_EQ(probe_on(port, MessageBuilder(1, 0x0100, 1, 0xffff).question("a.test", 1)),
              Probe::Match);
    EXPECT_EQ(probe_on(port, MessageBuilder(1, 0x0100, 0)), Probe::NoMatch) << "twelve empty bytes";
  }
}

TEST(DnsDatagramProbe, KnowsTextFromMessagesOnPort53) {
  const std::string text = "GET / HTTP/1.1\r\nHost: a.test\r\nUser-Agent: x\r\n\r\n";
  EXPECT_EQ(DnsDatagramParser::probe_datagram(Bytes::of(text), 40000, 53), Probe::NoMatch);
}

TEST(DnsDatagramProbe, LeavesNetbiosNamesAlone) {
  const auto request = MessageBuilder(1, 0x0110).question("EFEDEJFPEEEPENEBEJEOCACACACACABM", 32);
  EXPECT_EQ(probe_on(137, request), Probe::NoMatch);
  EXPECT_EQ(probe_on(9999, request), Probe::NoMatch);
  EXPECT_EQ(probe_on(137, a_query("a.test")), Probe::NoMatch);
}

}  // namespace
}  // namespace flowscope::dns
