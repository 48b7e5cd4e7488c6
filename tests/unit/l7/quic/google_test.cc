#include "l7/quic/google.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/unit/l7/quic/google_builder.h"
#include "tests/unit/l7/quic/packet_sealer.h"

namespace flowscope::quic::test {
namespace {

const std::string kHello = google_hello({{"PAD", std::string(20, '-')},
                                         {"SNI", "www.example.org"},
                                         {"VER", "Q046"},
                                         {"UAID", "browser 7"}});

std::string server_name_of(const std::string& message) {
  const auto hello = read_google_hello(Bytes::of(message));
  return hello ? std::string(hello->server_name.as_text()) : "none";
}

TEST(GoogleQuic, ReadsTheTagsOfAHello) {
  const auto hello = read_google_hello(Bytes::of(kHello));
  ASSERT_TRUE(hello.has_value());
  EXPECT_EQ(hello->server_name, Bytes::of("www.example.org"));
  EXPECT_EQ(hello->user_agent, Bytes::of("browser 7"));
  EXPECT_TRUE(hello->is_whole);
  EXPECT_EQ(server_name_of(kHello + "more"), "www.example.org");
}

TEST(GoogleQuic, ReadsWhatIsThereOfAHelloThatIsCutOff) {
  const auto hello = read_google_hello(Bytes::of(kHello).first(kHello.size() - 1));
  ASSERT_TRUE(hello.has_value());
  EXPECT_FALSE(hello->is_whole);
  EXPECT_EQ(hello->server_name, Bytes::of("www.example.org"));
  EXPECT_TRUE(hello->user_agent.empty());
  EXPECT_EQ(server_name_of(kHello.substr(0, 30)), "none") << "some tags are missing";
}

TEST(GoogleQuic, RefusesTagsThatCannotBe) {
  EXPECT_EQ(server_name_of("CHLO"), "none");
  EXPECT_EQ(server_name_of("REJ" + std::string(20, '\0')), "none");
  std::string backwards = google_hello({{"SNI", "abc"}, {"VER", "Q046"}});
  backwards[8 + 8 + 4] = 1;  // ends before the value in front of it
  EXPECT_EQ(server_name_of(backwards), "none");
  std::vector<std::pair<std::string, std::string>> tags(kGoogleTagsMax, {"TAG", ""});
  EXPECT_EQ(server_name_of(google_hello(tags)), "");
  tags.emplace_back("TAG", "");
  EXPECT_EQ(server_name_of(google_hello(tags)), "none");
}

TEST(GoogleQuic, KnowsPacketsOfTheVersionsInClear) {
  for (const std::string& version :
       {std::string("Q039"), std::string("Q043"), std::string("Q046")}) {
    const std::string datagram = google_packet(version, kHello);
    const auto packet = read_google_packet(Bytes::of(datagram));
    ASSERT_TRUE(packet.has_value()) << version;
    EXPECT_EQ(VersionText(packet->version).text(), version);
    const auto hello = find_google_hello(*packet);
    ASSERT_TRUE(hello.has_value()) << version;
    EXPECT_EQ(hello->server_name, Bytes::of("www.example.org"));
  }
  for (const std::string& version :
       {std::string("Q038"), std::string("Q044"), std::string("X043"), std::string("Q0:3")}) {
    const std::string datagram = google_packet(version, kHello);
    EXPECT_FALSE(read_google_packet(Bytes::of(datagram)).has_value()) << version;
  }
}

TEST(GoogleQuic, MakesTheFingerprintOfTagsAndVersion) {
  const auto hello = read_google_hello(Bytes::of(kHello));
  const Cyu cyu(Version::GoogleQ046, hello->tags);
  EXPECT_EQ(cyu.text(), "46,PAD-SNI-VER-UAID");
  EXPECT_EQ(cyu.hash(), "3b5da1d3b922a93f684efa94b4b090dc");
}

}  // namespace
}  // namespace flowscope::quic::test
