#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "tests/support/capture_writer.h"
#include "tests/unit/dataplane/pcap/read_capture.h"

namespace flowscope {
namespace {

constexpr uint64_t kTime = 1'700'000'000'000'000'000;

[[nodiscard]] std::string open_error(const std::string& path) {
  const Result<CaptureReader> reader = CaptureReader::open(path);
  return reader.ok() ? "" : reader.error().message;
}

[[nodiscard]] std::string open_error(Bytes bytes) {
  const TemporaryFile file(bytes);
  const std::string message = open_error(file.path());
  EXPECT_TRUE(message.starts_with(file.path() + ": ")) << message;
  return message.size() > file.path().size() ? message.substr(file.path().size() + 2) : "";
}

TEST(CaptureOpen, NamesAMissingFile) {
  EXPECT_EQ(open_error("/nowhere/at/all.pcap"), "/nowhere/at/all.pcap: no such file");
}

TEST(CaptureOpen, RefusesADirectory) {
  EXPECT_EQ(open_error("/"), "/: is a directory, not a capture file");
}

TEST(CaptureOpen, RefusesAFileWithoutPermission) {
  if (geteuid() == 0) GTEST_SKIP() << "root may read every file";
  const TemporaryFile file(PcapWriter().bytes());
  ASSERT_EQ(chmod(file.path().c_str(), 0), 0);
  EXPECT_EQ(open_error(file.path()), file.path() + ": no permission to read it");
}

TEST(CaptureOpen, RefusesAnEmptyFile) {
  EXPECT_EQ(open_error(Bytes{}), "is empty, not a capture file");
}

TEST(CaptureOpen, ShowsTheFirstBytesOfWhatIsNoCapture) {
  EXPECT_EQ(open_error(Bytes::of("#!/bin/sh")),
            "not a capture file (pcap or pcapng): it begins with 23 21 2f 62");
}

TEST(CaptureOpen, RefusesAFileShorterThanAMagicNumber) {
  EXPECT_EQ(open_error(Bytes::of("abc")),
            "not a capture file (pcap or pcapng): it has only 3 bytes");
}

TEST(CaptureOpen, TellsHowToReadACompressedCapture) {
  EXPECT_EQ(open_error(Bytes::of("\x1f\x8b\x08\x01....")),
            "is compressed with gzip; pipe the output of zcat in, with - as the file");
}

TEST(CaptureOpen, RefusesAnUnknownVersionOfPcap) {
  EXPECT_EQ(open_error(PcapWriter({.version_major = 3}).bytes()),
            "a capture file with a version of the format other than 2");
}

// Cuts a good file at every byte: whole packets come out, and the fault says which one is missing.
TEST(CaptureFault, GivesAllWholePacketsOfATruncatedPcap) {
  PcapWriter writer;
  std::vector<size_t> packet_ends = {writer.bytes().size()};
  for (const char* frame : {"one", "", "three"}) {
    writer.packet(kTime, Bytes::of(frame));
    packet_ends.push_back(writer.bytes().size());
  }
  for (size_t size = packet_ends[0]; size <= writer.bytes().size(); ++size) {
    const ReadCapture capture = read_all(writer.bytes().first(size), {.bytes_per_read = 7});
    const auto past = std::upper_bound(packet_ends.begin(), packet_ends.end(), size);
    const auto whole = static_cast<size_t>(past - packet_ends.begin()) - 1;
    EXPECT_EQ(capture.packets.size(), whole) << "cut at " << size;
    if (size == packet_ends[whole]) {
      EXPECT_EQ(capture.fault, std::nullopt) << "cut at " << size;
    } else {
      EXPECT_EQ(capture.fault, "test.pcap: truncated inside packet " + std::to_string(whole + 1)
                                   + " at byte " + std::to_string(packet_ends[whole]) + "; "
                                   + std::to_string(whole)
                                   + (whole == 1 ? " packet was read" : " packets were read"))
          << "cut at " << size;
    }
  }
}

TEST(CaptureFault, RefusesAFileHeaderThatIsCutShort) {
  const PcapWriter writer;
  for (size_t size = 0; size < writer.bytes().size(); ++size) {
    const ReadCapture capture = read_all(writer.bytes().first(size));
    EXPECT_TRUE(capture.fault.value_or("").find("not a capture file") != std::string::npos)
        << "cut at " << size;
  }
}

TEST(CaptureFault, GivesAllWholePacketsOfATruncatedPcapng) {
  PcapngWriter writer;
  std::vector<size_t> block_ends = {writer.bytes().size()};
  writer.interface({});
  block_ends.push_back(writer.bytes().size());
  writer.enhanced_packet(0, 1, Bytes::of("one"));
  block_ends.push_back(writer.bytes().size());
  writer.block(5, FileBytes(FileOrder::Little).u64(0).u64(0));
  block_ends.push_back(writer.bytes().size());
  for (size_t size = 4; size <= writer.bytes().size(); ++size) {
    const ReadCapture capture = read_all(writer.bytes().first(size));
    EXPECT_EQ(capture.packets.size(), size >= block_ends[2] ? 1U : 0U) << "cut at " << size;
    const bool whole = std::find(block_ends.begin(), block_ends.end(), size) != block_ends.end();
    EXPECT_EQ(capture.fault.value_or("").find("truncated inside a block") != std::string::npos,
              !whole)
        << "cut at " << size;
  }
}

TEST(CaptureFault, GroupsTheDigitsOfLargeNumbers) {
  PcapWriter writer;
  for (int i = 0; i < 1234; ++i) writer.packet(kTime, Bytes::of("four"));
  writer.record_header(kTime, 60, 60);
  EXPECT_EQ(read_all(writer.bytes()).fault,
            "test.pcap: truncated inside packet 1,235 at byte 24,704; 1,234 packets were read");
}

TEST(CaptureFault, RefusesAFrameOfImpossibleLength) {
  PcapWriter writer;
  writer.packet(kTime, Bytes::of("good")).record_header(kTime, kFrameBytesMax + 1, 60);
  const ReadCapture capture = read_all(writer.bytes());
  EXPECT_EQ(capture.packets.size(), 1U);
  EXPECT_EQ(capture.fault,
            "test.pcap: corrupt at byte 44 (a packet of more than 16 MiB); 1 packet was read");
}

}  // namespace
}  // namespace flowscope
