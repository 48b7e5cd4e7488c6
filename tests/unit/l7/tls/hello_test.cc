#include <gtest/gtest.h>

#include "l7/tls/client_hello.h"
#include "l7/tls/server_hello.h"
#include "tests/unit/l7/tls/hello_builder.h"

namespace flowscope::tls::test {
namespace {

TEST(ClientHello, GivesEveryFieldOfATls13Hello) {
  const std::string body = client_hello_body(browser_hello());
  const std::optional<ClientHello> hello = read_client_hello(Bytes::of(body));
  ASSERT_TRUE(hello);
  EXPECT_TRUE(hello->sound);
  EXPECT_EQ(hello->legacy_version, ProtocolVersion::Tls12);
  EXPECT_EQ(hello->random.as_text(), std::string(32, 'r'));
  EXPECT_EQ(hello->session_id.as_text(), std::string(32, 'i'));
  ASSERT_EQ(hello->cipher_suites.size(), 4U);
  EXPECT_EQ(hello->cipher_suites[3], 0xc02b);
  EXPECT_EQ(hello->compression_methods.size(), 1U);
  EXPECT_EQ(hello->server_name.as_text(), "www.example.org");
  EXPECT_EQ(hello->supported_groups[1], 0x11ec);
  EXPECT_EQ(hello->point_formats.size(), 1U);
  EXPECT_EQ(hello->signature_algorithms[1], 0x0804);
  EXPECT_GT(hello->key_shares.size(), 1216U);
  EXPECT_EQ(highest_version(*hello), ProtocolVersion::Tls13);
}

TEST(ClientHello, WithoutExtensionsIsWhole) {
  const std::string body = client_hello_body({.version = 0x0301, .ciphers = {4, 5}});
  const std::optional<ClientHello> hello = read_client_hello(Bytes::of(body));
  ASSERT_TRUE(hello);
  EXPECT_TRUE(hello->sound);
  EXPECT_EQ(highest_version(*hello), ProtocolVersion::Tls10);
}

TEST(ClientHello, TakesTheFirstHostNameAndPassesOverOtherNameTypes) {
  const std::string list = u8(7) + behind16("other") + u8(0) + behind16("first.example") + u8(0)
                           + behind16("second.example");
  const std::string body = client_hello_body({.extensions = {{0, behind16(list)}}});
  const std::optional<ClientHello> hello = read_client_hello(Bytes::of(body));
  ASSERT_TRUE(hello);
  EXPECT_EQ(hello->server_name.as_text(), "first.example");
}

TEST(ClientHello, KeepsWhatStoodBeforeAnExtensionThatIsCutOff) {
  std::string body = client_hello_body({.extensions = {server_name("a.example"), {5, "12345"}}});
  body.pop_back();
  const std::optional<ClientHello> hello = read_client_hello(Bytes::of(body));
  ASSERT_TRUE(hello);
  EXPECT_FALSE(hello->sound);
  EXPECT_FALSE(hello->extensions_whole);
  EXPECT_EQ(hello->server_name.as_text(), "a.example");
}

TEST(ClientHello, WithABadExtensionBodyStillListsItsExtensions) {
  const std::string body = client_hello_body({.extensions = {{16, ""}, server_name("a.example")}});
  const std::optional<ClientHello> hello = read_client_hello(Bytes::of(body));
  ASSERT_TRUE(hello);
  EXPECT_FALSE(hello->sound);
  EXPECT_TRUE(hello->extensions_whole);
  EXPECT_EQ(hello->server_name.as_text(), "a.example");
}

TEST(ClientHello, CutBeforeItsExtensionsIsRefusedAtEveryLength) {
  const std::string body = client_hello_body({.session_id = "abcd", .ciphers = {1, 2, 3}});
  for (size_t bytes = 0; bytes < body.size(); ++bytes) {
    EXPECT_FALSE(read_client_hello(Bytes::of(body).first(bytes))) << bytes;
  }
  EXPECT_TRUE(read_client_hello(Bytes::of(body)));
}

TEST(ServerHello, GivesTheChosenVersionAndProtocol) {
  const std::string body = server_hello_body(
      {.cipher = 0xc02f, .extensions = {selected_version(0x0304), alpns({"h2"})}});
  const std::optional<ServerHello> hello = read_server_hello(Bytes::of(body));
  ASSERT_TRUE(hello);
  EXPECT_TRUE(hello->sound);
  EXPECT_EQ(hello->cipher_suite, 0xc02f);
  EXPECT_EQ(hello->negotiated_version(), ProtocolVersion::Tls13);
  EXPECT_EQ(hello->alpns.as_text(), behind8("h2"));
  EXPECT_FALSE(hello->is_retry_request);
}

TEST(ServerHello, IsARetryRequestByItsRandom) {
  const std::string body = server_hello_body({.random = retry_random()});
  const std::optional<ServerHello> hello = read_server_hello(Bytes::of(body));
  ASSERT_TRUE(hello);
  EXPECT_TRUE(hello->is_retry_request);
}

TEST(ServerHello, OfAnEarlyDraftHasNoSessionId) {
  const std::string body = u16(0x7f12) + std::string(32, 's') + u16(0x1301) + behind16("");
  const std::optional<ServerHello> hello = read_server_hello(Bytes::of(body));
  ASSERT_TRUE(hello);
  EXPECT_EQ(hello->cipher_suite, 0x1301);
}

}  // namespace
}  // namespace flowscope::tls::test
