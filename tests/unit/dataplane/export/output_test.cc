#include "dataplane/export/output.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>

#include "tests/unit/dataplane/export/output_rig.h"

namespace flowscope {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class OutputPipeTest : public OutputTest {
 protected:
  void SetUp() override { ASSERT_EQ(mkfifo(fifo_.c_str(), 0600), 0); }

  // A reader of the FIFO, which does not wait for a writer.
  int open_reader() const { return ::open(fifo_.c_str(), O_RDONLY | O_NONBLOCK); }
  // All that lies in the pipe now.
  static std::string read_all(int reader) {
    std::string text;
    std::array<char, 4096> piece;
    for (ssize_t size = 0; (size = ::read(reader, piece.data(), piece.size())) > 0;) {
      text.append(piece.data(), static_cast<size_t>(size));
    }
    return text;
  }
  // Lines of 100 bytes, more than a pipe holds; given up in the middle of one.
  static void write_until_given_up(Output& output) {
    output.hurry();
    for (int i = 0; i < kLines; ++i) add(output, std::string(99, 'x') + "\n");
    output.flush(kNow);
    EXPECT_EQ(output.counts().error, ETIMEDOUT);
    EXPECT_NE(output.counts().bytes_written % 100, 0U) << "the pipe holds whole lines";
  }
  static constexpr int kLines = 3000;

