#pragma once

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/export/output.h"
#include "tests/unit/dataplane/export/temporary_folder.h"

namespace flowscope {

inline constexpr uint64_t kNow = 5'000'000'000;
inline constexpr uint64_t kOneSecond = 1'000'000'000;

inline std::unique_ptr<Output> opened(const OutputOptions& options) {
  auto output = Output::open(options);
  EXPECT_TRUE(output.ok()) << (output.ok() ? "" : output.error().message);
  return output.ok() ? std::move(output.value()) : nullptr;
}

inline void add(Output& output, std::string_view text) {
  TextBuffer& buffer = output.buffer();
  char* place = buffer.cursor();
  if (static_cast<size_t>(buffer.limit() - place) < text.size())
    place = buffer.grow(place, text.size());
  std::memcpy(place, text.data(), text.size());
  buffer.commit(place + text.size());
}

inline void write(Output& output, std::string_view text, uint64_t now_ns = kNow) {
  add(output, text);
  output.flush(now_ns);
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

class OutputTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { signal(SIGPIPE, SIG_IGN); }

  TemporaryFolder folder_;
  std::string path_ = folder_ / "eve.json";
};

}  // namespace flowscope
