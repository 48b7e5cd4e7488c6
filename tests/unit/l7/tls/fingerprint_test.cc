#include <gtest/gtest.h>

#include <numeric>

#include "l7/digest/digest.h"
#include "l7/tls/ja3.h"
#include "l7/tls/ja4.h"
#include "l7/tls/names.h"
#include "tests/unit/l7/tls/hello_builder.h"

namespace flowscope::tls::test {
namespace {

Ja3 client_ja3(const std::string& body) { return Ja3(read_client_hello(Bytes::of(body)).value()); }
std::string client_ja4(const ClientHelloSpec& spec) {
  const std::string body = client_hello_body(spec);
  const auto ja4 = make_ja4(read_client_hello(Bytes::of(body)).value(), Carrier::Tcp);
  return ja4 ? std::string(as_text(*ja4)) : "";
}

TEST(Digest, Sha256OfTheStandardsExample) {
  const auto digest = sha256(Bytes::of("abc"));
  std::string text(64, ' ');
  write_hex(Bytes(digest.data(), digest.size()), text);
  EXPECT_EQ(text, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Ja3, OfThePublishedExampleWithExtensions) {
  const Ja3 ja3 = client_ja3(client_hello_body(
      {.version = 0x0301,
       .ciphers = {47, 53, 5, 10, 49161, 49162, 49171, 49172, 50, 56, 19, 4},
       .extensions = {server_name("a"), groups({23, 24, 25}), point_formats(u8(0))}}));
  EXPECT_EQ(ja3.text(), "769,47-53-5-10-49161-49162-49171-49172-50-56-19-4,0-10-11,23-24-25,0");
  EXPECT_EQ(ja3.hash(), "ada70206e40642a3e4461f35503241d5");
}

TEST(Ja3, OfThePublishedExampleWithoutExtensions) {
  const Ja3 ja3 = client_ja3(
      client_hello_body({.version = 0x0301, .ciphers = {4, 5, 9, 10, 100, 98, 3, 6, 19, 18, 99}}));
  EXPECT_EQ(ja3.text(), "769,4-5-9-10-100-98-3-6-19-18-99,,,");
  const Ja3 published = client_ja3(
      client_hello_body({.version = 0x0301, .ciphers = {4, 5, 10, 9, 100, 98, 3, 6, 19, 18, 99}}));
  EXPECT_EQ(published.hash(), "de350869b8c85de67a350c8d186f11e6");
}

TEST(Ja3, LeavesGreaseOutAndNamesUnknownExtensionsByNumber) {
  const Ja3 ja3 = client_ja3(client_hello_body(
      {.ciphers = {0x0a0a, 4865, 0xfafa, 49195},
       .extensions = {
           {0x1a1a, ""}, {65000, "x"}, groups({0x5a5a, 29, 23}), point_formats(u8(0) + u8(1))}}));
  EXPECT_EQ(ja3.text(), "771,4865-49195,65000-10-11,29-23,0-1");
}

TEST(Ja3, HashesATextThatIsTooLongToKeep) {
  std::vector<uint16_t> ciphers(1000);
  std::iota(ciphers.begin(), ciphers.end(), uint16_t{20000});
  const Ja3 ja3 = client_ja3(client_hello_body({.ciphers = ciphers}));
  EXPECT_EQ(ja3.text(), "");
  EXPECT_EQ(ja3.hash(), "4cfa71b112b65676eca9d237664f44f6");
}

TEST(Ja3, WritesEveryNumberInDecimal) {
  constexpr size_t kTogether = 512;
  for (size_t first = 0; first <= UINT16_MAX; first += kTogether) {
    std::vector<uint16_t> ciphers(kTogether);
    std::iota(ciphers.begin(), ciphers.end(), static_cast<uint16_t>(first));
    std::string expected = "771";
    char separator = ',';
    for (const uint16_t cipher : ciphers) {
      if (is_grease(cipher)) continue;
      expected += separator + std::to_string(cipher);
      separator = '-';
    }
    ASSERT_EQ(client_ja3(client_hello_body({.ciphers = ciphers})).text(), expected + ",,,");
  }
}

TEST(Fingerprints, AreTheSameWithAMemo) {
  Result<Arena> arena = Arena::create(DigestMemo::cost(), Arena::Populate::Lazily);
  ASSERT_TRUE(arena.ok());
  DigestMemo memo(arena.value());
  for (int round = 0; round < 3; ++round) {
    for (uint16_t group = 20; group < 30; ++group) {
      const std::string body = client_hello_body(
          {.ciphers = {4865, group}, .extensions = {groups({group}), point_formats(u8(0))}});
      const ClientHello hello = read_client_hello(Bytes::of(body)).value();
      EXPECT_EQ(Ja3(hello, &memo).hash(), Ja3(hello).hash());
      EXPECT_EQ(make_ja4(hello, Carrier::Tcp, &memo), make_ja4(hello, Carrier::Tcp));
    }
  }
  // Of each hello the JA3 and the hash of its ciphers; the extensions are the same in all.
  EXPECT_EQ(memo.computed(), 21U);
}

TEST(Ja3s, ListsExtensionsInWireOrder) {
  const std::string body = server_hello_body(
      {.cipher = 4865, .extensions = {key_share({{29, 32}}), selected_version(0x0304)}});
  const Ja3 ja3s(read_server_hello(Bytes::of(body)).value());
  EXPECT_EQ(ja3s.text(), "771,4865,51-43");
  EXPECT_EQ(ja3s.hash(), "eb1d94daa7e0344597e756a1fb6e7054");
}

// The example that JA4's own description works through.
TEST(Ja4, OfThePublishedExample) {
  ClientHelloSpec spec;
  spec.ciphers = {0x2a2a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030,
                  0xcca9, 0xcca8, 0xc013, 0xc014, 0x009c, 0x009d, 0x002f, 0x0035};
  spec.extensions = {
      {0xdada, ""},
      {0x001b, ""},
      server_name("example.com"),
      {0x0033, u16(0)},
      alpns({"h2", "http/1.1"}),
      {0x4469, ""},
      {0x0017, ""},
      {0x002d, ""},
      signature_algorithms({0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601}),
      {0x0005, ""},
      {0x0023, ""},
      {0x0012, ""},
      supported_versions({0x9a9a, 0x0304, 0x0303}),
      {0xff01, ""},
      point_formats(u8(0)),
      groups({29}),
      {0x0015, ""},
      {0x3a3a, ""}};
  EXPECT_EQ(client_ja4(spec), "t13d1516h2_8daaf6152771_e5627efa2ab1");
}

TEST(Ja4, WithoutExtensionsHasZerosForTheirHash) {
  EXPECT_EQ(client_ja4({.version = 0x0301, .ciphers = {0x002f}}),
            "t10i010000_ba72b8082249_000000000000");
}

TEST(Ja4, WithoutSignatureAlgorithmsHashesTheExtensionsAlone) {
  EXPECT_EQ(client_ja4({.ciphers = {0x002f}, .extensions = {groups({29})}}),
            "t12i010100_ba72b8082249_a8f3e973773c");
}

TEST(Ja4, MarksAProtocolNameThatIsNoTextByItsHexadecimalEnds) {
  EXPECT_EQ(client_ja4({.ciphers = {0x002f},
                        .extensions = {alpns({"\xab"
                                              "x\xcd"})}})
                .substr(8, 2),
            "ad");
  EXPECT_EQ(client_ja4({.ciphers = {0x002f}, .extensions = {alpns({"q"})}}).substr(8, 2), "qq");
}

TEST(Ja4, CountsAtMost99AndGivesUpOnListsPastItsLimit) {
  ClientHelloSpec spec;
  spec.ciphers.assign(kJa4ItemsMax, 0x002f);
  EXPECT_EQ(client_ja4(spec).substr(4, 2), "99");
  spec.ciphers.push_back(0x0035);
  EXPECT_EQ(client_ja4(spec), "");
}

TEST(Names, VersionsReadAsInEve) {
  const auto name = [](uint16_t version) {
    return std::string(VersionName(ProtocolVersion{version}).text());
  };
  EXPECT_EQ(name(0x0304), "TLS 1.3");
  EXPECT_EQ(name(0x0303), "TLS 1.2");
  EXPECT_EQ(name(0x0302), "TLS 1.1");
  EXPECT_EQ(name(0x0301), "TLSv1");
  EXPECT_EQ(name(0x0300), "SSLv3");
  EXPECT_EQ(name(0x0002), "SSLv2");
  EXPECT_EQ(name(0x7f1c), "TLS 1.3 draft-28");
  EXPECT_EQ(name(0xfb17), "TLS 1.3 draft-23-fb");
  EXPECT_EQ(name(0x4242), "UNDETERMINED");
}

}  // namespace
}  // namespace flowscope::tls::test
