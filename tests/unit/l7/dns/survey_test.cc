#include "l7/dns/survey.h"

#include <gtest/gtest.h>

#include <string>

#include "l7/dns/message.h"
#include "tests/unit/l7/dns/message_builder.h"
#include "tests/unit/l7/dns/recording_sink.h"
#include "tests/unit/l7/dns/sample_records.h"

namespace flowscope::dns {
namespace {

using namespace std::string_literals;

// A message of aliases whose names, owners and contents, each go through the longest chain of
// pointers that is allowed, each by another one than the name before.
MessageBuilder pointer_bomb(uint16_t records) {
  MessageBuilder bomb(1, 0x8180, 1, records);
  bomb.question("a.test", 1);
  // A first record whose content is the chain: pointers to the one before.
  bomb.pointer(12).u16(10).u16(1).u32(0).u16(2 * (kNamePointersMax - 2));
  uint16_t last = 12;
  for (uint32_t i = 0; i < kNamePointersMax - 2; ++i) {
    const auto here = static_cast<uint16_t>(bomb.size());
    bomb.pointer(last);
    last = here;
  }
  for (uint16_t i = 1; i < records; ++i)
    bomb.pointer(last).u16(5).u16(1).u32(0).u16(2).pointer(static_cast<uint16_t>(last - 2));
  return bomb;
}

TEST(DnsSurvey, ReadsEveryTypeAsSound) {
  for (const SampleRecord& sample : sample_records()) {
    const auto message =
        MessageBuilder(1, 0x8180, 1, 1).question("a.test", 1).record(sample.type, 1, sample.rdata);
    EXPECT_EQ(survey(message.bytes()).verdict, Verdict::Sound) << sample.text;
  }
}

TEST(DnsSurvey, TakesTheExtendedCodeOfAdditionalRecordsOnly) {
  const auto message = MessageBuilder(1, 0x8180, 1, 1)
                           .question("a.test", 1)
                           .u8(0)
                           .u16(41)
                           .u16(1232)
                           .u32(0x01000000)
                           .u16(0);
  EXPECT_EQ(survey(message.bytes()).rcode, 0);
}

TEST(DnsSurvey, BoundsTheStepsOfOneName) {
  const MessageBuilder bomb = pointer_bomb(1);
  NameCheck names(bomb.bytes());
  EXPECT_TRUE(names.is_sound(bomb.size() - 2));
  EXPECT_LE(names.steps(), kNamePointersMax + kNameBytesMax / 2 + 1);
  const uint32_t before = names.steps();
  EXPECT_TRUE(names.is_sound(bomb.size() - 2));
  EXPECT_EQ(names.steps(), before + 1) << "the same name again is known";
}

TEST(DnsSurvey, BoundsTheStepsOfAllNamesOfAMessage) {
  const MessageBuilder bomb = pointer_bomb(1000);
  NameCheck names(bomb.bytes());
  for (size_t offset = kHeaderBytes; offset < bomb.size(); ++offset) (void)names.is_sound(offset);
  EXPECT_TRUE(names.is_exhausted());
  EXPECT_LE(names.steps(), kNameStepsMax + kNamePointersMax + kNameBytesMax / 2 + bomb.size());
}

TEST(DnsSurvey, ReportsARecordBehindTheLimitOfStepsAsOmitted) {
  const MessageBuilder bomb = pointer_bomb(300);
  const Survey found = survey(bomb.bytes());
  EXPECT_EQ(found.verdict, Verdict::Damaged);
  EXPECT_EQ(found.present[1], 300);
  EXPECT_GT(found.records_checked, 30);
  EXPECT_LT(found.records_checked, kRecordsMax) << "the limit of steps comes first";
  LineVisitor visitor;
  DnsMessage(bomb.bytes(), found, 0).describe(visitor);
  EXPECT_TRUE(
      visitor.line().ends_with(" records_omitted=" + std::to_string(300 - found.records_checked)));
}

TEST(DnsSurvey, LeavesRoomForTheNamesOfAReverseZone) {
  MessageBuilder transfer(1, 0x8400, 1, 64);
  transfer.question("0.8.b.d.0.1.0.0.2.ip6.arpa", 252);
  for (uint32_t i = 0; i < 64; ++i) {
    std::string owner;
    for (uint32_t nibble = 0; nibble < 23; ++nibble) owner += "1.";
    transfer.labels(owner.substr(0, owner.size() - 1)).pointer(12).u16(12).u16(1).u32(1);
    const std::string host = wire_name("host.example.org");
    transfer.u16(static_cast<uint16_t>(host.size())).raw(host);
  }
  const Survey found = survey(transfer.bytes());
  EXPECT_EQ(found.verdict, Verdict::Sound);
  EXPECT_EQ(found.records_checked, 64);
}

TEST(DnsSurvey, KnowsWhereTheFirstQuestionEnds) {
  const auto message = MessageBuilder(1, 0x0100, 2).question("a.test", 1).question("b.test", 1);
  EXPECT_EQ(survey(message.bytes()).question_bytes, 12U);
  EXPECT_EQ(
      survey(MessageBuilder(1, 0x0100).labels("www").pointer(500).u32(0).bytes()).question_bytes,
      0U);
}

}  // namespace
}  // namespace flowscope::dns
