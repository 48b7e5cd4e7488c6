#include <gtest/gtest.h>

#include "l7/tls/tls.h"
#include "tests/unit/l7/tls/hello_builder.h"

namespace flowscope::tls::test {
namespace {

Probe probe(const std::string& bytes) {
  return TlsParser::probe(FlowSide::Initiator, Bytes::of(bytes).first(kProbeBytes));
}
std::string ssl2_hello(size_t cipher_bytes, size_t challenge_bytes) {
  const std::string body = u8(1) + u16(0x0301) + u16(cipher_bytes) + u16(0) + u16(challenge_bytes)
                           + std::string(cipher_bytes + challenge_bytes, 'x');
  return u16(0x8000 | body.size()) + body;
}

TEST(TlsProbe, MatchesHellosOfBothSides) {
  EXPECT_EQ(probe(client_hello(browser_hello())), Probe::Match);
  EXPECT_EQ(probe(server_hello(tls13_answer())), Probe::Match);
}

TEST(TlsProbe, MatchesAStreamJoinedInItsMiddle) {
  EXPECT_EQ(probe(record(23, std::string(100, 'e'))), Probe::Match);
  EXPECT_EQ(probe(record(20, u8(1))), Probe::Match);
  EXPECT_EQ(probe(alert(2, 40)), Probe::Match);
  EXPECT_EQ(probe(record(21, std::string(26, 'e'))), Probe::Match);
  EXPECT_EQ(probe(records(message(11, std::string(900, 'c')))), Probe::Match);
}

TEST(TlsProbe, MatchesAVersion2HelloWhoseLengthsAddUp) {
  EXPECT_EQ(probe(ssl2_hello(45, 16)), Probe::Match);
  EXPECT_EQ(probe(ssl2_hello(44, 16)), Probe::NoMatch);
  EXPECT_EQ(probe(ssl2_hello(45, 15)), Probe::NoMatch);
}

TEST(TlsProbe, AsksForMoreOnEveryShortPrefix) {
  const std::string hello = client_hello(browser_hello());
  const std::string old_hello = ssl2_hello(45, 16);
  for (size_t bytes = 1; bytes < 10; ++bytes) {
    EXPECT_EQ(probe(hello.substr(0, bytes)), Probe::NeedMore) << bytes;
    EXPECT_EQ(probe(old_hello.substr(0, bytes)), Probe::NeedMore) << bytes;
  }
}

TEST(TlsProbe, RefusesOtherProtocols) {
  EXPECT_EQ(probe("GET / HTTP/1.1\r\n"), Probe::NoMatch);
  EXPECT_EQ(probe("SSH-2.0-OpenSSH_9.2\r\n"), Probe::NoMatch);
  EXPECT_EQ(probe(std::string("\x16\x02\x01\x00\x20\x01\x00\x00\x1c\x03", 10)), Probe::NoMatch);
  EXPECT_EQ(probe(std::string("\x16\x03\x01\x00\x20\x01\x00\x00\x1c\x42", 10)), Probe::NoMatch);
  EXPECT_EQ(probe(std::string("\x17\x03\x03\xff\xff\x01", 6)), Probe::NoMatch);
  EXPECT_EQ(probe(std::string(32, '\x80')), Probe::NoMatch);
}

TEST(TlsProbe, DecidesWithinTheProbeLimit) {
  for (unsigned first = 0; first < 256; ++first) {
    for (const char filler : {'\0', '\1', '\3', '\xff'}) {
      const std::string bytes = u8(first) + std::string(kProbeBytes - 1, filler);
      EXPECT_NE(probe(bytes), Probe::NeedMore) << first;
    }
  }
}

}  // namespace
}  // namespace flowscope::tls::test
