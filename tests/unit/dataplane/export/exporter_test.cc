#include "dataplane/export/exporter.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "tests/unit/dataplane/export/temporary_folder.h"

namespace flowscope {
namespace {

struct UrlMessage {
  static constexpr const char* kEvent = "http";
  uint64_t number;

  template <FieldVisitor V>
  void describe(V& visitor) const {
    visitor.text("url", "/" + std::to_string(number));
  }
};

// The flow_ids of all lines, in the order of the file. Fails where a line is no JSON.
std::vector<uint64_t> flow_ids(const std::string& text) {
  std::vector<uint64_t> ids;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const auto record = nlohmann::json::parse(line, nullptr, false);
    EXPECT_FALSE(record.is_discarded()) << line;
    if (record.contains("flow_id")) ids.push_back(record["flow_id"]);
  }
  return ids;
}

class ExporterTest : public testing::Test {
 protected:
  static std::unique_ptr<Output> opened(const std::string& destination) {
    return std::move(Output::open({.destination = destination}).value());
  }
  // Pushes messages with the flow_ids first, first + step, ... and publishes like a worker.
  static void push(RecordRing& ring, uint64_t first, uint64_t step, uint64_t count) {
    for (uint64_t i = 0; i < count; ++i) {
      ring.push_message({.protocol = 6, .ip_version = 4, .flow_id = first + i * step},
                        UrlMessage{i});
      if (i % 32 == 0) ring.publish();
    }
    ring.publish();
  }

