#include "l7/identify.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <string_view>

#include "l7/app_id.h"
#include "l7/parser_list.h"
#include "l7/parser_set.h"

namespace flowscope {
namespace {

using namespace std::string_view_literals;  // NOLINT(google-build-using-namespace)
using Outcome = FirstRuns::Outcome;

constexpr FlowSide kClient = FlowSide::Initiator;
constexpr FlowSide kServer = FlowSide::Responder;

Probe probe_text(std::string_view expected, Bytes bytes) {
  const std::string_view text = bytes.as_text().substr(0, expected.size());
  if (!expected.starts_with(text)) return Probe::NoMatch;
  return text.size() < expected.size() ? Probe::NeedMore : Probe::Match;
}

// Declares its first bytes, and counts how often it is asked.
struct Declared {
  static constexpr std::string_view kName = "declared";
  static constexpr bool kFoundLater = true;
  static constexpr std::array<FirstBytes, 1> kFirstBytes = {{{"GREET"}}};
  static inline int asked = 0;
  static Probe probe(FlowSide, Bytes bytes) {
    ++asked;
    return probe_text("GREET", bytes);
  }
};
// Declares none, and is not looked for later.
struct Undeclared {
  static constexpr std::string_view kName = "undeclared";
  static Probe probe(FlowSide, Bytes bytes) { return probe_text("plain", bytes); }
};
using Set = ParserSet<TypeList<Declared, Undeclared>>;

class FirstRunsTest : public ::testing::Test {
 protected:
  FirstRuns::Answer look(FlowSide side, std::string_view run) {
    return runs_.look<Set>(side, Bytes::of(run), UINT32_MAX, [](Bytes first_bytes) {
      return known::look_at_stream(first_bytes, {});
    });
  }
  Outcome outcome(FlowSide side, std::string_view run) { return look(side, run).outcome; }

