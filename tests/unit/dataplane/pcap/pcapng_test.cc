#include <gtest/gtest.h>

#include "tests/support/capture_writer.h"
#include "tests/unit/dataplane/pcap/read_capture.h"

namespace flowscope {
namespace {

constexpr uint64_t kTime = 1'700'000'000'000'000'000;
constexpr uint64_t kMicroseconds = kTime / 1000;

class PcapngInBothOrders : public testing::TestWithParam<FileOrder> {};

TEST_P(PcapngInBothOrders, GivesEnhancedPackets) {
  PcapngWriter writer(GetParam());
  writer.interface({}).enhanced_packet(0, kMicroseconds + 5, Bytes::of("frame"));
  const ReadCapture capture = read_all(writer.bytes());
  EXPECT_EQ(capture.fault, std::nullopt);
  ASSERT_EQ(capture.packets.size(), 1U);
  EXPECT_EQ(capture.packets[0], (ReadPacket{"frame", kTime + 5000, 5, LinkType::Ethernet}));
}

TEST_P(PcapngInBothOrders, GivesObsoletePackets) {
  PcapngWriter writer(GetParam());
  writer.interface({}).interface({.link_number = 101});
  writer.obsolete_packet(1, kMicroseconds, Bytes::of("frame"));
  const ReadCapture capture = read_all(writer.bytes());
  ASSERT_EQ(capture.packets.size(), 1U);
  EXPECT_EQ(capture.packets[0], (ReadPacket{"frame", kTime, 5, LinkType::RawIp}));
}

TEST_P(PcapngInBothOrders, CutsSimplePacketsAtTheSnapshotLength) {
  PcapngWriter writer(GetParam());
  writer.interface({.snap_bytes = 5}).simple_packet(Bytes::of("frame"), 1500);
  writer.simple_packet(Bytes::of("abc"), 3);
  const ReadCapture capture = read_all(writer.bytes());
  ASSERT_EQ(capture.packets.size(), 2U);
  EXPECT_EQ(capture.packets[0].frame, "frame");
  EXPECT_EQ(capture.packets[0].wire_bytes, 1500U);
  EXPECT_EQ(capture.packets[1].frame, "abc");
}

INSTANTIATE_TEST_SUITE_P(Pcapng, PcapngInBothOrders,
                         testing::Values(FileOrder::Little, FileOrder::Big));

TEST(Pcapng, GivesPacketsWithoutATimeThatOfTheOneBefore) {
  PcapngWriter writer;
  writer.interface({}).enhanced_packet(0, kMicroseconds, Bytes::of("timed"));
  writer.simple_packet(Bytes::of("untimed"), 7);
  EXPECT_EQ(read_all(writer.bytes()).packets.at(1).time_ns, kTime);
}

TEST(Pcapng, KeepsInterfacesApart) {
  PcapngWriter writer;
  writer.interface({.link_number = 1, .resolution = uint8_t{9}});
  writer.interface({.link_number = 113, .resolution = uint8_t{3}, .offset_seconds = -1});
  writer.enhanced_packet(1, kTime / 1'000'000, Bytes::of("b"));
  writer.enhanced_packet(0, kTime + 1, Bytes::of("a"));
  const ReadCapture capture = read_all(writer.bytes());
  ASSERT_EQ(capture.packets.size(), 2U);
  EXPECT_EQ(capture.packets[0],
            (ReadPacket{"b", kTime - 1'000'000'000, 1, LinkType::LinuxCooked1}));
  EXPECT_EQ(capture.packets[1], (ReadPacket{"a", kTime + 1, 1, LinkType::Ethernet}));
}

TEST(Pcapng, ForgetsInterfacesAtANewSectionWhateverItsByteOrder) {
  PcapngWriter writer(FileOrder::Little);
  writer.interface({.link_number = 101}).enhanced_packet(0, kMicroseconds, Bytes::of("a"));
  writer.section(FileOrder::Big).interface({}).enhanced_packet(0, kMicroseconds, Bytes::of("b"));
  const ReadCapture capture = read_all(writer.bytes());
  EXPECT_EQ(capture.fault, std::nullopt);
  ASSERT_EQ(capture.packets.size(), 2U);
  EXPECT_EQ(capture.packets[0].link, LinkType::RawIp);
  EXPECT_EQ(capture.packets[1].link, LinkType::Ethernet);
}

TEST(Pcapng, GivesPacketsOfAnInterfaceThatIsNotDescribed) {
  PcapngWriter writer;
  writer.enhanced_packet(7, kMicroseconds, Bytes::of("stray"));
  writer.interface({}).enhanced_packet(0, kMicroseconds, Bytes::of("good"));
  const ReadCapture capture = read_all(writer.bytes());
  EXPECT_EQ(capture.fault, std::nullopt);
  ASSERT_EQ(capture.packets.size(), 2U);
  EXPECT_EQ(capture.packets[0].link, LinkType::Unknown);
  EXPECT_EQ(capture.packets[1].link, LinkType::Ethernet);
}

TEST(Pcapng, PassesOverOtherBlocksLongerThanTheBuffer) {
  PcapngWriter writer;
  const std::string comment(100'000, 'c');
  writer.interface({}).block(0x0bad, FileBytes(FileOrder::Little).bytes(Bytes::of(comment)));
  writer.enhanced_packet(0, kMicroseconds, Bytes::of("after"));
  const ReadCapture capture = read_all(writer.bytes(), {.block_bytes = 512});
  EXPECT_EQ(capture.fault, std::nullopt);
  ASSERT_EQ(capture.packets.size(), 1U);
  EXPECT_EQ(capture.packets[0].frame, "after");
}

TEST(Pcapng, IgnoresAnOptionThatOverrunsItsBlock) {
  PcapngWriter writer;
  FileBytes body(FileOrder::Little);
  body.u16(1).u16(0).u32(0).u16(9).u16(60000).u32(9);
  writer.block(1, body).enhanced_packet(0, kMicroseconds, Bytes::of("frame"));
  const ReadCapture capture = read_all(writer.bytes());
  EXPECT_EQ(capture.fault, std::nullopt);
  EXPECT_EQ(capture.packets.at(0).time_ns, kTime);
}

// What each of these says is checked, so that the reader refuses it for the reason the test means.
struct CorruptBlock {
  const char* reason;
  void (*write)(PcapngWriter& writer);
};

class CorruptPcapng : public testing::TestWithParam<CorruptBlock> {};

TEST_P(CorruptPcapng, EndsWithAFaultAfterTheGoodPackets) {
  PcapngWriter writer;
  writer.interface({}).enhanced_packet(0, kMicroseconds, Bytes::of("good"));
  const size_t good_bytes = writer.bytes().size();
  GetParam().write(writer);
  writer.enhanced_packet(0, kMicroseconds, Bytes::of("after"));
  const ReadCapture capture = read_all(writer.bytes());
  EXPECT_EQ(capture.packets.size(), 1U);
  EXPECT_EQ(capture.fault, "test.pcap: corrupt at byte " + std::to_string(good_bytes) + " ("
                               + GetParam().reason + "); 1 packet was read");
}

FileBytes little() { return FileBytes(FileOrder::Little); }

INSTANTIATE_TEST_SUITE_P(
    Pcapng, CorruptPcapng,
    testing::Values(
        CorruptBlock{"a block of impossible length",
                     [](PcapngWriter& w) { w.raw(little().u32(6).u32(0).u32(0).view()); }},
        CorruptBlock{"a block of impossible length",
                     [](PcapngWriter& w) { w.raw(little().u32(6).u32(13).u32(0).view()); }},
        CorruptBlock{"a block of more than 16 MiB",
                     [](PcapngWriter& w) { w.raw(little().u32(6).u32(0xfffffff0).u32(0).view()); }},
        CorruptBlock{
            "a block whose two lengths differ",
            [](PcapngWriter& w) { w.raw(little().u32(77).u32(16).u32(0).u32(20).view()); }},
        CorruptBlock{"a packet block too short for its fields",
                     [](PcapngWriter& w) { w.block(6, little().u32(0)); }},
        CorruptBlock{"a packet block too short for its fields",
                     [](PcapngWriter& w) { w.block(2, little().u32(0)); }},
        CorruptBlock{"a packet block too short for its fields",
                     [](PcapngWriter& w) { w.block(3, little()); }},
        CorruptBlock{"a packet longer than its block",
                     [](PcapngWriter& w) {
                       w.block(6, little().u32(0).u32(0).u32(0).u32(0xffffffff).u32(0).u32(0));
                     }},
        CorruptBlock{"an interface block too short for its fields",
                     [](PcapngWriter& w) { w.block(1, little().u32(0)); }},
        CorruptBlock{"a section without the byte-order magic",
                     [](PcapngWriter& w) { w.block(0x0a0d0d0a, little().u32(0).u32(0).u64(0)); }},
        CorruptBlock{"a section header too short for its fields",
                     [](PcapngWriter& w) { w.block(0x0a0d0d0a, little().u32(0x1a2b3c4d)); }},
        CorruptBlock{"a section of a version other than 1", [](PcapngWriter& w) {
                       w.block(0x0a0d0d0a, little().u32(0x1a2b3c4d).u16(2).u16(0).u64(0));
                     }}));

TEST(Pcapng, RefusesMoreInterfacesThanItKeeps) {
  PcapngWriter writer;
  for (uint32_t i = 0; i < PcapngWalker::kInterfacesMax; ++i) writer.interface({});
  EXPECT_EQ(read_all(writer.bytes()).fault, std::nullopt);
  writer.interface({});
  EXPECT_NE(read_all(writer.bytes()).fault.value_or("").find("more than 65,536 interfaces"),
            std::string::npos);
}

}  // namespace
}  // namespace flowscope
