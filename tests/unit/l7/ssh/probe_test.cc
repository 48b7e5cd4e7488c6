#include <gtest/gtest.h>

#include <random>

#include "l7/ssh/ssh.h"
#include "tests/unit/l7/ssh/ssh_builder.h"

namespace flowscope::ssh::test {
namespace {

Probe probe(const std::string& bytes) {
  return SshParser::probe(FlowSide::Initiator, Bytes::of(bytes).first(kProbeBytes));
}

TEST(SshProbe, MatchesABannerOfAnyVersion) {
  EXPECT_EQ(probe("SSH-2.0-OpenSSH_9.2\r\n"), Probe::Match);
  EXPECT_EQ(probe("SSH-1.5-x\n"), Probe::Match);
  EXPECT_EQ(probe("SSH-"), Probe::Match);
}

TEST(SshProbe, MatchesAKexInitOfASideJoinedBehindItsBanner) {
  EXPECT_EQ(probe(kex_init({})), Probe::Match);
}

TEST(SshProbe, AsksForMoreOnEveryShortPrefix) {
  for (size_t bytes = 1; bytes < kBannerStart.size(); ++bytes) {
    EXPECT_EQ(probe(std::string("SSH-2.0-x").substr(0, bytes)), Probe::NeedMore) << bytes;
  }
  for (size_t bytes = 1; bytes < kProbeBytes; ++bytes) {
    EXPECT_EQ(probe(kex_init({}).substr(0, bytes)), Probe::NeedMore) << bytes;
  }
}

TEST(SshProbe, RefusesOtherProtocols) {
  EXPECT_EQ(probe("GET / HTTP/1.1\r\n"), Probe::NoMatch);
  EXPECT_EQ(probe("220 mail.example ESMTP\r\n"), Probe::NoMatch);
  EXPECT_EQ(probe("ssh-2.0-x\r\n"), Probe::NoMatch);
  EXPECT_EQ(probe(std::string("\x16\x03\x01\x00\x20\x01\x00\x00\x1c\x03", 10)), Probe::NoMatch);
  EXPECT_EQ(probe(std::string(32, '\0')), Probe::NoMatch);
  // NetBIOS session message with SMB2, which begins with a zero as well.
  EXPECT_EQ(probe(std::string("\x00\x00\x00\xe4\xfeSMB", 8)), Probe::NoMatch);
}

TEST(SshProbe, RefusesAKexInitThatContradictsItself) {
  const std::string good = kex_init({});
  for (const auto& [at, byte, why] :
       {std::tuple{1, 1, "longer than a packet"}, std::tuple{3, 1, "no multiple of eight"},
        std::tuple{4, 3, "too little padding"}, std::tuple{5, 21, "another message"},
        std::tuple{22, 1, "a list longer than the packet"}, std::tuple{27, 7, "no name"}}) {
    std::string bad = good;
    bad[static_cast<size_t>(at)] = static_cast<char>(byte);
    EXPECT_EQ(probe(bad), Probe::NoMatch) << why;
  }
}

TEST(SshProbe, DecidesWithinTheProbeLimit) {
  const uint32_t seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  const std::string good = kex_init({});
  for (int round = 0; round < 20000; ++round) {
    std::string bytes = good.substr(0, kProbeBytes);
    for (size_t flips = random() % 4; flips > 0; --flips) {
      bytes[random() % bytes.size()] = static_cast<char>(random());
    }
    ASSERT_NE(probe(bytes), Probe::NeedMore);
  }
}

}  // namespace
}  // namespace flowscope::ssh::test
