#include "l7/dns/description.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "l7/dns/message.h"
#include "l7/dns/vocabulary.h"
#include "tests/unit/l7/dns/message_builder.h"
#include "tests/unit/l7/dns/recording_sink.h"

namespace flowscope::dns {
namespace {

using namespace std::string_literals;

std::string describe(const MessageBuilder& built) {
  const Survey found = survey(built.bytes());
  EXPECT_NE(found.verdict, Verdict::NotDns);
  TextVisitor visitor;
  DnsMessage(built.bytes(), found, 0).describe(visitor);
  return visitor.result();
}

// The answers of a response to "a.test" with one record.
std::string describe_record(uint16_t type, std::string_view rdata) {
  return part_of(
      describe(MessageBuilder(1, 0x8180, 1, 1).question("a.test", type).record(type, 60, rdata)),
      "answers");
}

TEST(DnsDescription, WritesARequestAsEveDoes) {
  EXPECT_EQ(describe(a_query("www.example.com", 4660)),
            "version=3 type=request tx_id=0 id=4660 flags=100 rd=true opcode=0 rcode=NOERROR "
            "queries=[{rrname=www.example.com rrtype=A}]");
}

TEST(DnsDescription, WritesAResponseWithItsSections) {
  const auto message = MessageBuilder(1, 0x8580, 1, 1, 1, 1)
                           .question("a.test", 1)
                           .record(1, 300, "\300\0\2\1"s)
                           .record(2, 60, wire_name("ns.test"))
                           .record(28, 60, "\x20\x01\x0d\xb8"s + std::string(11, '\0') + "\1");
  EXPECT_EQ(
      describe(message),
      "version=3 type=response tx_id=0 id=1 flags=8580 qr=true aa=true rd=true ra=true opcode=0 "
      "rcode=NOERROR queries=[{rrname=a.test rrtype=A}] "
      "answers=[{rrname=a.test rrtype=A ttl=300 rdata=192.0.2.1}] "
      "authorities=[{rrname=a.test rrtype=NS ttl=60 rdata=ns.test}] "
      "additionals=[{rrname=a.test rrtype=AAAA ttl=60 rdata=2001:db8::1}]");
}

TEST(DnsDescription, WritesTheContentOfEachType) {
  struct Case {
    uint16_t type;
    std::string rdata;
    std::string text;
  };
  const std::vector<Case> cases = {
      {5, wire_name("b.test"), "CNAME ttl=60 rdata=b.test"},
      {12, wire_name("host.test"), "PTR ttl=60 rdata=host.test"},
      {39, wire_name("d.test"), "DNAME ttl=60 rdata=d.test"},
      {5, "\1b\300\16"s, "CNAME ttl=60 rdata=b.test"},
      {15, "\0\12"s + wire_name("mx.test"), "MX ttl=60 preference=10 rdata=mx.test"},
      {16, "\5hello"s, "TXT ttl=60 rdata=hello"},
      {16, "\5hello\1 \5world"s, "TXT ttl=60 rdata=hello world"},
      {16, "\0"s, "TXT ttl=60 rdata="},
      {33, "\0\1\0\2\0\120"s + wire_name("s.test"),
       "SRV ttl=60 srv={priority=1 weight=2 port=80 name=s.test}"},
      {6,
       wire_name("ns.test") + wire_name("root.test") + "\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0\5"s,
       "SOA ttl=60 soa={mname=ns.test rname=root.test serial=1 refresh=2 retry=3 expire=4 "
       "minimum=5}"},
      {65, "\0\1\0"s, "HTTPS ttl=60"},
      {65280, "xyz", "TYPE65280 ttl=60"},
      {1, "", "A ttl=60"},
  };
  for (const Case& each : cases) {
    EXPECT_EQ(describe_record(each.type, each.rdata),
              "answers=[{rrname=a.test rrtype=" + each.text + "}]");
  }
}

TEST(DnsDescription, LeavesOutContentThatDoesNotFitItsType) {
  for (const auto& [type, rdata] : std::vector<std::pair<uint16_t, std::string>>{
           {1, "\1\2\3"s},
           {28, "\1\2\3\4"s},
           {5, "\5short"s},
           {5, wire_name("b.test") + "x"},
           {15, "\0"s},
           {15, "\0\12"s},
           {33, "\0\1\0\2\0\120"s},
           {6, wire_name("ns.test")},
           {6, wire_name("ns.test") + wire_name("root.test") + "\0\0\0\1"s},
           {16, "\5hell"s},
       }) {
    const auto message = MessageBuilder(1, 0x8180, 1, 2)
                             .question("a.test", type)
                             .record(type, 9, rdata)
                             .record(1, 9, "\1\2\3\4");
    EXPECT_EQ(survey(message.bytes()).verdict, Verdict::Damaged) << "type " << type;
    EXPECT_EQ(describe(message).find(" rdata=1.2.3.4") == std::string::npos, false)
        << "the record behind a bad one of type " << type << " is lost";
  }
}

TEST(DnsDescription, CombinesTheExtendedResultCode) {
  const auto message = MessageBuilder(1, 0x8180, 1, 0, 0, 1)
                           .question("a.test", 1)
                           .u8(0)
                           .u16(41)
                           .u16(1232)
                           .u32(0x01000000)
                           .u16(0);
  EXPECT_NE(describe(message).find("rcode=BADVERS "), std::string::npos);
}

TEST(DnsDescription, WritesAtMostTheLimitAndCountsTheRest) {
  MessageBuilder message(1, 0x8180, kQuestionsMax + 3, kRecordsMax, 5, 1);
  for (uint32_t i = 0; i < kQuestionsMax + 3; ++i) message.question("a.test", 1);
  for (uint32_t i = 0; i < kRecordsMax + 6; ++i) message.record(1, i, "\1\2\3\4");
  const std::string text = describe(message);
  EXPECT_NE(text.find("] queries_omitted=3 answers="), std::string::npos) << text;
  EXPECT_TRUE(text.ends_with("ttl=63 rdata=1.2.3.4}] records_omitted=6")) << text;
}

TEST(DnsDescription, CutsJoinedStringsAtTheLimitAndSaysSo) {
  const std::string string = "\377" + std::string(255, 'x');
  std::string rdata;
  for (size_t i = 0; i < 9; ++i) rdata += string;
  const std::string text = describe_record(16, rdata);
  EXPECT_NE(text.find(std::string(JoinedStrings::kBytesMax, 'x') + " rdata_truncated=true"),
            std::string::npos);
}

TEST(DnsDescription, MarksANameThatCannotBeReadToItsEnd) {
  const auto message = MessageBuilder(1, 0x0100).labels("www").pointer(500).u16(1).u16(1);
  EXPECT_EQ(part_of(describe(message), "queries"),
            "queries=[{rrname=www rrname_truncated=true rrtype=A}]");
}

TEST(DnsAddressText, WritesIpv6InShortestForm) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {std::string(16, '\0'), "::"},
      {std::string(15, '\0') + "\1", "::1"},
      {"\x20\1\xd\xb8"s + std::string(12, '\0'), "2001:db8::"},
      {"\x20\1\xd\xb8\0\0\0\1\0\0\0\0\0\0\0\1"s, "2001:db8:0:1::1"},
      {"\x20\1\0\0\0\0\0\1\0\0\0\0\0\1\0\1"s, "2001::1:0:0:1:1"},
      {"\0\1\0\0\0\2\0\3\0\4\0\5\0\6\0\7"s, "1:0:2:3:4:5:6:7"},
      {std::string(10, '\0') + "\377\377\300\0\2\1"s, "::ffff:192.0.2.1"},
      {std::string(16, '\377'), "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
  };
  for (const auto& [address, text] : cases) {
    AddressText storage;
    EXPECT_EQ(ipv6_text(Bytes::of(address), storage), text);
  }
}

TEST(DnsVocabulary, NamesTypesAndNumbersTheRest) {
  const std::vector<std::pair<uint16_t, std::string>> cases = {
      {0, "TYPE0"},         {1, "A"},      {28, "AAAA"},   {54, "TYPE54"},
      {64, "SVCB"},         {65, "HTTPS"}, {66, "TYPE66"}, {99, "SPF"},
      {255, "ANY"},         {257, "CAA"},  {32769, "DLV"}, {32770, "TYPE32770"},
      {65535, "TYPE65535"},
  };
  for (const auto& [type, text] : cases) {
    NumberText scratch;
    EXPECT_EQ(rr_type_name(type, scratch), text);
  }
}

TEST(DnsVocabulary, NamesResultCodesAndNumbersTheRest) {
  NumberText scratch;
  EXPECT_EQ(rcode_name(3, scratch), "NXDOMAIN");
  EXPECT_EQ(rcode_name(12, scratch), "RCODE12");
  EXPECT_EQ(rcode_name(23, scratch), "BADCOOKIE");
  EXPECT_EQ(rcode_name(4095, scratch), "RCODE4095");
}

}  // namespace
}  // namespace flowscope::dns
