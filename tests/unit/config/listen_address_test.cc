#include "config/listen_address.h"

#include <gtest/gtest.h>

namespace flowscope {
namespace {

std::string read(std::string_view text) {
  const auto address = parse_listen_address(text);
  return address.ok() ? address.value().text() : "refused";
}

TEST(ListenAddress, IsThatOfTheLoopbackWithoutAnAddress) {
  EXPECT_EQ(read("9464"), "127.0.0.1:9464");
  EXPECT_EQ(read("0"), "127.0.0.1:0");
}

TEST(ListenAddress, TakesBothFamilies) {
  EXPECT_EQ(read("0.0.0.0:80"), "0.0.0.0:80");
  EXPECT_EQ(read("[::1]:9464"), "[::1]:9464");
}

TEST(ListenAddress, RefusesWhatIsNone) {
  for (const std::string_view text :
       {"", ":", ":80", "localhost:80", "1.2.3:80", "::1:80", "[1.2.3.4]:80", "[]:1", "65536", "-1",
        "80 ", "1.2.3.4:", "http://1.2.3.4:80"}) {
    EXPECT_EQ(read(text), "refused") << text;
  }
}

}  // namespace
}  // namespace flowscope
