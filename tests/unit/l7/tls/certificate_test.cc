#include "l7/tls/certificate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "l7/tls/certificate_fields.h"
#include "l7/tls/der.h"
#include "tests/unit/l7/tls/certificate_builder.h"
#include "tests/unit/l7/tls/der_builder.h"
#include "tests/unit/l7/tls/hello_builder.h"
#include "tests/unit/l7/tls/recording_sink.h"

namespace flowscope::tls::test {
namespace {

std::string described(const CertificateFields& fields) {
  LineVisitor visitor;
  fields.describe(visitor);
  fields.describe_more(visitor);
  return visitor.line();
}
std::string text_of(CertificateTime time) {
  const CertificateTimeText text = write_time(time);
  return {text.data(), text.size()};
}
std::vector<std::string> alternative_names(Bytes names) {
  std::vector<std::string> texts;
  AlternativeNameWalk walk(names);
  while (walk.next()) texts.emplace_back(walk.text());
  return texts;
}

TEST(Certificate, TellsWhatEveTells) {
  const std::string der =
      make_certificate({.alternative_names = "DNS:www.example.org,DNS:example.org"});
  const std::string message = certificate_message({der, der, der}).substr(kMessageHeaderBytes);
  const auto fields = read_certificate_message(Bytes::of(message));
  ASSERT_TRUE(fields.has_value());
  const std::string line = described(*fields);
  EXPECT_EQ(
      line.find("subject=C=DE, O=Example, Inc., CN=www.example.org issuerdn=C=DE, CN=Example CA "
                "serial=00:8A:07:E0 fingerprint="),
      0U)
      << line;
  EXPECT_NE(line.find(" notbefore=2015-01-31T02:18:29 notafter=2049-12-31T23:59:59 "
                      "subjectaltname=[www.example.org example.org] fingerprint_sha256="),
            std::string::npos)
      << line;
  EXPECT_NE(line.find(" chain_count=3"), std::string::npos);
}

TEST(Certificate, ThatComesAgainIsHashedOnce) {
  Result<Arena> arena = Arena::create(DigestMemo::cost(), Arena::Populate::Lazily);
  ASSERT_TRUE(arena.ok());
  DigestMemo memo(arena.value());
  const std::string message =
      certificate_message({make_certificate({})}).substr(kMessageHeaderBytes);
  const auto alone = read_certificate_message(Bytes::of(message));
  for (int i = 0; i < 3; ++i) {
    const auto fields = read_certificate_message(Bytes::of(message), &memo);
    EXPECT_EQ(described(*fields), described(*alone));
  }
  EXPECT_EQ(memo.computed(), 1U);
}

TEST(Certificate, HashesTheWholeEncoding) {
  const std::string der = make_certificate({});
  const std::string message = certificate_message({der}).substr(kMessageHeaderBytes);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_Digest(der.data(), der.size(), digest.data(), &size, EVP_sha1(), nullptr);
  const auto fields = read_certificate_message(Bytes::of(message));
  ASSERT_TRUE(fields.has_value());
  EXPECT_TRUE(std::equal(fields->numbers.sha1.begin(), fields->numbers.sha1.end(), digest.begin()));
  EXPECT_EQ(fields->numbers.sha256, sha256(Bytes::of(der)));
}

TEST(Certificate, AgreesWithOpenSslOnRandomNamesAndTimes) {
  const uint32_t seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  const std::vector<std::string> kinds = {"C", "O", "OU", "CN", "L", "ST", "DC", "UID", "title"};
  for (int round = 0; round < 100; ++round) {
    CertificateSpec spec{.subject = {}, .issuer = {{"CN", "x"}}, .serial = {}};
    std::string expected;
    for (size_t parts = 1 + random() % 6; parts > 0; --parts) {
      std::string value(1 + random() % 60, '\0');
      for (char& c : value) c = static_cast<char>('a' + random() % 26);
      spec.subject.emplace_back(kinds[random() % kinds.size()], value);
      if (!expected.empty()) expected += ", ";
      expected += spec.subject.back().first + "=" + value;
    }
    for (size_t bytes = 1 + random() % 20; bytes > 0; --bytes)
      spec.serial.push_back(static_cast<uint8_t>(1 + random() % 255));
    const int64_t time = static_cast<int64_t>(random()) * 50 - 15'000'000'000;
    ASN1_TIME* encoded = ASN1_TIME_set(nullptr, time);
    ASN1_GENERALIZEDTIME* general = ASN1_TIME_to_generalizedtime(encoded, nullptr);
    spec.not_after.assign(reinterpret_cast<const char*>(ASN1_STRING_get0_data(general)),
                          static_cast<size_t>(ASN1_STRING_length(general)));
    ASN1_STRING_free(encoded);
    ASN1_STRING_free(general);
    const std::string der = make_certificate(spec);
    const auto certificate = read_certificate(Bytes::of(der));
    ASSERT_TRUE(certificate.has_value());
    ASSERT_EQ(NameText(certificate->subject).text(), expected);
    ASSERT_EQ(certificate->not_after.seconds, time) << spec.not_after;
    const std::string& digits = spec.not_after;
    ASSERT_EQ(text_of(certificate->not_after),
              digits.substr(0, 4) + "-" + digits.substr(4, 2) + "-" + digits.substr(6, 2) + "T"
                  + digits.substr(8, 2) + ":" + digits.substr(10, 2) + ":" + digits.substr(12, 2));
    const auto serial = certificate->serial.after(spec.serial[0] >= 0x80 ? 1 : 0);
    ASSERT_TRUE(std::equal(serial.begin(), serial.end(), spec.serial.begin(), spec.serial.end()));
  }
}

TEST(Certificate, ReadsTimesBeyondThoseOfRfc5280) {
  struct Row {
    uint8_t tag;
    const char* encoded;
    const char* text;
  };
  // RFC 5280 4.1.2.5 and, beyond it, X.680 46 and 47.
  const std::array<Row, 9> rows = {{
      {0x17, "500101000000Z", "1950-01-01T00:00:00"},
      {0x17, "491231235959Z", "2049-12-31T23:59:59"},
      {0x17, "691231000000Z", "1969-12-31T00:00:00"},
      {0x17, "0002290102Z", "2000-02-29T01:02:00"},
      {0x17, "150131021829+0130", "2015-01-31T00:48:29"},
      {0x18, "18991231235959Z", "1899-12-31T23:59:59"},
      {0x18, "99991231235959Z", "9999-12-31T23:59:59"},
      {0x18, "00000101000000Z", "0000-01-01T00:00:00"},
      {0x18, "20260131235959.5Z", "2026-01-31T23:59:59"},
  }};
  for (const Row& row : rows) {
    const std::string der =
        raw_certificate(item(row.tag, row.encoded) + item(row.tag, row.encoded));
    const auto certificate = read_certificate(Bytes::of(der));
    ASSERT_TRUE(certificate.has_value()) << row.encoded;
    EXPECT_EQ(text_of(certificate->not_before), row.text) << row.encoded;
  }
}

TEST(Certificate, RefusesTimesThatAreNone) {
  for (const char* encoded :
       {"", "15", "159901000000Z", "150100000000Z", "150132000000Z", "150101240000Z",
        "150101006000Z", "150101000061Z", "1501010000x0Z", "150101000000X", "150101000000+01"}) {
    const std::string good = item(0x17, "150131021829Z");
    EXPECT_FALSE(read_certificate(Bytes::of(raw_certificate(good + item(0x17, encoded)))))
        << encoded;
  }
  EXPECT_FALSE(read_certificate(Bytes::of(raw_certificate(item(0x0c, "150131021829Z")))));
}

TEST(Certificate, KeepsEveryByteOfANameForTheWriter) {
  const std::string common_name("a.example\0.evil\x1b\xff", 17);
  const std::string encoded = name("\x55\x04\x03", 0x0c, common_name);
  EXPECT_EQ(NameText(Bytes::of(encoded)).text(), "CN=" + common_name);
}

TEST(Certificate, WritesWideStringsAsUtf8) {
  const std::string two =
      name("\x55\x04\x0a", 0x1e, std::string("\x00\x41\x00\xe9\x20\xac\xd8\x00", 8));
  EXPECT_EQ(NameText(Bytes::of(two)).text(), "O=A\xc3\xa9\xe2\x82\xac\xef\xbf\xbd");
  const std::string four =
      name("\x55\x04\x0a", 0x1c, std::string("\x00\x01\xf6\x00\x00\x20\x00\x00", 8));
  EXPECT_EQ(NameText(Bytes::of(four)).text(), "O=\xf0\x9f\x98\x80\xef\xbf\xbd");
}

TEST(Certificate, WritesUnknownAttributesByNumberAndSetsJoined) {
  const std::string identifier("\x2b\x06\x01\x04\x01\x86\x8d\x1f\x00", 9);
  const std::string value = item(0x0c, "v");
  const std::string one = item(0x30, item(0x06, identifier) + value);
  const std::string other = item(0x30, item(0x06, "\x55\x04\x06") + value);
  const std::string high = item(0x30, item(0x06, std::string("\x88\x37\x03", 3)) + value);
  EXPECT_EQ(NameText(Bytes::of(item(0x31, one + other) + item(0x31, high))).text(),
            "1.3.6.1.4.1.99999.0=v + C=v, 2.999.3=v");
}

TEST(Certificate, CutsALongName) {
  const std::string encoded = name("\x55\x04\x03", 0x0c, std::string(5000, 'n'));
  EXPECT_EQ(NameText(Bytes::of(encoded)).text(), "CN=" + std::string(NameText::kBytesMax - 3, 'n'));
}

TEST(Certificate, GivesHostsMailUrisAndAddresses) {
  const std::string der = make_certificate(
      {.alternative_names = "DNS:a.example,email:b@example.org,URI:https://c.example/,"
                            "IP:192.0.2.1,IP:2001:db8::1,RID:1.2.3"});
  const auto certificate = read_certificate(Bytes::of(der));
  ASSERT_TRUE(certificate.has_value());
  EXPECT_EQ(alternative_names(certificate->alternative_names),
            (std::vector<std::string>{"a.example", "b@example.org", "https://c.example/",
                                      "192.0.2.1", "2001:0db8:0000:0000:0000:0000:0000:0001"}));
}

TEST(Certificate, CutsAlternativeNamesAfterAWholeOne) {
  std::string names;
  for (int i = 0; i < 500; ++i) names += item(0x82, "host.example");
  const std::string extension =
      item(0x30, item(0x06, "\x55\x1d\x11") + item(0x04, item(0x30, names)));
  const std::string time = item(0x17, "150131021829Z");
  const std::string der = raw_certificate(time + time, "", item(0xa3, item(0x30, extension)));
  const std::string message = certificate_message({der}).substr(kMessageHeaderBytes);
  const auto fields = read_certificate_message(Bytes::of(message));
  ASSERT_TRUE(fields.has_value());
  const auto kept = alternative_names(fields->alternative_names);
  EXPECT_EQ(kept.size(), CertificateFields::kAlternativeNamesBytesMax / 14);
  EXPECT_EQ(kept.back(), "host.example");
}

TEST(Certificate, LooksAtNoMoreExtensionsThanItsLimit) {
  const std::string names =
      item(0x30, item(0x06, "\x55\x1d\x11") + item(0x04, item(0x30, item(0x82, "a"))));
  const std::string other = item(0x30, item(0x06, "\x55\x1d\x12") + item(0x04, ""));
  const std::string time = item(0x17, "150131021829Z");
  for (const size_t before : {Certificate::kExtensionsMax - 1, Certificate::kExtensionsMax}) {
    std::string list;
    for (size_t i = 0; i < before; ++i) list += other;
    const std::string der = raw_certificate(time + time, "", item(0xa3, item(0x30, list + names)));
    const auto certificate = read_certificate(Bytes::of(der));
    ASSERT_TRUE(certificate.has_value());
    EXPECT_EQ(certificate->alternative_names.empty(), before == Certificate::kExtensionsMax);
  }
}

TEST(Certificate, OneThatCannotBeReadKeepsItsHashes) {
  const std::string message = certificate_message({"no certificate"}).substr(kMessageHeaderBytes);
  const auto fields = read_certificate_message(Bytes::of(message));
  ASSERT_TRUE(fields.has_value());
  EXPECT_EQ(described(*fields).find("fingerprint="), 0U);
}

TEST(Certificate, RefusesMessagesThatContradictThemselves) {
  const std::string good = certificate_message({make_certificate({})}).substr(kMessageHeaderBytes);
  for (const size_t size : {size_t{0}, size_t{2}, size_t{3}, size_t{6}, good.size() - 1})
    EXPECT_FALSE(read_certificate_message(Bytes::of(good).first(size))) << size;
  const std::string large =
      certificate_message({std::string(CertificateFields::kCertificateBytesMax + 1, 'c')});
  EXPECT_FALSE(read_certificate_message(Bytes::of(large).after(kMessageHeaderBytes)));
}

TEST(Certificate, CountsNoMoreThanItsLimit) {
  std::vector<std::string> chain(100, "c");
  chain[0] = make_certificate({});
  const std::string message = certificate_message(chain).substr(kMessageHeaderBytes);
  EXPECT_EQ(read_certificate_message(Bytes::of(message))->numbers.chain_count,
            CertificateFields::kChainMax);
}

TEST(Certificate, SurvivesDamage) {
  const uint32_t seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  const std::string good = make_certificate({.alternative_names = "DNS:a.example,IP:192.0.2.1"});
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes = good;
    for (size_t flips = 1 + random() % 6; flips > 0; --flips)
      bytes[random() % (round % 2 == 0 ? 300 : bytes.size())] = static_cast<char>(random());
    bytes.resize(random() % 4 == 0 ? random() % bytes.size() : bytes.size());
    const std::string message = certificate_message({bytes}).substr(kMessageHeaderBytes);
    const auto fields = read_certificate_message(Bytes::of(message));
    if (fields) described(*fields);
  }
}

TEST(DerWalk, ReadsLengthsOfUpToThreeBytesAndNoOthers) {
  const std::string body(0x10203, 'b');
  const std::string good = u8(0x04) + u8(0x83) + u24(body.size()) + body;
  DerWalk walk(Bytes::of(good));
  ASSERT_TRUE(walk.next(DerTag::OctetString));
  EXPECT_EQ(walk.body().size(), body.size());
  EXPECT_EQ(walk.whole().size(), good.size());
  EXPECT_FALSE(walk.next());
  for (const std::string& bad : {std::string("\x30\x80", 2), std::string("\x04\x84\0\0\0\1x", 7),
                                 std::string("\x1f\x01x", 3), std::string("\x04\x02x", 3)}) {
    DerWalk refused(Bytes::of(bad));
    EXPECT_FALSE(refused.next());
    EXPECT_FALSE(refused.next());
  }
}

}  // namespace
}  // namespace flowscope::tls::test
