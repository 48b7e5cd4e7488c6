#include <gtest/gtest.h>

#include <ostream>
#include <random>
#include <string>

#include "l7/http/http.h"

namespace flowscope::http {
namespace {

Probe probe(std::string_view text) {
  return HttpParser::probe(FlowSide::Initiator, Bytes::of(text).first(kProbeBytes));
}

struct ProbeCase {
  std::string_view first_bytes;
  Probe expected;

  friend void PrintTo(const ProbeCase& row, std::ostream* out) { *out << row.first_bytes; }
};

class HttpProbe : public testing::TestWithParam<ProbeCase> {};

TEST_P(HttpProbe, JudgesTheFirstBytes) {
  EXPECT_EQ(probe(GetParam().first_bytes), GetParam().expected) << GetParam().first_bytes;
}

INSTANTIATE_TEST_SUITE_P(
    Requests, HttpProbe,
    testing::Values(ProbeCase{"GET / HTTP/1.1\r\n", Probe::Match}, ProbeCase{"GET /", Probe::Match},
                    ProbeCase{"POST http://a/ HTTP/1.0\r\n", Probe::Match},
                    ProbeCase{"CONNECT a.example:443 HTTP/1.1\r\n", Probe::Match},
                    ProbeCase{"OPTIONS * HTTP/1.1\r\n", Probe::Match},
                    ProbeCase{"UPDATEREDIRECTREF * HTTP/1.1\r\n", Probe::Match},
                    ProbeCase{"M-SEARCH * HTTP/1.1\r\n", Probe::Match},
                    ProbeCase{"RPC_IN_DATA /rpc/rpcproxy.dll?a:1 HTTP/1.1\r\n", Probe::Match},
                    ProbeCase{"\r\nGET / HTTP/1.1\r\n", Probe::Match}));
INSTANTIATE_TEST_SUITE_P(Responses, HttpProbe,
                         testing::Values(ProbeCase{"HTTP/1.1 200 OK\r\n", Probe::Match},
                                         ProbeCase{"HTTP/1.0 404\r\n", Probe::Match},
                                         ProbeCase{"HTTP/1.1 2", Probe::Match},
                                         ProbeCase{"HTTP/2 200\r\n", Probe::NoMatch},
                                         ProbeCase{"HTTP/1.1x200 OK\r\n", Probe::NoMatch},
                                         ProbeCase{"HTTP/1.1 OK\r\n", Probe::NoMatch}));
INSTANTIATE_TEST_SUITE_P(
    Beginnings, HttpProbe,
    testing::Values(ProbeCase{"", Probe::NeedMore}, ProbeCase{"G", Probe::NeedMore},
                    ProbeCase{"GET", Probe::NeedMore}, ProbeCase{"GET ", Probe::NeedMore},
                    ProbeCase{"H", Probe::NeedMore}, ProbeCase{"HTTP/1.", Probe::NeedMore},
                    ProbeCase{"HTTP/1.1 ", Probe::NeedMore}, ProbeCase{"\r\n", Probe::NeedMore},
                    ProbeCase{"OPTIONS s", Probe::NeedMore},
                    ProbeCase{"OPTIONS * ", Probe::NeedMore}));
INSTANTIATE_TEST_SUITE_P(
    Others, HttpProbe,
    testing::Values(ProbeCase{"OPTIONS rtsp://a/b RTSP/1.0\r\n", Probe::NoMatch},
                    ProbeCase{"OPTIONS * RTSP/1.0\r\n", Probe::NoMatch},
                    ProbeCase{"OPTIONS sip:a@b SIP/2.0\r\n", Probe::NoMatch},
                    ProbeCase{"NOTIFY sip:a@b SIP/2.0\r\n", Probe::NoMatch},
                    ProbeCase{"PRI * HTTP/2.0\r\n", Probe::NoMatch},
                    ProbeCase{"GET key\r\n", Probe::NoMatch}, ProbeCase{"GET /a\r\n", Probe::Match},
                    ProbeCase{"CONNECT {\"verbose\":false}\r\n", Probe::NoMatch},
                    ProbeCase{"CONNECT\nlogin:a\n", Probe::NoMatch},
                    ProbeCase{"SSH-2.0-x\r\n", Probe::NoMatch},
                    ProbeCase{"\x16\x03\x01", Probe::NoMatch},
                    ProbeCase{"EHLO a\r\n", Probe::NoMatch},
                    ProbeCase{"get / HTTP/1.1", Probe::NoMatch},
                    ProbeCase{"\r\n\r\n\r\n\r\n\r\n", Probe::NoMatch}));

TEST(HttpProbeLimit, DecidesWithinTheBytesThatAreKept) {
  constexpr uint32_t kSeed = 7;
  SCOPED_TRACE(kSeed);
  std::mt19937 random(kSeed);
  constexpr std::string_view kAlphabet = "GETPOSTHEAD-_ /*:.1rtspih\r\nHTTP{";
  for (int round = 0; round < 50000; ++round) {
    std::string bytes(kProbeBytes, ' ');
    for (char& c : bytes) c = kAlphabet[random() % kAlphabet.size()];
    if (round % 2 == 0) bytes.replace(0, 8, "OPTIONS ");
    ASSERT_NE(probe(bytes), Probe::NeedMore) << bytes;
  }
}

// A probe that said NoMatch must not have been Match with fewer bytes unless a line end came into
// sight.
TEST(HttpProbeLimit, NeverRefusesAPrefixOfWhatItAccepts) {
  for (const std::string_view line :
       {"UNSUBSCRIBE http://a/ HTTP/1.1\r\n", "OPTIONS * HTTP/1.1\r\n", "HTTP/1.1 200 OK\r\n",
        "CONNECT sipper.example:1 HTTP/1.1\r\n"}) {
    for (size_t size = 0; size <= line.size(); ++size) {
      EXPECT_NE(probe(line.substr(0, size)), Probe::NoMatch) << line.substr(0, size);
    }
  }
}

}  // namespace
}  // namespace flowscope::http
