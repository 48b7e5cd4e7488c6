#include "dataplane/pcap/file_port.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <thread>

#include "tests/support/capture_writer.h"

namespace flowscope {
namespace {

// The frames of all files, with a bar between bursts.
[[nodiscard]] std::string receive_all(FilePort& port) {
  std::string frames;
  Burst burst;
  while (!port.ended()) {
    if (port.receive(burst) == 0) continue;
    for (uint32_t i = 0; i < burst.count; ++i) frames += burst.packet[i].frame.as_text();
    frames += '|';
    port.release(burst);
  }
  return frames;
}

[[nodiscard]] PcapWriter capture_of(const std::vector<const char*>& frames) {
  PcapWriter writer;
  for (const char* frame : frames) writer.packet(0, Bytes::of(frame));
  return writer;
}

TEST(FilePort, ReplaysFilesOneAfterTheOther) {
  const TemporaryFile first(capture_of({"a", "b", "c"}).bytes());
  const TemporaryFile second(capture_of({}).bytes());
  const TemporaryFile third(capture_of({"d"}).bytes());
  FilePort port({first.path(), second.path(), third.path()}, 2);
  EXPECT_EQ(receive_all(port), "ab|c|d|");
  EXPECT_TRUE(port.faults().empty());
}

TEST(FilePort, CountsPacketsAndBytes) {
  const TemporaryFile file(capture_of({"abc", "de"}).bytes());
  FilePort port({file.path()}, 64);
  (void)receive_all(port);
  EXPECT_EQ(port.counters().received, 2U);
  EXPECT_EQ(port.counters().bytes, 5U);
  EXPECT_TRUE(port.counters().drops_known);
}

TEST(FilePort, GoesOnBehindABadFileAndKeepsItsFault) {
  PcapWriter broken = capture_of({"a"});
  broken.record_header(0, 60, 60);
  const TemporaryFile first(broken.bytes());
  const TemporaryFile last(capture_of({"z"}).bytes());
  FilePort port({first.path(), "/nowhere.pcap", last.path()}, 64);
  EXPECT_EQ(receive_all(port), "a|z|");
  ASSERT_EQ(port.faults().size(), 2U);
  EXPECT_NE(port.faults()[0].message.find("truncated inside packet 2"), std::string::npos);
  EXPECT_EQ(port.faults()[1].message, "/nowhere.pcap: no such file");
}

TEST(FilePort, HasEndedWithoutFiles) {
  FilePort port({}, 64);
  Burst burst;
  EXPECT_TRUE(port.ended());
  EXPECT_EQ(port.receive(burst), 0U);
}

TEST(FilePort, CheckNamesTheBadFile) {
  const TemporaryFile good(capture_of({"a"}).bytes());
  EXPECT_TRUE(FilePort::check({good.path(), "-"}).ok());
  EXPECT_EQ(FilePort::check({good.path(), "/nowhere.pcap"}).error().message,
            "/nowhere.pcap: no such file");
}

// Puts `bytes` into `descriptor` on a thread of its own, since a pipe holds less than a capture.
[[nodiscard]] std::jthread write_all(int descriptor, Bytes bytes) {
  return std::jthread([descriptor, bytes]() mutable {
    while (!bytes.empty()) {
      const ssize_t written = write(descriptor, bytes.begin(), bytes.size());
      if (written <= 0) break;
      bytes = bytes.after(static_cast<size_t>(written));
    }
    close(descriptor);
  });
}

[[nodiscard]] PcapWriter large_capture() {
  const std::string frame(1000, 'x');
  PcapWriter writer;
  for (int i = 0; i < 500; ++i) writer.packet(0, Bytes::of(frame));
  return writer;
}

TEST(FilePort, ReadsANamedPipe) {
  const TemporaryFile place(Bytes{});
  const std::string path = place.path() + ".fifo";
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  const PcapWriter capture = large_capture();
  EXPECT_TRUE(FilePort::check({path}).ok());
  FilePort port({path}, 64);
  Burst burst;
  EXPECT_EQ(port.receive(burst), 0U) << "nobody has opened it for writing yet";
  EXPECT_FALSE(port.ended());
  const std::jthread writer = write_all(open(path.c_str(), O_WRONLY), capture.bytes());
  (void)receive_all(port);
  EXPECT_EQ(port.counters().received, 500U);
  EXPECT_TRUE(port.faults().empty());
  unlink(path.c_str());
}

TEST(FilePort, ReadsStandardInput) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const int old_stdin = dup(STDIN_FILENO);
  ASSERT_GE(dup2(ends[0], STDIN_FILENO), 0);
  close(ends[0]);
  const PcapWriter capture = large_capture();
  {
    const std::jthread writer = write_all(ends[1], capture.bytes());
    FilePort port({"-"}, 64);
    (void)receive_all(port);
    EXPECT_EQ(port.counters().received, 500U);
    EXPECT_TRUE(port.faults().empty());
  }
  dup2(old_stdin, STDIN_FILENO);
  close(old_stdin);
}

TEST(FilePort, SaysWhatIsWrongWithStandardInput) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const int old_stdin = dup(STDIN_FILENO);
  ASSERT_GE(dup2(ends[0], STDIN_FILENO), 0);
  close(ends[0]);
  close(ends[1]);
  FilePort port({"-"}, 64);
  EXPECT_EQ(receive_all(port), "");
  ASSERT_EQ(port.faults().size(), 1U);
  EXPECT_EQ(port.faults()[0].message, "standard input: is empty, not a capture file");
  dup2(old_stdin, STDIN_FILENO);
  close(old_stdin);
}

}  // namespace
}  // namespace flowscope
