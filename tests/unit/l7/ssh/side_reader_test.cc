#include "l7/ssh/side_reader.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/unit/l7/ssh/ssh_builder.h"

namespace flowscope::ssh::test {
namespace {

constexpr size_t kPoolBytes = size_t{4} << 20;

const char* name_of(Found found) {
  constexpr const char* kNames[] = {
      "Nothing",    "Preamble",     "Banner",        "LongBanner", "BrokenBanner", "KexInit",
      "KexMethod",  "Disconnect",   "NewKeys",       "Other",      "LongPacket",   "LongKexInit",
      "BinaryLine", "LongPreamble", "InvalidPacket", "Unreadable", "NoMemory"};
  return kNames[static_cast<size_t>(found)];
}

bool is_last(Found found) { return found == Found::NewKeys || found >= Found::BinaryLine; }

class SideReaderTest : public ::testing::Test {
 protected:
  using Steps = std::vector<std::string>;

  // What the reader finds in a run, as "Found:type:body".
  Steps read(const std::string& text) {
    Steps steps;
    Bytes bytes = Bytes::of(text);
    while (!ended_) {
      const SideReader::Step step = reader_.next(bytes);
      if (step.found == Found::Nothing) break;
      ended_ = is_last(step.found);
      std::string line = name_of(step.found);
      if (step.is_irregular) line += "?";
      if (step.message_type != 0 && step.found != Found::NewKeys)
        line += ":" + std::to_string(step.message_type);
      if (!step.body.empty()) line += ":" + std::string(step.body.as_text());
      steps.push_back(line);
    }
    return steps;
  }
  Steps read_in_pieces(const std::string& text, size_t piece_bytes) {
    Steps steps;
    for (size_t at = 0; at < text.size(); at += piece_bytes) {
      for (std::string& step : read(text.substr(at, piece_bytes))) steps.push_back(step);
    }
    return steps;
  }
  void start_anew() {
    SideReader fresh(pool_);
    std::swap(reader_, fresh);
    ended_ = false;
  }