  FirstRuns runs_;
};

TEST_F(FirstRunsTest, FindsAParserByEitherSide) {
  EXPECT_EQ(Set::kNames.at(look(kServer, "GREETINGS").index), "declared");
  FirstRuns other;
  const auto found = other.look<Set>(kClient, Bytes::of("plain"), UINT32_MAX, NothingKnown{});
  EXPECT_EQ(Set::kNames.at(found.index), "undeclared");
}

TEST_F(FirstRunsTest, AsksOnlyParsersWhoseFirstBytesMayFit) {
  Declared::asked = 0;
  EXPECT_EQ(outcome(kClient, "plain text"), Outcome::Parser);
  EXPECT_EQ(Declared::asked, 0);
  FirstRuns other;
  other.look<Set>(kClient, Bytes::of("GREENLAND"), UINT32_MAX, NothingKnown{});
  EXPECT_EQ(Declared::asked, 1) << "the first four bytes fit";
}

TEST_F(FirstRunsTest, AsksNoParserThatIsOff) {
  EXPECT_EQ(runs_.look<Set>(kClient, Bytes::of("GREET"), 2, NothingKnown{}).outcome,
            Outcome::Nothing);
}

TEST_F(FirstRunsTest, KeepsBytesUntilTheyAreEnough) {
  EXPECT_EQ(outcome(kClient, "GR"), Outcome::NeedMore);
  EXPECT_EQ(outcome(kClient, "E"), Outcome::NeedMore);
  const FirstRuns::Answer found = look(kClient, "ETINGS");
  EXPECT_EQ(found.outcome, Outcome::Parser);
  EXPECT_EQ(runs_.kept_of(kClient).as_text(), "GREETINGS");
  EXPECT_EQ(found.kept_bytes, 6U);
}

TEST_F(FirstRunsTest, ForgetsKeptBytesAtAGap) {
  look(kClient, "GRE");
  runs_.on_gap(kClient);
  EXPECT_EQ(outcome(kClient, "GREET"), Outcome::Parser);
}

TEST_F(FirstRunsTest, LooksLaterOnlyForParsersThatMayBeFoundLater) {
  EXPECT_EQ(outcome(kClient, "\x81\x82 unknown"), Outcome::Nothing);
  runs_.pass_over(kClient);
  EXPECT_EQ(outcome(kClient, "plain"), Outcome::Nothing);
  EXPECT_EQ(outcome(kClient, "GREET"), Outcome::Parser);
}

TEST_F(FirstRunsTest, LooksAtARunAloneWhenWhatWasKeptBeforeLedToNothing) {
  EXPECT_EQ(outcome(kClient, "GRE"), Outcome::NeedMore);
  const FirstRuns::Answer found = look(kClient, "GREETINGS");
  EXPECT_EQ(found.outcome, Outcome::Parser);
  EXPECT_EQ(found.kept_bytes, 0U);
  EXPECT_TRUE(runs_.kept_of(kClient).empty()) << "what came before is not the parser's";
}

TEST_F(FirstRunsTest, DropsWhatTheOtherSideKeptOfAnotherProtocol) {
  EXPECT_EQ(outcome(kServer, "pl"), Outcome::NeedMore);
  EXPECT_EQ(outcome(kClient, "GREET"), Outcome::Parser);
  EXPECT_TRUE(runs_.kept_of(kServer).empty());
}

TEST_F(FirstRunsTest, KeepsWhatTheOtherSideMaySayInTheSameProtocol) {
  EXPECT_EQ(outcome(kServer, "GR"), Outcome::NeedMore);
  EXPECT_EQ(outcome(kClient, "GREET"), Outcome::Parser);
  EXPECT_EQ(runs_.kept_of(kServer).as_text(), "GR");
}

TEST_F(FirstRunsTest, GivesUpAfterAsManyRunsAsAreLookedAt) {
  for (uint8_t i = 0; i < FirstRuns::kRunsMax; ++i) {
    EXPECT_EQ(outcome(kClient, std::string(kProbeBytes, '\x81')), Outcome::Nothing);
    runs_.pass_over(kClient);
  }
  EXPECT_EQ(outcome(kClient, "GREET"), Outcome::GivenUp);
}

TEST_F(FirstRunsTest, NamesAKnownProtocolOnceAndGoesOnLooking) {
  const FirstRuns::Answer named = look(kServer, "220 mail.example.com ESMTP\r\n");
  EXPECT_EQ(named.outcome, Outcome::Known);
  EXPECT_STREQ(known::kStreams.at(named.index).name, "smtp");
  EXPECT_EQ(outcome(kClient, "EHLO me\r\n"), Outcome::Nothing);
  EXPECT_EQ(outcome(kClient, "GREET"), Outcome::Parser);
}

TEST_F(FirstRunsTest, NamesAProtocolThatBothSidesShowTogether) {
  EXPECT_EQ(outcome(kClient, "CAPA\r\n"), Outcome::Nothing);
  runs_.pass_over(kClient);
  EXPECT_EQ(outcome(kClient, "CAPA\r\n"), Outcome::Nothing) << "one side alone says too little";
  const FirstRuns::Answer named = look(kServer, "+OK hello\r\n");
  ASSERT_EQ(named.outcome, Outcome::Known);
  EXPECT_STREQ(known::kStreams.at(named.index).name, "pop3");
}

using Datagrams = ParserSet<TypeList<Undeclared>>;
using Ids = AppId<Set, Datagrams>;

TEST(AppId, NamesParsersAndKnownProtocols) {
  EXPECT_EQ(Ids::name(0), nullptr);
  EXPECT_STREQ(Ids::name(Ids::of_stream(0)), "declared");
  EXPECT_STREQ(Ids::name(Ids::of_datagram(0)), "undeclared");
  EXPECT_EQ(Ids::datagram_parser(Ids::of_datagram(0)), 0U);
  for (size_t i = 0; i < known::kStreams.size(); ++i)
    EXPECT_STREQ(Ids::name(Ids::of_known_stream(i)), known::kStreams.at(i).name);
  for (size_t i = 0; i < known::kDatagrams.size(); ++i)
    EXPECT_STREQ(Ids::name(Ids::of_known_datagram(i)), known::kDatagrams.at(i).name);
}

TEST(AppId, NamesWhatAFlowBeganWith) {
  for (size_t i = 0; i < known::kStreams.size(); ++i) {
    const uint8_t app = Ids::of_stream_behind(0, Ids::of_known_stream(i));
    EXPECT_STREQ(Ids::name(app), "declared");
    if (known::stream_may_turn(i)) {
      EXPECT_STREQ(Ids::first_name(app), known::kStreams.at(i).name);
    } else {
      EXPECT_EQ(Ids::first_name(app), nullptr);
    }
  }
  EXPECT_EQ(Ids::of_stream_behind(0, 0), Ids::of_stream(0));
  EXPECT_EQ(Ids::of_stream_behind(0, Ids::of_stream(0)), Ids::of_stream(0));
  EXPECT_EQ(Ids::first_name(Ids::of_stream(0)), nullptr);
}

// What a probe would not refuse must be left by the table: else the parser is never asked.
template <class... P>
void expect_declarations_cover_probes(TypeList<P...>) {
  constexpr uint64_t kSeed = 20'260'703;
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  std::mt19937_64 random(kSeed);
  const std::vector<std::string> beginnings = {
      "GET / HTTP/1.1\r\n",
      "\r\n\r\nPOST /a HTTP/1.0\r\n",
      "HTTP/1.1 200 OK\r\n",
      "M-SEARCH * HTTP/1.1\r\n",
      "RPC_IN_DATA /rpc HTTP/1.1\r\n",
      "ACL /x HTTP/1.1\r\n",
      std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11),
      std::string("\x80\x2e\x01\x00\x02\x00\x15\x00\x00\x00\x10", 11),
      std::string("\x15\x03\x03\x00\x02\x02\x28", 7),
      std::string("\x14\x03\x03\x00\x01\x01", 6),
      "SSH-2.0-OpenSSH_9.6\r\n",
      std::string("\x00\x1d\x12\x34\x01\x00\x00\x01\x00\x00", 10)};
  using ListSet = ParserSet<TypeList<P...>>;
  for (int round = 0; round < 400'000; ++round) {
    std::string run(1 + random() % kProbeBytes, '\0');
    std::generate(run.begin(), run.end(), [&] { return static_cast<char>(random()); });
    if (round % 4 != 0) {
      const std::string& beginning = beginnings[random() % beginnings.size()];
      run = (beginning + run).substr(0, 1 + random() % kProbeBytes);
      if (random() % 2 == 0) run[random() % run.size()] = static_cast<char>(random());
      if (random() % 8 == 0) run[random() % run.size()] = static_cast<char>('A' + random() % 26);
    }
    const FlowSide side = random() % 2 == 0 ? kClient : kServer;
    const uint32_t candidates = ListSet::candidates(Bytes::of(run));
    uint32_t index = 0;
    const auto check = [&](Probe answer, std::string_view name) {
      EXPECT_TRUE(answer == Probe::NoMatch || (candidates >> index & 1) != 0)
          << name << " is not asked about " << ::testing::PrintToString(run);
      ++index;
    };
    (check(P::probe(side, Bytes::of(run)), P::kName), ...);
    if (::testing::Test::HasFailure()) return;
  }
}

TEST(FirstBytesOfParsers, CoverWhatTheirProbesTake) {
  expect_declarations_cover_probes(AllStreamParsers{});
}

}  // namespace
}  // namespace flowscope