  std::string fifo_ = folder_ / "fifo";
};

TEST_F(OutputTest, ReplacesWhatTheFileHeldBefore) {
  { std::ofstream(path_) << "old content, longer than the new"; }
  const auto output = opened({.destination = path_});
  write(*output, "new\n");
  EXPECT_EQ(content_of(path_), "new\n");
  EXPECT_EQ(output->counts().bytes_written, 4U);
}

TEST_F(OutputTest, SaysWhichFileCannotBeOpenedAndWhy) {
  auto output = Output::open({.destination = folder_ / "missing/eve.json"});
  ASSERT_FALSE(output.ok());
  EXPECT_THAT(output.error().message, HasSubstr("missing/eve.json"));
  EXPECT_THAT(output.error().message, HasSubstr("No such file or directory"));
}

TEST_F(OutputTest, RefusesAFolder) {
  auto output = Output::open({.destination = folder_ / ""});
  ASSERT_FALSE(output.ok());
  EXPECT_THAT(output.error().message, HasSubstr("Is a directory"));
}

TEST_F(OutputTest, AsksToBeFlushedOnceTheBufferIsFull) {
  const auto output = opened({.destination = "/dev/null"});
  add(*output, std::string(Output::kFullBytes - 1, 'x'));
  EXPECT_FALSE(output->full());
  add(*output, "\n");
  EXPECT_TRUE(output->full());
}

TEST_F(OutputTest, CountsTheLinesThatAFullDiskRefuses) {
  const auto output = opened({.destination = "/dev/full"});
  write(*output, "one\ntwo\nthree\n");
  const OutputCounts counts = output->counts();
  EXPECT_EQ(counts.lines_lost, 3U);
  EXPECT_EQ(counts.bytes_written, 0U);
  EXPECT_EQ(counts.error, ENOSPC);
  EXPECT_TRUE(output->empty()) << "lost lines do not pile up";
}

TEST_F(OutputTest, CompletesALineThatWasCutOnceThereIsRoomAgain) {
  const auto output = opened({.destination = path_});
  {
    const FileSizeLimit limit(6);
    write(*output, "one\ntwo\nthree\n");
    EXPECT_EQ(output->counts().error, EFBIG);
    EXPECT_EQ(content_of(path_), "one\ntw");
  }
  write(*output, "four\n", kNow + kOutputRetryNs);
  EXPECT_EQ(content_of(path_), "one\ntwo\nfour\n");
  EXPECT_EQ(output->counts().lines_lost, 1U);
  EXPECT_EQ(output->counts().error, 0);
}

TEST_F(OutputTest, CountsACutLineAsLostAtTheEnd) {
  const auto output = opened({.destination = path_});
  const FileSizeLimit limit(6);
  write(*output, "one\ntwo\nthree\n");
  output->finish(kNow);
  EXPECT_EQ(output->counts().lines_lost, 2U);
}

TEST_F(OutputTest, CutAtALineEndLosesWholeLinesOnly) {
  const auto output = opened({.destination = path_});
  const FileSizeLimit limit(4);
  write(*output, "one\ntwo\n");
  EXPECT_EQ(content_of(path_), "one\n");
  EXPECT_EQ(output->counts().lines_lost, 1U);
  EXPECT_TRUE(output->empty());
}

TEST_F(OutputTest, TellsOfAnOutageOnceItLastsAndOnceItIsOver) {
  const auto output = opened({.destination = path_});
  {
    const FileSizeLimit limit(4);
    write(*output, "one\ntwo\n");
    EXPECT_TRUE(output->take_notices().empty()) << "it may be over at once";
    for (uint64_t second = 1; second < 12; ++second) {
      for (int i = 0; i < 200; ++i) add(*output, "line\n");
      output->flush(kNow + second * kOneSecond);
    }
  }
  EXPECT_THAT(output->take_notices(),
              ElementsAre("output: records cannot be written to " + path_
                          + ": File too large; they are lost until it takes them again"));
  write(*output, "three\n", kNow + 12 * kOneSecond);
  EXPECT_THAT(output->take_notices(),
              ElementsAre("output: 2,201 records could not be written to " + path_
                          + " for 12 s: File too large; writing again"));
  EXPECT_EQ(output->counts().outages, 1U);
  EXPECT_EQ(output->counts().last_error, EFBIG);
  EXPECT_EQ(content_of(path_), "one\nthree\n");
}

TEST_F(OutputPipeTest, LosesLinesWhileTheReaderIsGone) {
  const int reader = open_reader();
  const auto output = opened({.destination = fifo_});
  ::close(reader);
  write(*output, "one\n");
  EXPECT_EQ(output->counts().error, EPIPE);
  EXPECT_EQ(output->counts().lines_lost, 1U);
}

TEST_F(OutputPipeTest, TriesAgainOnlyAfterAWhile) {
  const int gone = open_reader();
  const auto output = opened({.destination = fifo_});
  ::close(gone);
  write(*output, "one\n");
  const int reader = open_reader();
  write(*output, "two\n", kNow + kOutputRetryNs - 1);
  EXPECT_EQ(read_all(reader), "");
  write(*output, "three\n", kNow + kOutputRetryNs);
  EXPECT_EQ(read_all(reader), "three\n");
  EXPECT_EQ(output->counts().lines_lost, 2U);
  EXPECT_EQ(output->counts().error, 0);
  ::close(reader);
}

TEST_F(OutputPipeTest, GivesUpAReaderThatTakesNothingOnceInAHurry) {
  const int reader = open_reader();
  const auto output = opened({.destination = fifo_});
  write_until_given_up(*output);
  EXPECT_GT(output->counts().lines_lost, 0U);
  ::close(reader);
}

TEST_F(OutputPipeTest, LeavesWhatLiesInThePipeToTheNextReader) {
  const int gone = open_reader();
  const auto output = opened({.destination = fifo_});
  write_until_given_up(*output);
  const int next = open_reader();
  ::close(gone);
  std::string text = read_all(next);
  write(*output, "last\n", kNow + kOutputRetryNs);
  text += read_all(next);
  const auto lines = static_cast<uint64_t>(std::count(text.begin(), text.end(), '\n'));
  EXPECT_EQ(lines + output->counts().lines_lost, kLines + 1U);
  EXPECT_EQ(text.substr(text.size() - 105), std::string(99, 'x') + "\nlast\n");
  ::close(next);
}

TEST_F(OutputPipeTest, BeginsALineWhereNothingOfTheHalfOneIsLeft) {
  const int gone = open_reader();
  const auto output = opened({.destination = fifo_});
  write_until_given_up(*output);
  const std::string taken = read_all(gone);
  ::close(gone);
  const auto lines = static_cast<uint64_t>(std::count(taken.begin(), taken.end(), '\n'));
  write(*output, "refused\n", kNow + kOutputRetryNs);
  EXPECT_EQ(output->counts().error, EPIPE);
  const int next = open_reader();
  write(*output, "whole\n", kNow + 2 * kOutputRetryNs);
  EXPECT_EQ(read_all(next), "whole\n");
  EXPECT_EQ(lines + output->counts().lines_lost, kLines + 1U);
  ::close(next);
}

TEST_F(OutputPipeTest, FollowsAFifoThatWasMadeAnew) {
  const int gone = open_reader();
  const auto output = opened({.destination = fifo_});
  ::close(gone);
  write(*output, "refused\n");
  ASSERT_EQ(::unlink(fifo_.c_str()), 0);
  ASSERT_EQ(mkfifo(fifo_.c_str(), 0600), 0);
  write(*output, "refused too\n", kNow + kOutputRetryNs);
  const int reader = open_reader();
  write(*output, "taken\n", kNow + 2 * kOutputRetryNs);
  EXPECT_EQ(read_all(reader), "taken\n");
  EXPECT_EQ(output->counts().lines_lost, 2U);
  ::close(reader);
}

}  // namespace
}  // namespace flowscope