  Arena arena_ =
      std::move(Arena::create(BufferPool::cost(kPoolBytes), Arena::Populate::Lazily).value());
  BufferPool pool_{arena_, kPoolBytes};
  SideReader reader_{pool_};
  bool ended_ = false;
};

TEST_F(SideReaderTest, ReadsTheSameHoweverTheBytesAreCut) {
  const std::string text = "hello\r\n\nSSH-2.0-x y\r\n" + packet(2, "ignored") + packet(20, "init")
                           + packet(30, "half") + packet(34, "") + packet(31, "") + new_keys();
  const Steps expected = {
      "Preamble",          "Banner:SSH-2.0-x y", "Other:2",      "KexInit:20:init",
      "KexMethod:30:half", "Other:34",           "KexMethod:31", "NewKeys"};
  EXPECT_EQ(read(text), expected);
  for (size_t piece_bytes = 1; piece_bytes < 40; ++piece_bytes) {
    start_anew();
    EXPECT_EQ(read_in_pieces(text, piece_bytes), expected) << piece_bytes;
  }
}

TEST_F(SideReaderTest, CopiesNothingThatLiesWholeInOneRun) {
  read("SSH-2.0-x\r\n" + packet(20, std::string(1000, 'i')) + packet(2, "x"));
  EXPECT_EQ(pool_.bytes_in_use(), 0U);
}

TEST_F(SideReaderTest, CopiesNothingOfMessagesThatAreNotRead) {
  read("SSH-2.0-x\r\n" + packet(2, std::string(1000, 'i')).substr(0, 500));
  EXPECT_EQ(pool_.bytes_in_use(), 0U);
}

// RFC 4253 4.2: CR LF; servers of version 1 send LF alone.
TEST_F(SideReaderTest, TakesEitherLineEnd) {
  EXPECT_EQ(read("SSH-1.99-x\n"), Steps{"Banner:SSH-1.99-x"});
  start_anew();
  EXPECT_EQ(read("SSH-2.0-x\r\n"), Steps{"Banner:SSH-2.0-x"});
  start_anew();
  EXPECT_EQ(read("SSH-2.0-x\r\r\n"), Steps{"Banner:SSH-2.0-x\r"});
}

// RFC 4253 4.2: 255 bytes, CR LF included.
TEST_F(SideReaderTest, ABannerAboveTheLimitIsCut) {
  const std::string at_limit = "SSH-2.0-" + std::string(kBannerBytesMax - 8 - 2, 'x');
  EXPECT_EQ(read(at_limit + "\r\n"), Steps{"Banner:" + at_limit});
  start_anew();
  EXPECT_EQ(read_in_pieces(at_limit + "\r\n", 100), Steps{"Banner:" + at_limit});
  start_anew();
  EXPECT_EQ(read(at_limit + "x\r\n"), Steps{"LongBanner:" + at_limit + "x"});
  start_anew();
  const Steps cut = {"LongBanner:" + at_limit + "xx", "NewKeys"};
  EXPECT_EQ(read(at_limit + "xxxxx\r\n" + new_keys()), cut);
  start_anew();
  EXPECT_EQ(read_in_pieces(at_limit + "xxxxx\r\n" + new_keys(), 7), cut);
}

TEST_F(SideReaderTest, ANulEndsABannerAndTheReading) {
  EXPECT_EQ(read(std::string("SSH-2.0-x\0\0\0\n", 13)), Steps{"BrokenBanner:SSH-2.0-x"});
}

TEST_F(SideReaderTest, BinaryBytesAreNoPreamble) {
  EXPECT_EQ(read(std::string("\x16\x03\x01\0\x20", 5)), Steps{"BinaryLine"});
}

TEST_F(SideReaderTest, ThePreambleHasALimitOfLines) {
  std::string lines;
  for (uint32_t i = 0; i < SideReader::kPreambleLinesMax; ++i) lines += "l\n";
  EXPECT_EQ(read(lines + "SSH-2.0-x\n"), (Steps{"Preamble", "Banner:SSH-2.0-x"}));
  start_anew();
  EXPECT_EQ(read(lines + "l\nSSH-2.0-x\n"), (Steps{"Preamble", "LongPreamble"}));
}

TEST_F(SideReaderTest, ThePreambleHasALimitOfBytes) {
  const std::string banner = "SSH-2.0-x\n";
  const std::string line(SideReader::kPreambleBytesMax - banner.size() - 1, 'l');
  EXPECT_EQ(read(line + "\n" + banner), (Steps{"Preamble", "Banner:SSH-2.0-x"}));
  start_anew();
  EXPECT_EQ(read(line + "l\n" + banner), (Steps{"Preamble", "LongPreamble"}));
  start_anew();
  EXPECT_EQ(read_in_pieces(line + "l\n" + banner, 1000), (Steps{"Preamble", "LongPreamble"}));
}

TEST_F(SideReaderTest, ALongLineBeforeTheBannerTakesNoMemory) {
  read_in_pieces(std::string(10'000, 'l'), 100);
  EXPECT_EQ(pool_.bytes_in_use(), 0U);
}

TEST_F(SideReaderTest, ReadsPacketsOfASideJoinedBehindItsBanner) {
  EXPECT_EQ(read(packet(20, "init")), Steps{"KexInit:20:init"});
  start_anew();
  EXPECT_EQ(read(std::string(100, '\0')), Steps{"Unreadable"});
}

// RFC 4253 6: the length is a multiple of 8 with its field, at least 16; the padding at least 4 and
// within the packet; RFC 4250 4.1.1: message 0 is none.
TEST_F(SideReaderTest, RefusesPacketsWhoseEndOrTypeIsNoneAndMarksIrregularOnes) {
  struct Case {
    uint32_t length;
    uint8_t padding;
    uint8_t type;
    const char* step;
  };
  for (const Case& packet_case : {
           Case{12, 10, 21, "NewKeys"},
           Case{13, 10, 21, "NewKeys?"},
           Case{4, 2, 21, "NewKeys?"},
           Case{12, 3, 21, "NewKeys?"},
           Case{0, 4, 21, "InvalidPacket"},
           Case{12, 11, 21, "InvalidPacket"},
           Case{12, 255, 21, "InvalidPacket"},
           Case{12, 10, 0, "InvalidPacket"},
           Case{0xfffffffc, 10, 2, "InvalidPacket"},
           Case{SideReader::kPacketLengthMax + 4, 10, 2, "InvalidPacket"},
           Case{SideReader::kPacketLengthMax - 4, 10, 2, "LongPacket:2"},
       }) {
    start_anew();
    read("SSH-2.0-x\n");
    EXPECT_EQ(read(u32(packet_case.length) + u8(packet_case.padding) + u8(packet_case.type)),
              Steps{packet_case.step})
        << packet_case.length << " " << int{packet_case.padding} << " " << int{packet_case.type};
  }
}

TEST_F(SideReaderTest, ReadsOnBehindAnIrregularPacket) {
  const std::string irregular = u32(1 + 1 + 4 + 3) + u8(3) + u8(30) + "halfppp";
  const Steps expected = {"KexMethod?:30:half", "NewKeys"};
  read("SSH-2.0-x\n");
  EXPECT_EQ(read(irregular + new_keys()), expected);
  start_anew();
  EXPECT_EQ(read_in_pieces("SSH-2.0-x\n" + irregular + new_keys(), 1),
            (Steps{"Banner:SSH-2.0-x", expected[0], expected[1]}));
}

// RFC 4253 6.1.
TEST_F(SideReaderTest, PassesOverAPacketAboveTheLimit) {
  const std::string at_limit = packet(2, std::string(kPacketBytesMax - 6 - 10, 'x'));
  ASSERT_EQ(at_limit.size(), kPacketBytesMax);
  const std::string above = packet(2, std::string(kPacketBytesMax - 6, 'x'));
  read("SSH-2.0-x\n");
  EXPECT_EQ(read(at_limit + above + new_keys()), (Steps{"Other:2", "LongPacket:2", "NewKeys"}));
}

TEST_F(SideReaderTest, PassesOverAKexInitAboveTheLimit) {
  const std::string at_limit(SideReader::kMessageBytesMax, 'x');
  read("SSH-2.0-x\n");
  EXPECT_EQ(read(packet(20, at_limit)), Steps{"KexInit:20:" + at_limit});
  EXPECT_EQ(read(packet(20, at_limit + "x") + new_keys()), (Steps{"LongKexInit:20", "NewKeys"}));
}

TEST_F(SideReaderTest, ReadsTheBeginningOfAnotherLongMessage) {
  const std::string at_limit(SideReader::kMessageBytesMax, 'x');
  read("SSH-2.0-x\n");
  const Steps expected = {"KexMethod:31:" + at_limit, "NewKeys"};
  EXPECT_EQ(read_in_pieces(packet(31, at_limit + "more") + new_keys(), 1448), expected);
}

TEST_F(SideReaderTest, CountsOffAGapInsideAPacket) {
  const std::string reply = packet(31, std::string(100, 'r'));
  read("SSH-2.0-x\n");
  EXPECT_EQ(read(reply.substr(0, 20)), Steps{});
  reader_.skip_gap(50);
  EXPECT_EQ(read(reply.substr(70) + new_keys()), Steps{"NewKeys"});
}

TEST_F(SideReaderTest, CountsOffAGapUpToTheEndOfAPacket) {
  const std::string reply = packet(31, std::string(100, 'r'));
  read("SSH-2.0-x\n" + reply.substr(0, 20));
  reader_.skip_gap(static_cast<uint32_t>(reply.size() - 20));
  EXPECT_EQ(read(packet(99, "") + new_keys()), (Steps{"Other:99", "NewKeys"}));
}

TEST_F(SideReaderTest, GoesOnBehindAGapWhereAPacketBegins) {
  read("SSH-2.0-x\n");
  reader_.skip_gap(500);
  EXPECT_EQ(read(packet(31, "reply") + new_keys()), (Steps{"KexMethod:31:reply", "NewKeys"}));
}

TEST_F(SideReaderTest, WhatFollowsAGapIsNeverAFault) {
  for (const std::string& text :
       {std::string("\x8d\xe3\xe3\x0e\x18Q", 6), packet(99, ""), std::string("rest of a line\n"),
        u32(13) + u8(8) + u8(2), u32(12) + u8(3) + u8(2)}) {
    start_anew();
    read("SSH-2.0-x\n" + packet(2, "x").substr(0, 8));
    reader_.skip_gap(500);
    EXPECT_EQ(read(text), Steps{"Unreadable"});
  }
}

TEST_F(SideReaderTest, AGapInABannerLosesThatOnly) {
  read("SSH-2.0-Op");
  reader_.skip_gap(4);
  EXPECT_EQ(read("SH\r\n" + packet(20, "init")), Steps{"KexInit:20:init"});
  EXPECT_EQ(pool_.bytes_in_use(), 0U);
}

TEST_F(SideReaderTest, AGapInThePreambleLosesThatOnly) {
  read("hel");
  reader_.skip_gap(4);
  EXPECT_EQ(read("rld\r\nSSH-2.0-x\r\n"), Steps{"Banner:SSH-2.0-x"});
}

TEST_F(SideReaderTest, KnowsABannerWithoutALineEnd) {
  EXPECT_TRUE(reader_.unfinished_banner().empty());
  read("SSH-2.0-x");
  EXPECT_EQ(reader_.unfinished_banner().as_text(), "SSH-2.0-x");
  read("\r");
  EXPECT_EQ(reader_.unfinished_banner().as_text(), "SSH-2.0-x");
  read("\n");
  EXPECT_TRUE(reader_.unfinished_banner().empty());
}

TEST_F(SideReaderTest, WithoutMemoryAMessageInPartsIsLost) {
  while (!pool_.take(1).empty()) {
  }
  EXPECT_EQ(read("SSH-2.0-x\n" + packet(20, "init")),
            (Steps{"Banner:SSH-2.0-x", "KexInit:20:init"}));
  EXPECT_EQ(read(packet(20, "init").substr(0, 8)), Steps{"NoMemory"});
}

}  // namespace
}  // namespace flowscope::ssh::test
