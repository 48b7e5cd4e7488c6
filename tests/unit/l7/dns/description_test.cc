#include "l7/dns/description.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "l7/dns/message.h"
#include "l7/dns/vocabulary.h"
#include "tests/unit/l7/dns/message_builder.h"
#include "tests/unit/l7/dns/recording_sink.h"
#include "tests/unit/l7/dns/sample_records.h"

namespace flowscope::dns {
namespace {

using namespace std::string_literals;

std::string describe(const MessageBuilder& built, Variant variant = Variant::Dns) {
  const Survey found = survey(built.bytes());
  EXPECT_NE(found.verdict, Verdict::NotDns);
  LineVisitor visitor;
  DnsMessage(built.bytes(), found, 0, variant).describe(visitor);
  return visitor.line();
}

MessageBuilder response_with(uint16_t type, std::string_view rdata) {
  return MessageBuilder(1, 0x8180, 1, 1).question("a.test", type).record(type, 60, rdata);
}

// The answers of a response to "a.test" with one record.
std::string whole_answers(uint16_t type, std::string_view rdata) {
  EXPECT_EQ(survey(response_with(type, rdata).bytes()).verdict, Verdict::Sound) << type;
  const std::string text = describe(response_with(type, rdata));
  return text.substr(text.find("answers="));
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
  for (const SampleRecord& sample : sample_records()) {
    EXPECT_EQ(whole_answers(sample.type, sample.rdata),
              "answers=[{rrname=a.test rrtype=" + std::string(rr_type_name(sample.type)) + " ttl=60"
                  + (sample.text.empty() ? "" : " ") + sample.text + "}]");
  }
}

TEST(DnsDescription, LeavesOutContentThatDoesNotFitItsType) {
  for (const UnsoundRecord& unsound : unsound_records()) {
    const auto message = MessageBuilder(1, 0x8180, 1, 2)
                             .question("a.test", unsound.type)
                             .record(unsound.type, 9, unsound.rdata)
                             .record(1, 9, "\1\2\3\4");
    EXPECT_EQ(survey(message.bytes()).verdict, Verdict::Damaged) << unsound.section;
    const std::string type(rr_type_name(unsound.type));
    EXPECT_NE(describe(message).find("answers=[{rrname=a.test rrtype=" + type
                                     + " ttl=9} {rrname=a.test rrtype=A ttl=9 rdata=1.2.3.4}]"),
              std::string::npos)
        << unsound.section << ": " << describe(message);
  }
}

TEST(DnsDescription, WritesAtMostTheLimitOfTypesInABitmap) {
  std::string windows;
  for (char window = 0; window < 100; ++window) windows += window + "\1\x40"s;
  const std::string text = whole_answers(47, "\0"s + windows);
  const uint32_t last = (kBitmapTypesMax - 1) * 256 + 1;
  EXPECT_TRUE(text.ends_with(" TYPE" + std::to_string(last) + "] truncated=true}}]")) << text;
}

TEST(DnsDescription, CutsLongContentAndSaysSo) {
  const std::string long_value(kHexBytesMax + 1, 'a');
  std::string hex;
  for (size_t i = 0; i < kHexBytesMax; ++i) hex += "61";
  EXPECT_TRUE(whole_answers(65280, long_value)
                  .ends_with("rdata=\\# 257 " + hex + " rdata_truncated=true}]"));
  EXPECT_TRUE(whole_answers(43, "\0\1\2\3"s + long_value)
                  .ends_with("digest=" + hex + " truncated=true}}]"));
}

TEST(DnsDescription, CutsLongListsOfServiceParametersAndSaysSo) {
  const std::string hints(4 * (kServiceValuesMax + 1), '\1');
  const std::string text = whole_answers(65, "\0\1\0\0\4\0\204"s + hints);
  EXPECT_TRUE(text.ends_with("1.1.1.1] truncated=true}}]")) << text;
  std::string params = "\0\1\0"s;
  for (uint32_t i = 0; i < kServiceValuesMax + 1; ++i)
    params += "\xf0"s + static_cast<char>(i) + "\0\0"s;
  const std::string others = whole_answers(64, params);
  EXPECT_NE(others.find("{key=key61471 value=}] truncated=true}}]"), std::string::npos) << others;
}

// An OPT record, and the part of the description that tells of it.
std::string describe_opt(uint16_t udp_size, uint32_t flags, const std::string& options) {
  const auto message = MessageBuilder(1, 0x0100, 1, 0, 0, 1)
                           .question("a.test", 1)
                           .u8(0)
                           .u16(41)
                           .u16(udp_size)
                           .u32(flags)
                           .u16(static_cast<uint16_t>(options.size()))
                           .raw(options);
  const std::string text = describe(message);
  return text.substr(text.find("additionals="));
}

TEST(DnsDescription, WritesEdns) {
  EXPECT_EQ(describe_opt(1232, 0, ""), "additionals=[{rrname= rrtype=OPT udp_size=1232}]");
  EXPECT_EQ(describe_opt(4096, 0x00018000, ""),
            "additionals=[{rrname= rrtype=OPT udp_size=4096 edns_version=1 do=true}]");
}

TEST(DnsDescription, WritesTheOptionsOfEdns) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"\0\3\0\0"s, "code=3 name=NSID nsid="},
      {"\0\3\0\2ns"s, "code=3 name=NSID nsid=ns"},
      {"\0\10\0\7\0\1\30\0\300\0\2"s,
       "code=8 name=ECS address=192.0.2.0 source_prefix=24 scope_prefix=0"},
      {"\0\10\0\10\0\2\40\60\x20\1\xd\xb8"s,
       "code=8 name=ECS address=2001:db8:: source_prefix=32 scope_prefix=48"},
      {"\0\10\0\4\0\1\0\0"s, "code=8 name=ECS address=0.0.0.0 source_prefix=0 scope_prefix=0"},
      {"\0\10\0\4\0\1\30\0"s, "code=8 name=ECS data=00011800"},  // RFC 7871 6: no address
      {"\0\10\0\4\0\3\0\0"s, "code=8 name=ECS data=00030000"},
      {"\0\10\0\11\0\1\50\0\1\2\3\4\5"s, "code=8 name=ECS data=000128000102030405"},
      {"\0\12\0\10abcdefgh"s, "code=10 name=COOKIE client=6162636465666768"},
      {"\0\12\0\20abcdefgh01234567"s,
       "code=10 name=COOKIE client=6162636465666768 server=3031323334353637"},
      {"\0\12\0\3abc"s, "code=10 name=COOKIE data=616263"},  // RFC 7873 5.2.2
      {"\0\13\0\0"s, "code=11 name=TCP-KEEPALIVE"},
      {"\0\13\0\2\0\12"s, "code=11 name=TCP-KEEPALIVE timeout_ms=1000"},
      {"\0\14\0\3\0\0\0"s, "code=12 name=PADDING padding_bytes=3"},
      {"\0\17\0\2\0\3"s, "code=15 name=EDE info_code=3 purpose=Stale Answer"},
      {"\0\17\0\6\xff\xffwhy?"s, "code=15 name=EDE info_code=65535 extra_text=why?"},
      {"\0\17\0\1\0"s, "code=15 name=EDE data=00"},
      {"\xfd\xe9\0\2hi"s, "code=65001 data=6869"},
  };
  for (const auto& [option, text] : cases) {
    EXPECT_EQ(describe_opt(512, 0, option),
              "additionals=[{rrname= rrtype=OPT udp_size=512 opt=[{" + text + "}]}]");
  }
}

