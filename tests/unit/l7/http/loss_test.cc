#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "tests/unit/l7/http/recording_sink.h"

// Streams of which segments are lost: how many of the exchanges are still told of, and whether what
// is told of is true. The answer to "/N" says "Content-Type: answer/N".
namespace flowscope::http {
namespace {

constexpr uint32_t kSeed = 20260611;
constexpr size_t kSegmentBytes = 1448;
constexpr int kFlows = 400;
constexpr int kExchangesPerFlow = 20;

struct Exchange {
  std::string request;
  std::string response;
};

// Content with lines that look like start lines.
std::string content_of(std::mt19937& random, size_t bytes) {
  static constexpr std::array kLines = {
      "<p>Some words that fill a line of text and mean nothing at all.</p>\n",
      "GET /wrong HTTP/1.1\n",
      "HTTP/1.1 299 Wrong\r\n",
      "GET /wrong is what a client says\n",
      "{\"key\": [1, 2, 3]}\n",
  };
  std::string content;
  while (content.size() < bytes) {
    content += random() % 20 == 0 ? kLines.at(1 + random() % 4) : kLines[0];
  }
  content.resize(bytes);
  content.back() = '\n';
  return content;
}

Exchange make_exchange(std::mt19937& random, int number) {
  const std::string name = std::to_string(number);
  Exchange exchange;
  const bool posts = random() % 8 == 0;
  const bool asks_head = !posts && random() % 16 == 0;
  exchange.request = posts ? "POST /" : asks_head ? "HEAD /" : "GET /";
  exchange.request += name + " HTTP/1.1\r\nHost: a.example\r\nUser-Agent: some/1.0\r\n";
  const std::string body = posts ? content_of(random, 20 + random() % 3000) : "";
  if (posts) exchange.request += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  exchange.request += "\r\n" + body;

  const std::string content = content_of(random, 500 + random() % 10000);
  exchange.response = "HTTP/1.1 200 OK\r\nContent-Type: answer/" + name + "\r\n";
  if (random() % 4 == 0 && !asks_head) {
    std::array<char, 17> size{};
    std::snprintf(size.data(), size.size(), "%zx", content.size());
    exchange.response += "Transfer-Encoding: chunked\r\n\r\n" + std::string(size.data()) + "\r\n"
                         + content + "\r\n0\r\n\r\n";
  } else {
    exchange.response += "Content-Length: " + std::to_string(content.size()) + "\r\n\r\n";
    if (!asks_head) exchange.response += content;
  }
  return exchange;
}

// One side's segments, each lost by chance.
void send_lossy(Conversation& talk, FlowSide side, std::string_view text, std::mt19937& random,
                unsigned lost_per_mille) {
  while (!text.empty()) {
    const std::string_view segment = text.substr(0, kSegmentBytes);
    text.remove_prefix(segment.size());
    if (random() % 1000 < lost_per_mille) {
      talk.gap(side, static_cast<uint32_t>(segment.size()));
    } else {
      talk.send(side, segment);
    }
  }
}

struct Outcome {
  int requests = 0;   // told of
  int responses = 0;  // told of
  int pairs = 0;      // told of together
  int wrong = 0;
};

// The value behind `mark` in a record, up to the next blank; -1 without one.
int number_behind(const std::string& record, const std::string& mark) {
  const size_t at = record.find(mark);
  return at == std::string::npos ? -1 : std::atoi(record.c_str() + at + mark.size());
}

void judge(const std::vector<std::string>& records, Outcome& outcome) {
  std::map<int, int> seen;
  for (const std::string& record : records) {
    const int asked = number_behind(record, " url=/");
    const int answered = number_behind(record, "http_content_type=answer/");
    const bool has_url = record.find(" url=") != std::string::npos;
    if (record.find("wrong") != std::string::npos || record.find("status=299") != std::string::npos)
      ++outcome.wrong;
    if (asked >= 0 && answered >= 0 && asked != answered) ++outcome.wrong;
    if (asked >= 0 && ++seen[asked] > 1) ++outcome.wrong;
    outcome.requests += has_url ? 1 : 0;
    outcome.responses += record.find("status=") != std::string::npos ? 1 : 0;
    outcome.pairs += asked >= 0 && asked == answered ? 1 : 0;
  }
}

// Flows of which every `pipelined_of`th sends three requests at a time.
Outcome run(unsigned lost_per_mille, int pipelined_of) {
  std::mt19937 random(kSeed);
  Outcome outcome;
  for (int flow = 0; flow < kFlows; ++flow) {
    Conversation talk;
    const int depth = pipelined_of != 0 && flow % pipelined_of == 0 ? 3 : 1;
    for (int number = 0; number < kExchangesPerFlow;) {
      std::string requests;
      std::string responses;
      for (int i = 0; i < depth && number < kExchangesPerFlow; ++i, ++number) {
        const Exchange exchange = make_exchange(random, number);
        requests += exchange.request;
        responses += exchange.response;
      }
      send_lossy(talk, FlowSide::Initiator, requests, random, lost_per_mille);
      send_lossy(talk, FlowSide::Responder, responses, random, lost_per_mille);
    }
    talk.end();
    judge(talk.messages(), outcome);
  }
  return outcome;
}

constexpr int kAll = kFlows * kExchangesPerFlow;

TEST(HttpLoss, OfNothingGivesEveryPair) {
  const Outcome outcome = run(0, 5);
  EXPECT_EQ(outcome.pairs, kAll);
  EXPECT_EQ(outcome.wrong, 0);
}

TEST(HttpLoss, OfOnePercentLeaves97PercentOfTheRecords) {
  SCOPED_TRACE(kSeed);
  for (const int pipelined_of : {0, 5}) {
    const Outcome outcome = run(10, pipelined_of);
    EXPECT_EQ(outcome.wrong, 0);
    EXPECT_GE(outcome.requests, kAll * 97 / 100);
    EXPECT_GE(outcome.responses, kAll * 97 / 100);
    EXPECT_GE(outcome.pairs, pipelined_of == 0 ? kAll * 97 / 100 : kAll * 85 / 100);
    RecordProperty("requests", outcome.requests);
    RecordProperty("responses", outcome.responses);
    RecordProperty("pairs", outcome.pairs);
  }
}

// Pairing stays true however much is lost: what can't be told is left open.
TEST(HttpLoss, OfAnyAmountNeverGivesARequestAnothersStatus) {
  SCOPED_TRACE(kSeed);
  for (const unsigned lost_per_mille : {20U, 50U, 100U, 300U}) {
    for (const int pipelined_of : {0, 1}) {
      const Outcome outcome = run(lost_per_mille, pipelined_of);
      EXPECT_EQ(outcome.wrong, 0) << lost_per_mille << " " << pipelined_of;
    }
  }
}

}  // namespace
}  // namespace flowscope::http