  TemporaryFolder folder_;
  std::string path_ = folder_ / "eve.json";
  Arena arena_ = std::move(
      Arena::create(2 * RecordRing::cost(RecordRing::kBytesMin), Arena::Populate::Lazily).value());
  RecordRing one_{arena_, RecordRing::kBytesMin, Overflow::Wait};
  RecordRing other_{arena_, RecordRing::kBytesMin, Overflow::Wait};
};

TEST_F(ExporterTest, WritesEveryRecordOfEveryWorkerOnceAndInItsOrder) {
  constexpr uint64_t kRecords = 20'000;
  {
    Exporter exporter(opened(path_), {});
    exporter.add_ring(one_);
    exporter.add_ring(other_);
    exporter.start();
    std::thread worker([&] { push(other_, 2, 2, kRecords); });
    push(one_, 1, 2, kRecords);
    worker.join();
    exporter.stop();
    EXPECT_EQ(exporter.counts().records[static_cast<size_t>(RecordKind::Message)], 2 * kRecords);
    EXPECT_EQ(exporter.counts().bytes_written, std::filesystem::file_size(path_));
  }
  std::vector<uint64_t> ids = flow_ids(content_of(path_));
  ASSERT_EQ(ids.size(), 2 * kRecords);
  const auto even =
      std::stable_partition(ids.begin(), ids.end(), [](uint64_t id) { return id % 2 == 1; });
  EXPECT_TRUE(std::is_sorted(ids.begin(), even)) << "records of one worker keep their order";
  EXPECT_TRUE(std::is_sorted(even, ids.end()));
  std::sort(ids.begin(), ids.end());
  for (uint64_t i = 0; i < ids.size(); ++i) ASSERT_EQ(ids[i], i + 1);
}

TEST_F(ExporterTest, WritesOutAtStopWhatWasPublishedBefore) {
  Exporter exporter(opened(path_), {});
  exporter.add_ring(one_);
  ASSERT_TRUE(one_.push_message({.flow_id = 9}, UrlMessage{1}));
  one_.publish();
  exporter.start();
  exporter.stop();
  EXPECT_EQ(flow_ids(content_of(path_)), std::vector<uint64_t>{9});
}

TEST_F(ExporterTest, StopsTwiceWithoutHarm) {
  Exporter exporter(opened(path_), {});
  exporter.start();
  exporter.stop();
  exporter.stop();
  EXPECT_EQ(content_of(path_), "");
}

TEST_F(ExporterTest, GoesOnAndCountsWhenTheDiskIsFull) {
  constexpr uint64_t kRecords = 10'000;
  Exporter exporter(opened("/dev/full"), {});
  exporter.add_ring(one_);
  exporter.start();
  push(one_, 1, 1, kRecords);
  exporter.stop();
  const ExportCounts counts = exporter.counts();
  EXPECT_EQ(counts.records[static_cast<size_t>(RecordKind::Message)], kRecords);
  EXPECT_EQ(counts.lines_lost, kRecords);
  EXPECT_EQ(counts.bytes_written, 0U);
  EXPECT_EQ(counts.output_error, ENOSPC);
}

TEST_F(ExporterTest, OutlivesAReaderThatVanishes) {
  const std::string fifo = folder_ / "fifo";
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  const int reader = ::open(fifo.c_str(), O_RDONLY | O_NONBLOCK);
  // Deadly: the exporter's thread must not receive it.
  signal(SIGPIPE, SIG_DFL);
  Exporter exporter(opened(fifo), {});
  ::close(reader);
  exporter.add_ring(one_);
  exporter.start();
  push(one_, 1, 1, 10'000);
  exporter.stop();
  EXPECT_EQ(exporter.counts().output_error, EPIPE);
  EXPECT_EQ(exporter.counts().lines_lost, 10'000U);
}

TEST_F(ExporterTest, WaitsForASlowReaderAndLosesNothing) {
  constexpr uint64_t kRecords = 10'000;
  const std::string fifo = folder_ / "fifo";
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  std::string text;
  std::thread reader([&] {
    // Small reads: the pipe is full nearly all the time.
    std::ifstream pipe(fifo, std::ios::binary);
    std::array<char, 512> piece;
    while (pipe.read(piece.data(), piece.size()) || pipe.gcount() > 0) {
      text.append(piece.data(), static_cast<size_t>(pipe.gcount()));
    }
  });
  {
    Exporter exporter(opened(fifo), {});
    exporter.add_ring(one_);
    exporter.start();
    push(one_, 1, 1, kRecords);
    exporter.stop();
    EXPECT_EQ(exporter.counts().lines_lost, 0U);
  }
  reader.join();
  EXPECT_EQ(flow_ids(text).size(), kRecords);
}

TEST_F(ExporterTest, GoesOnInANewFileWhenTheOldOneIsRenamedAndItIsTold) {
  Exporter exporter(opened(path_), {});
  exporter.add_ring(one_);
  exporter.start();
  push(one_, 1, 1, 10);
  while (exporter.counts().bytes_written == 0) std::this_thread::yield();
  std::filesystem::rename(path_, path_ + ".1");
  exporter.reopen();
  while (!std::filesystem::exists(path_)) std::this_thread::yield();
  push(one_, 11, 1, 10);
  exporter.stop();
  const std::vector<uint64_t> old_ids = flow_ids(content_of(path_ + ".1"));
  const std::vector<uint64_t> new_ids = flow_ids(content_of(path_));
  EXPECT_EQ(old_ids.size() + new_ids.size(), 20U);
  EXPECT_EQ(old_ids.front(), 1U);
  EXPECT_EQ(new_ids.back(), 20U);
  EXPECT_EQ(exporter.take_notices().size(), 1U);
}

TEST_F(ExporterTest, TakesOtherSettingsWhileItWrites) {
  Exporter exporter(opened(path_), {});
  exporter.add_ring(one_);
  exporter.start();
  push(one_, 1, 1, 10);
  while (exporter.counts().bytes_written == 0) std::this_thread::yield();
  // More than nothing is too much for one file.
  exporter.change({.eve = {.community_id = false}, .rotation = {.bytes = 1, .keep = 1}});
  const auto files = [&] {
    const std::filesystem::directory_iterator all(folder_ / "");
    return std::distance(begin(all), end(all));
  };
  while (files() != 2) {
    push(one_, 11, 1, 1);
    std::this_thread::yield();
  }
  push(one_, 12, 1, 1);
  exporter.stop();
  EXPECT_LE(files(), 2) << "the renamed ones but one are deleted";
  EXPECT_EQ(content_of(path_).find("community_id"), std::string::npos);
  EXPECT_NE(content_of(path_).find(R"("flow_id":12)"), std::string::npos);
}

TEST_F(ExporterTest, WritesStatsRecords) {
  Exporter exporter(opened(path_), {});
  exporter.start();
  exporter.write_stats({.figures = {{"decoder.pkts", 42}}});
  exporter.stop();
  EXPECT_EQ(nlohmann::json::parse(content_of(path_))["stats"]["decoder"]["pkts"], 42);
}

TEST_F(ExporterTest, LimitsAndCountsTheStatsThatWait) {
  Exporter exporter(opened(path_), {});
  for (size_t i = 0; i < Exporter::kStatsWaiting + 3; ++i) exporter.write_stats({});
  EXPECT_EQ(exporter.counts().lines_lost, 3U);
}

}  // namespace
}  // namespace flowscope