TEST(DnsDescription, WritesAtMostTheLimitOfOptions) {
  std::string options;
  for (uint32_t i = 0; i < kEdnsOptionsMax + 2; ++i) options += "\0\14\0\0"s;
  EXPECT_TRUE(describe_opt(512, 0, options).ends_with("] opt_omitted=2}]"));
}

TEST(DnsDescription, LeavesOutOptionsThatDoNotEndWithTheirRecord) {
  EXPECT_EQ(describe_opt(512, 0, "\0\12\0\11abcdefgh"s),
            "additionals=[{rrname= rrtype=OPT udp_size=512}]");
}

TEST(DnsDescription, NamesKindsOfMessages) {
  EXPECT_NE(describe(MessageBuilder(1, 0x2400).question("zone.test", 6))
                .find("aa=true opcode=4 opcode_name=NOTIFY rcode=NOERROR"),
            std::string::npos);
  EXPECT_NE(describe(MessageBuilder(1, 0x7800).question("a.test", 1)).find("opcode=15 rcode="),
            std::string::npos);
}

// RFC 2136 section 3: the zone stands where questions do.
TEST(DnsDescription, NamesTheSectionsOfAnUpdate) {
  const auto update = MessageBuilder(1, 0x2800, 1, 1, 1, 0)
                          .question("zone.test", 6)
                          .name("a.zone.test")
                          .u16(255)
                          .u16(254)
                          .u32(0)
                          .u16(0)
                          .name("a.zone.test")
                          .u16(1)
                          .u16(1)
                          .u32(60)
                          .u16(4)
                          .raw("\1\2\3\4");
  const std::string text = describe(update);
  EXPECT_TRUE(text.ends_with(
      "opcode=5 opcode_name=UPDATE rcode=NOERROR queries=[{rrname=zone.test rrtype=SOA}] "
      "prerequisites=[{rrname=a.zone.test rrtype=ANY rrclass=NONE ttl=0}] "
      "updates=[{rrname=a.zone.test rrtype=A ttl=60 rdata=1.2.3.4}]"))
      << text;
}

