#include "dataplane/pcap/capture_reader.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/support/capture_writer.h"
#include "tests/unit/dataplane/pcap/read_capture.h"

namespace flowscope {
namespace {

constexpr uint64_t kTime = 1'700'000'000'123'456'789;

class EveryPcapFormat : public testing::TestWithParam<std::tuple<FileOrder, PcapWriter::Kind>> {};

TEST_P(EveryPcapFormat, GivesFrameTimeAndLength) {
  const auto [order, kind] = GetParam();
  PcapWriter writer({.order = order, .kind = kind});
  writer.packet(kTime, Bytes::of("first frame")).packet(kTime + 2000, Bytes::of("second"), 1500);
  const ReadCapture capture = read_all(writer.bytes());
  const uint64_t time = kind == PcapWriter::Kind::Nanoseconds ? kTime : kTime / 1000 * 1000;
  EXPECT_EQ(capture.fault, std::nullopt);
  ASSERT_EQ(capture.packets.size(), 2U);
  EXPECT_EQ(capture.packets[0], (ReadPacket{"first frame", time, 11, LinkType::Ethernet}));
  EXPECT_EQ(capture.packets[1], (ReadPacket{"second", time + 2000, 1500, LinkType::Ethernet}));
  EXPECT_EQ(capture.bytes_read, writer.bytes().size());
}

INSTANTIATE_TEST_SUITE_P(CaptureReader, EveryPcapFormat,
                         testing::Combine(testing::Values(FileOrder::Little, FileOrder::Big),
                                          testing::Values(PcapWriter::Kind::Microseconds,
                                                          PcapWriter::Kind::Nanoseconds,
                                                          PcapWriter::Kind::Kuznetzov)));

TEST(CaptureReader, MapsLinkLayerNumbers) {
  const std::vector<std::pair<uint32_t, LinkType>> expected = {
      {0, LinkType::Null},           {1, LinkType::Ethernet},
      {12, LinkType::RawIp},         {14, LinkType::RawIp},
      {101, LinkType::RawIp},        {108, LinkType::Loop},
      {113, LinkType::LinuxCooked1}, {228, LinkType::RawIp},
      {229, LinkType::RawIp},        {276, LinkType::LinuxCooked2},
      {105, LinkType::Ieee80211},    {285, LinkType::MarvellEtherTypeTag},
      {147, LinkType::Unknown},      {286, LinkType::Unknown},
      {0xffff, LinkType::Unknown},
  };
  for (const auto& [number, link] : expected) {
    PcapWriter writer({.link_number = number});
    writer.packet(kTime, Bytes::of("frame"));
    EXPECT_EQ(read_all(writer.bytes()).packets.at(0).link, link) << "link number " << number;
  }
}

TEST(CaptureReader, IgnoresWhatTheLinkNumberSaysOfTheFrameCheckSequence) {
  PcapWriter writer({.link_number = 0x14000001});
  writer.packet(kTime, Bytes::of("frame"));
  EXPECT_EQ(read_all(writer.bytes()).packets.at(0).link, LinkType::Ethernet);
}

TEST(CaptureReader, GivesPacketsWithoutBytes) {
  PcapWriter writer;
  writer.packet(kTime, {}).packet(kTime, {}, 60);
  const ReadCapture capture = read_all(writer.bytes());
  EXPECT_EQ(capture.fault, std::nullopt);
  ASSERT_EQ(capture.packets.size(), 2U);
  EXPECT_EQ(capture.packets[0].wire_bytes, 0U);
  EXPECT_EQ(capture.packets[1].wire_bytes, 60U);
}

TEST(CaptureReader, NeverSaysThatLessWasOnTheWireThanWasCaptured) {
  PcapWriter writer;
  writer.packet(kTime, Bytes::of("ten bytes."), 3);
  EXPECT_EQ(read_all(writer.bytes()).packets.at(0).wire_bytes, 10U);
}

TEST(CaptureReader, EndsAtOnceWhenACaptureHasNoPackets) {
  const ReadCapture capture = read_all(PcapWriter().bytes());
  EXPECT_TRUE(capture.packets.empty());
  EXPECT_EQ(capture.fault, std::nullopt);
}

TEST(CaptureReader, GivesNoMorePacketsThanAskedFor) {
  PcapWriter writer;
  for (int i = 0; i < 5; ++i) writer.packet(kTime, Bytes::of("frame"));
  CaptureReader reader = CaptureReader::over(ByteSource::of(writer.bytes()), "test", {});
  Burst burst;
  EXPECT_EQ(reader.read(burst, 2), 2U);
  EXPECT_EQ(reader.read(burst, 2), 2U);
  EXPECT_EQ(reader.read(burst, 2), 1U);
  EXPECT_EQ(reader.read(burst, 2), 0U);
  EXPECT_TRUE(reader.ended());
}

TEST(CaptureReader, ReadsFramesLongerThanABlock) {
  const std::string huge(1'000'000, 'x');
  PcapWriter writer;
  writer.packet(kTime, Bytes::of("small"))
      .packet(kTime, Bytes::of(huge))
      .packet(kTime, Bytes::of("after"));
  const ReadCapture capture = read_all(writer.bytes());
  EXPECT_EQ(capture.fault, std::nullopt);
  ASSERT_EQ(capture.packets.size(), 3U);
  EXPECT_EQ(capture.packets[1].frame, huge);
  EXPECT_EQ(capture.packets[2].frame, "after");
}

TEST(CaptureReader, ReadsTheLongestFrameItBelieves) {
  const std::string longest(kFrameBytesMax, 'x');
  PcapWriter writer;
  writer.packet(kTime, Bytes::of(longest));
  const ReadCapture capture = read_all(writer.bytes());
  EXPECT_EQ(capture.fault, std::nullopt);
  ASSERT_EQ(capture.packets.size(), 1U);
  EXPECT_EQ(capture.packets[0].frame.size(), kFrameBytesMax);
}

// However the bytes arrive and wherever blocks and bursts end, the packets are the same.
TEST(CaptureReader, GivesTheSamePacketsForEveryBlockReadAndBurstSize) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  const auto below = [&](uint32_t limit) { return static_cast<uint32_t>(random() % limit); };
  for (int round = 0; round < 50; ++round) {
    std::vector<ReadPacket> expected;
    PcapWriter pcap({.order = below(2) == 0 ? FileOrder::Little : FileOrder::Big,
                     .kind = PcapWriter::Kind::Nanoseconds});
    PcapngWriter pcapng(below(2) == 0 ? FileOrder::Little : FileOrder::Big);
    pcapng.interface({.resolution = uint8_t{9}});
    const bool is_pcapng = below(2) == 0;
    for (uint32_t i = below(200); i > 0; --i) {
      std::string frame(below(below(8) == 0 ? 3000 : 100), static_cast<char>('a' + i % 26));
      const uint64_t time = kTime + below(1'000'000);
      if (is_pcapng && below(10) == 0) {
        pcapng.block(5 + 1000 * below(2), FileBytes(pcapng.order()).bytes(Bytes::of(frame)));
      }
      is_pcapng ? void(pcapng.enhanced_packet(0, time, Bytes::of(frame)))
                : void(pcap.packet(time, Bytes::of(frame)));
      const auto wire_bytes = static_cast<uint32_t>(frame.size());
      expected.push_back({std::move(frame), time, wire_bytes, LinkType::Ethernet});
    }
    const ReadOptions options{.block_bytes = 32 + below(below(2) == 0 ? 100 : 5000),
                              .bytes_per_read = 1 + below(below(2) == 0 ? 40 : 5000),
                              .burst = 1 + below(kBurstMax)};
    const ReadCapture capture = read_all(is_pcapng ? pcapng.bytes() : pcap.bytes(), options);
    EXPECT_EQ(capture.fault, std::nullopt);
    ASSERT_EQ(capture.packets, expected) << "block " << options.block_bytes;
  }
}

}  // namespace
}  // namespace flowscope
