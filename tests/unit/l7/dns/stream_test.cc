#include <gtest/gtest.h>

#include <algorithm>
#include <initializer_list>
#include <random>
#include <string>
#include <vector>

#include "l7/dns/dns.h"
#include "tests/unit/l7/dns/message_builder.h"
#include "tests/unit/l7/dns/recording_sink.h"

namespace flowscope::dns {
namespace {

using namespace std::string_literals;

static_assert(StreamParser<DnsStreamParser, RecordingSink>);

class DnsStream : public ::testing::Test {
 protected:
  ParseStatus feed(const std::string& bytes, FlowSide side = FlowSide::Initiator) {
    return parser_.on_bytes(side, Bytes::of(bytes), Timestamp{}, sink_);
  }
  void lose(uint32_t count) { (void)parser_.on_gap(FlowSide::Initiator, count, sink_); }

  Arena arena_ =
      std::move(Arena::create(BufferPool::cost(1 << 20), Arena::Populate::Lazily).value());
  BufferPool pool_{arena_, 1 << 20};
  DnsStreamParser parser_{ParserSetup{pool_}};
  RecordingSink sink_;
};

// Three pipelined messages, an empty frame between them, one of them damaged and one large.
std::string pipelined_messages() {
  MessageBuilder large(3, 0x8180, 1, 40);
  large.question("large.test", 16);
  for (uint32_t i = 0; i < 40; ++i) large.record(16, i, "\100" + std::string(64, 'x'));
  return a_query("first.test").framed() + "\0\0"s
         + MessageBuilder(2, 0x8180, 1, 1).question("bad.test", 1).record(1, 60, "\1").framed()
         + large.framed();
}

RecordingSink parse_in_pieces(const std::string& stream, const std::vector<size_t>& cuts) {
  auto arena = std::move(Arena::create(BufferPool::cost(1 << 20), Arena::Populate::Lazily).value());
  BufferPool pool(arena, 1 << 20);
  RecordingSink sink;
  {
    DnsStreamParser parser(ParserSetup{pool});
    size_t start = 0;
    for (const size_t cut : cuts) {
      if (cut == start) continue;
      EXPECT_EQ(
          parser.on_bytes(FlowSide::Initiator, Bytes::of(stream).sub(start, cut - start), {}, sink),
          ParseStatus::Ok);
      start = cut;
    }
    parser.on_end(StreamEnd::Graceful, sink);
  }
  EXPECT_EQ(pool.bytes_in_use(), 0U);
  return sink;
}

TEST(DnsStreamSplits, NeverChangeTheMessages) {
  const std::string stream = pipelined_messages();
  const RecordingSink whole = parse_in_pieces(stream, {stream.size()});
  ASSERT_EQ(whole.messages.size(), 3U);
  EXPECT_EQ(whole.anomalies.size(), 1U);

  std::vector<size_t> every_byte(stream.size());
  for (size_t i = 0; i < stream.size(); ++i) every_byte[i] = i + 1;
  EXPECT_EQ(parse_in_pieces(stream, every_byte), whole);

  const uint32_t seed = 20240607;
  std::mt19937 random(seed);
  for (int round = 0; round < 200; ++round) {
    std::vector<size_t> cuts = {stream.size()};
    for (size_t i = random() % 12; i > 0; --i) cuts.push_back(random() % stream.size());
    std::sort(cuts.begin(), cuts.end());
    ASSERT_EQ(parse_in_pieces(stream, cuts), whole) << "seed " << seed << ", round " << round;
  }
}

// Four queries, then their answers in another order, each side cut at random places.
RecordingSink exchange_in_pieces(std::mt19937* random) {
  auto arena = std::move(Arena::create(BufferPool::cost(1 << 20), Arena::Populate::Lazily).value());
  BufferPool pool(arena, 1 << 20);
  RecordingSink sink;
  std::string queries;
  std::string answers;
  for (const uint16_t id : std::initializer_list<uint16_t>{1, 2, 3, 4}) {
    const std::string name = "N" + std::to_string(id) + ".test";
    queries += a_query(name, id).framed();
    if (id != 3) answers.insert(0, MessageBuilder(id, 0x8180).question(name, 1).framed());
  }
  {
    DnsStreamParser parser(ParserSetup{pool});
    const auto feed = [&](FlowSide side, Bytes stream) {
      while (!stream.empty()) {
        const size_t piece = random == nullptr ? stream.size() : 1 + (*random)() % 40;
        EXPECT_EQ(parser.on_bytes(side, stream.first(piece), {}, sink), ParseStatus::Ok);
        stream = stream.after(piece);
      }
    };
    feed(FlowSide::Initiator, Bytes::of(queries));
    feed(FlowSide::Responder, Bytes::of(answers));
    parser.on_end(StreamEnd::Graceful, sink);
  }
  EXPECT_EQ(pool.bytes_in_use(), 0U);
  return sink;
}

TEST(DnsStreamSplits, NeverChangeThePairs) {
  const RecordingSink whole = exchange_in_pieces(nullptr);
  ASSERT_EQ(whole.messages.size(), 7U);
  EXPECT_NE(whole.messages[4].find("query_tx_id=3 "), std::string::npos);
  EXPECT_EQ(whole.unanswered.size(), 1U);
  const uint32_t seed = 20240612;
  std::mt19937 random(seed);
  for (int round = 0; round < 200; ++round)
    ASSERT_EQ(exchange_in_pieces(&random), whole) << "seed " << seed << ", round " << round;
}

TEST_F(DnsStream, KeepsTheSidesApart) {
  const std::string request = a_query("a.test").framed();
  const std::string response = MessageBuilder(7, 0x8180).question("a.test", 1).framed();
  feed(request.substr(0, 9));
  feed(response.substr(0, 5), FlowSide::Responder);
  feed(request.substr(9));
  feed(response.substr(5), FlowSide::Responder);
  ASSERT_EQ(sink_.messages.size(), 2U);
  EXPECT_TRUE(sink_.messages[0].starts_with("> "));
  EXPECT_TRUE(sink_.messages[1].starts_with("< "));
}

TEST_F(DnsStream, BorrowsAMessageThatLiesWholeInOneRun) {
  const std::string response = MessageBuilder(7, 0x8180).question("a.test", 1).framed();
  feed(response + response);
  EXPECT_EQ(sink_.messages.size(), 2U);
  EXPECT_EQ(pool_.bytes_in_use(), 0U);
}

TEST_F(DnsStream, PutsTogetherTheLargestMessage) {
  MessageBuilder message(1, 0x8180, 1, 1);
  message.question("a.test", 1);
  while (message.size() < 65535 - 11 - 255) message.raw(std::string(255, 'x'));
  message.raw(std::string(65535 - message.size(), 'x'));
  const std::string stream = message.framed();
  feed(stream.substr(0, 3000));
  feed(stream.substr(3000));
  EXPECT_EQ(sink_.messages.size(), 1U);
}

TEST_F(DnsStream, LosesOnlyTheMessageThatAGapLiesIn) {
  const std::string first = a_query("first.test").framed();
  feed(first.substr(0, 10));
  lose(5);
  feed(first.substr(15) + a_query("second.test").framed());
  ASSERT_EQ(sink_.messages.size(), 1U);
  EXPECT_NE(sink_.messages[0].find("second.test"), std::string::npos);
}

TEST_F(DnsStream, GoesOnWithTheFrameAtAGapsEnd) {
  const std::string first = a_query("first.test").framed();
  feed(first.substr(0, 10));
  lose(static_cast<uint32_t>(first.size() - 10));
  feed(a_query("second.test").framed().substr(0, 4));
  feed(a_query("second.test").framed().substr(4));
  EXPECT_EQ(sink_.messages.size(), 1U);
}

TEST_F(DnsStream, SearchesAFrameAtTheStartOfARunAfterALargerGap) {
  feed(a_query("first.test").framed().substr(0, 10));
  lose(1000);
  EXPECT_EQ(feed("what is left of something"), ParseStatus::Ok);
  EXPECT_EQ(feed("\0\35\1"s), ParseStatus::Ok) << "too short to tell, so it is passed over";
  feed(a_query("second.example.test").framed());
  ASSERT_EQ(sink_.messages.size(), 1U);
  EXPECT_NE(sink_.messages[0].find("second.example.test"), std::string::npos);
}

TEST_F(DnsStream, CountsAMessageThatFindsNoRoom) {
  std::vector<std::span<uint8_t>> taken;
  while (true) {
    const std::span<uint8_t> block = pool_.take(1);
    if (block.empty()) break;
    taken.push_back(block);
  }
  const std::string first = a_query("first.test").framed();
  feed(first.substr(0, 10));
  feed(first.substr(10) + a_query("second.test").framed());
  EXPECT_EQ(sink_.anomalies, std::vector<std::string>{"dns_message_dropped"});
  EXPECT_EQ(sink_.messages.size(), 1U);
}

TEST_F(DnsStream, PairsPipelinedQueriesWhateverTheOrderOfTheirAnswers) {
  feed(a_query("a.test", 1).framed() + a_query("b.test", 2).framed());
  feed(MessageBuilder(2, 0x8180).question("b.test", 1).framed(), FlowSide::Responder);
  feed(MessageBuilder(1, 0x8180).question("a.test", 1).framed(), FlowSide::Responder);
  ASSERT_EQ(sink_.messages.size(), 4U);
  EXPECT_NE(sink_.messages[2].find("query_tx_id=1 "), std::string::npos);
  EXPECT_NE(sink_.messages[3].find("query_tx_id=0 "), std::string::npos);
  EXPECT_EQ(pool_.bytes_in_use(), 0U);
}

// RFC 5936 section 2.2: the question may be missing in all messages but the first.
TEST_F(DnsStream, PairsEveryMessageOfAZoneTransfer) {
  feed(MessageBuilder(9, 0x0000).question("zone.test", 252).framed());
  feed(MessageBuilder(9, 0x8400).question("zone.test", 252).framed(), FlowSide::Responder);
  feed(MessageBuilder(9, 0x8400, 0).framed(), FlowSide::Responder);
  ASSERT_EQ(sink_.messages.size(), 3U);
  EXPECT_NE(sink_.messages[1].find("query_tx_id=0 rtt_us=0"), std::string::npos);
  EXPECT_NE(sink_.messages[2].find("continued=true query_tx_id=0"), std::string::npos);
  parser_.on_end(StreamEnd::Graceful, sink_);
  EXPECT_TRUE(sink_.unanswered.empty());
}

// Its query may have been before the flow was joined, or be in a segment that is late.
TEST_F(DnsStream, HoldsNothingAgainstAResponseWithoutAQuery) {
  feed(a_query("a.test", 1).framed());
  feed(MessageBuilder(1, 0x8180).question("a.test", 1).framed(), FlowSide::Responder);
  feed(MessageBuilder(2, 0x8180).question("b.test", 1).framed(), FlowSide::Responder);
  EXPECT_NE(sink_.messages.back().find("unpaired=true"), std::string::npos);
  EXPECT_TRUE(sink_.anomalies.empty());
}

TEST_F(DnsStream, GivesUpAfterThreeFramesInARowThatAreNoMessages) {
  EXPECT_EQ(feed("\0\4junk"s), ParseStatus::Ok);
  EXPECT_EQ(feed("\0\4junk\0\4junk"s), ParseStatus::Poisoned);
}

Probe probe(const std::string& bytes) {
  return DnsStreamParser::probe(FlowSide::Initiator, Bytes::of(bytes));
}

TEST(DnsStreamProbe, DecidesWithinTheBytesKeptForProbing) {
  const std::string query = a_query("a.rather.long.name.in.the.example.org").framed();
  for (size_t size = 1; size < kProbeBytes; ++size)
    EXPECT_EQ(probe(query.substr(0, size)), Probe::NeedMore) << size;
  EXPECT_EQ(probe(query.substr(0, kProbeBytes)), Probe::Match);
  EXPECT_EQ(probe(query), Probe::Match);
}

TEST(DnsStreamProbe, DecidesEarlyOnAWholeMessage) {
  EXPECT_EQ(probe(a_query("a.b").framed()), Probe::Match);
  EXPECT_EQ(probe(MessageBuilder(1, 0x0000).question("", 2).framed()), Probe::Match);
}

TEST(DnsStreamProbe, TakesTheFirstAnswerOfAZoneTransfer) {
  MessageBuilder transfer(9, 0x8400, 1, 300);
  transfer.question("zone.example.org", 252);
  while (transfer.size() < 9000) transfer.record(1, 60, "\1\2\3\4");
  EXPECT_EQ(probe(transfer.framed().substr(0, kProbeBytes)), Probe::Match);
}

TEST(DnsStreamProbe, RefusesOtherProtocols) {
  EXPECT_EQ(probe("GET /index.html HTTP/1.1\r\nHost: a.test\r\n"), Probe::NoMatch);
  EXPECT_EQ(probe("\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03"s + std::string(40, 'r')),
            Probe::NoMatch);
  EXPECT_EQ(probe("SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u2\r\n"), Probe::NoMatch);
  EXPECT_EQ(probe("220 mail.example.org ESMTP Postfix ready\r\n"), Probe::NoMatch);
  EXPECT_EQ(probe(std::string(32, '\0')), Probe::NoMatch);
  EXPECT_EQ(probe(std::string(32, '\377')), Probe::NoMatch);
}

TEST(DnsStreamProbe, RarelyTakesRandomBytes) {
  const uint32_t seed = 77;
  std::mt19937 random(seed);
  uint32_t matches = 0;
  for (int i = 0; i < 100000; ++i) {
    std::string bytes(kProbeBytes, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    matches += probe(bytes) == Probe::Match ? 1 : 0;
  }
  EXPECT_EQ(matches, 0U) << "seed " << seed;
}

}  // namespace
}  // namespace flowscope::dns
