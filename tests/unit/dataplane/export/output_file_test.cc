#include "dataplane/export/output_file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>

#include "tests/unit/dataplane/export/temporary_folder.h"

namespace flowscope {
namespace {

using testing::HasSubstr;

constexpr uint64_t kNow = 5'000'000'000;

std::unique_ptr<OutputFile> opened(const std::string& destination) {
  auto output = OutputFile::open(destination);
  EXPECT_TRUE(output.ok());
  return std::move(output.value());
}

void add(OutputFile& output, std::string_view text) {
  TextBuffer& buffer = output.buffer();
  char* place = buffer.cursor();
  if (static_cast<size_t>(buffer.limit() - place) < text.size())
    place = buffer.grow(place, text.size());
  std::memcpy(place, text.data(), text.size());
  buffer.commit(place + text.size());
}

// Keeps a file from growing past `bytes` while it lives: writes are cut there and then refused.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit = {.rlim_cur = bytes, .rlim_max = before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() { setrlimit(RLIMIT_FSIZE, &before_); }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit before_ = {};
};

class OutputFileTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { signal(SIGPIPE, SIG_IGN); }

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
  void make_fifo() const { ASSERT_EQ(mkfifo(fifo_.c_str(), 0600), 0); }

  TemporaryFolder folder_;
  std::string path_ = folder_ / "eve.json";
  std::string fifo_ = folder_ / "fifo";
};

TEST_F(OutputFileTest, ReplacesWhatTheFileHeldBefore) {
  { std::ofstream(path_) << "old content, longer than the new"; }
  const auto output = opened(path_);
  add(*output, "new\n");
  output->flush(kNow);
  EXPECT_EQ(content_of(path_), "new\n");
  EXPECT_EQ(output->bytes_written(), 4U);
}

TEST_F(OutputFileTest, SaysWhichFileCannotBeOpenedAndWhy) {
  auto output = OutputFile::open(folder_ / "missing/eve.json");
  ASSERT_FALSE(output.ok());
  EXPECT_THAT(output.error().message, HasSubstr("missing/eve.json"));
  EXPECT_THAT(output.error().message, HasSubstr("No such file or directory"));
}

TEST_F(OutputFileTest, RefusesAFolder) {
  auto output = OutputFile::open(folder_ / "");
  ASSERT_FALSE(output.ok());
  EXPECT_THAT(output.error().message, HasSubstr("Is a directory"));
}

TEST_F(OutputFileTest, AsksToBeFlushedOnceTheBufferIsFull) {
  const auto output = opened("/dev/null");
  add(*output, std::string(OutputFile::kFullBytes - 1, 'x'));
  EXPECT_FALSE(output->full());
  add(*output, "\n");
  EXPECT_TRUE(output->full());
}

TEST_F(OutputFileTest, CountsTheLinesThatAFullDiskRefuses) {
  const auto output = opened("/dev/full");
  add(*output, "one\ntwo\nthree\n");
  output->flush(kNow);
  EXPECT_EQ(output->lines_lost(), 3U);
  EXPECT_EQ(output->bytes_written(), 0U);
  EXPECT_EQ(output->error(), ENOSPC);
  EXPECT_TRUE(output->empty()) << "lost lines do not pile up";
}

TEST_F(OutputFileTest, CompletesALineThatWasCutOnceThereIsRoomAgain) {
  const auto output = opened(path_);
  {
    const FileSizeLimit limit(6);
    add(*output, "one\ntwo\nthree\n");
    output->flush(kNow);
    EXPECT_EQ(output->error(), EFBIG);
    EXPECT_EQ(content_of(path_), "one\ntw");
  }
  add(*output, "four\n");
  output->flush(kNow + OutputFile::kRetryAfterNs);
  EXPECT_EQ(content_of(path_), "one\ntwo\nfour\n");
  EXPECT_EQ(output->lines_lost(), 1U);
  EXPECT_EQ(output->error(), 0);
}

TEST_F(OutputFileTest, CountsACutLineAsLostAtTheEnd) {
  const auto output = opened(path_);
  const FileSizeLimit limit(6);
  add(*output, "one\ntwo\nthree\n");
  output->flush(kNow);
  output->finish();
  EXPECT_EQ(output->lines_lost(), 2U);
}

TEST_F(OutputFileTest, CutAtALineEndLosesWholeLinesOnly) {
  const auto output = opened(path_);
  const FileSizeLimit limit(4);
  add(*output, "one\ntwo\n");
  output->flush(kNow);
  EXPECT_EQ(content_of(path_), "one\n");
  EXPECT_EQ(output->lines_lost(), 1U);
  EXPECT_TRUE(output->empty());
}

TEST_F(OutputFileTest, LosesLinesWhileTheReaderIsGone) {
  make_fifo();
  const int reader = open_reader();
  const auto output = opened(fifo_);
  ::close(reader);
  add(*output, "one\n");
  output->flush(kNow);
  EXPECT_EQ(output->error(), EPIPE);
  EXPECT_EQ(output->lines_lost(), 1U);
}

TEST_F(OutputFileTest, TriesAgainOnlyAfterAWhile) {
  make_fifo();
  const int gone = open_reader();
  const auto output = opened(fifo_);
  ::close(gone);
  add(*output, "one\n");
  output->flush(kNow);
  const int reader = open_reader();
  add(*output, "two\n");
  output->flush(kNow + OutputFile::kRetryAfterNs - 1);
  EXPECT_EQ(read_all(reader), "");
  add(*output, "three\n");
  output->flush(kNow + OutputFile::kRetryAfterNs);
  EXPECT_EQ(read_all(reader), "three\n");
  EXPECT_EQ(output->lines_lost(), 2U);
  EXPECT_EQ(output->error(), 0);
  ::close(reader);
}

TEST_F(OutputFileTest, GivesUpAReaderThatTakesNothingOnceInAHurry) {
  make_fifo();
  const int reader = open_reader();
  const auto output = opened(fifo_);
  output->hurry();
  // More than a pipe holds.
  for (int i = 0; i < 3000; ++i) add(*output, std::string(99, 'x') + "\n");
  output->flush(kNow);
  EXPECT_EQ(output->error(), ETIMEDOUT);
  EXPECT_GT(output->lines_lost(), 0U);
  ::close(reader);
}

}  // namespace
}  // namespace flowscope