TEST(DnsDescription, WritesTheBitsOfMulticastDns) {
  const auto message = MessageBuilder(0, 0x8400, 2, 2)
                           .question("a.local", 1, 0x8001)
                           .question("b.local", 1, 0x8003)
                           .name("a.local")
                           .u16(1)
                           .u16(0x8001)
                           .u32(120)
                           .u16(4)
                           .raw("\1\2\3\4")
                           .record(1, 60, "\1\2\3\4");
  EXPECT_EQ(describe(message, Variant::Mdns),
            "version=3 type=response tx_id=0 id=0 flags=8400 qr=true aa=true variant=mdns opcode=0 "
            "rcode=NOERROR queries=[{rrname=a.local rrtype=A unicast_response=true} "
            "{rrname=b.local rrtype=A unicast_response=true rrclass=CH}] "
            "answers=[{rrname=a.local rrtype=A cache_flush=true ttl=120 rdata=1.2.3.4} "
            "{rrname=a.local rrtype=A ttl=60 rdata=1.2.3.4}]");
  EXPECT_NE(describe(message, Variant::Dns).find("rrclass=CLASS32769"), std::string::npos);
}

TEST(DnsDescription, WritesTheFlagsOfLinkLocalNameResolution) {
  EXPECT_NE(describe(MessageBuilder(1, 0x8500).question("host", 1), Variant::Llmnr)
                .find("flags=8500 qr=true conflict=true tentative=true variant=llmnr opcode=0"),
            std::string::npos);
}

TEST(DnsDescription, WritesTheBitsOfDnssec) {
  EXPECT_NE(describe(MessageBuilder(1, 0x81b0).question("a.test", 1))
                .find("ra=true ad=true cd=true opcode=0"),
            std::string::npos);
}

TEST(DnsDescription, WritesEachOwnerByItsOwnPointer) {
  // A chain: a.test is an alias of b.test, whose name lies in the first record's content.
  const auto message = MessageBuilder(1, 0x8180, 1, 3)
                           .question("a.test", 1)
                           .record(5, 1, "\1b\300\16"s)
                           .pointer(36)
                           .u16(1)
                           .u16(1)
                           .u32(2)
                           .u16(4)
                           .raw("\1\2\3\4")
                           .record(1, 3, "\1\2\3\5");
  EXPECT_EQ(part_of(describe(message), "answers"),
            "answers=[{rrname=a.test rrtype=CNAME ttl=1 rdata=b.test} "
            "{rrname=b.test rrtype=A ttl=2 rdata=1.2.3.4} "
            "{rrname=a.test rrtype=A ttl=3 rdata=1.2.3.5}]");
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
  const std::string text = whole_answers(16, rdata);
  EXPECT_NE(text.find(std::string(JoinedStrings::kBytesMax, 'x') + " rdata_truncated=true"),
            std::string::npos);
}

TEST(DnsDescription, MarksANameThatCannotBeReadToItsEnd) {
  const auto message = MessageBuilder(1, 0x0100).labels("www").pointer(500).u16(1).u16(1);
  EXPECT_EQ(part_of(describe(message), "queries"),
            "queries=[{rrname=www rrname_truncated=true rrtype=A}]");
}

TEST(DnsAddressText, WritesEveryByteOfIpv4InDecimal) {
  for (uint32_t byte = 0; byte < 256; ++byte) {
    const std::string digits = std::to_string(byte);
    const std::string address(4, static_cast<char>(byte));
    AddressText storage;
    EXPECT_EQ(ipv4_text(Bytes::of(address), storage),
              digits + "." + digits + "." + digits + "." + digits);
  }
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
      {"\0\1\0\x23\4\x56\x78\x9a\0\xb\0\xcd\xe\xf1\0\0"s, "1:23:456:789a:b:cd:ef1:0"},
      {"\0\0\0\0\0\1\0\0\0\0\0\0\0\0\0\2"s, "0:0:1::2"},
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
    EXPECT_EQ(std::string_view(rr_type_name(type)), text);
  }
}

TEST(DnsVocabulary, NamesResultCodesAndNumbersTheRest) {
  EXPECT_EQ(std::string_view(rcode_name(3)), "NXDOMAIN");
  EXPECT_EQ(std::string_view(rcode_name(12)), "RCODE12");
  EXPECT_EQ(std::string_view(rcode_name(23)), "BADCOOKIE");
  EXPECT_EQ(std::string_view(rcode_name(4095)), "RCODE4095");
}

TEST(DnsVocabulary, NamesClassesKindsAndOptions) {
  NumberText scratch;
  EXPECT_EQ(class_name(4, scratch), "HS");
  EXPECT_EQ(class_name(77, scratch), "CLASS77");
  EXPECT_EQ(opcode_name(6), "DSO");
  EXPECT_EQ(opcode_name(3), "");
  EXPECT_EQ(opcode_name(7), "");
  EXPECT_EQ(edns_option_name(19), "ZONEVERSION");
  EXPECT_EQ(edns_option_name(20), "");
  EXPECT_EQ(extended_error_name(30), "Invalid Query Type");
  EXPECT_EQ(extended_error_name(31), "");
  EXPECT_EQ(svc_param_name(8, scratch), "ohttp");
  EXPECT_EQ(svc_param_name(9, scratch), "key9");
}

}  // namespace
}  // namespace flowscope::dns
