#include "dataplane/app/log.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <regex>
#include <sstream>
#include <thread>

namespace flowscope {
namespace {

// The log goes to a file of the test's own, and back to standard error afterwards.
class Log : public testing::Test {
 protected:
  Log() {
    std::string pattern = (std::filesystem::temp_directory_path() / "fs_log_XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  ~Log() override {
    EXPECT_TRUE(open_log({}).ok());
    std::filesystem::remove_all(folder_);
  }

  void open(LogOptions options) {
    options.file = folder_ / "log";
    const auto opened = open_log(options);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
  }
  std::string written() const {
    std::ifstream file(folder_ / "log");
    return {std::istreambuf_iterator<char>(file), {}};
  }

  std::filesystem::path folder_;
};

TEST_F(Log, WritesTextWithThePrefixAtOnce) {
  open({});
  log_info("{} packets", 3);
  EXPECT_EQ(written(), "flowscope: 3 packets\n");
  log_lines(LogLevel::Notice, "statistics", "port 1\nport 2\n");
  log_lines(LogLevel::Notice, "dpdk", "EAL: {} as it is");
  EXPECT_EQ(written(), "flowscope: 3 packets\nport 1\nport 2\nEAL: {} as it is\n");
}

TEST_F(Log, LeavesOutWhatWeighsLess) {
  open({.level = LogLevel::Warning});
  log_message(LogLevel::Debug, "a");
  log_info("b");
  log_warning("c");
  log_error("d");
  log_lines(LogLevel::Notice, "dpdk", "e");
  log_lines(LogLevel::Error, "dpdk", "f");
  EXPECT_EQ(written(), "flowscope: c\nflowscope: d\nf\n");
}

TEST_F(Log, WritesTimesWhereTheyAreAskedFor) {
  open({.times = true});
  log_info("now");
  EXPECT_TRUE(std::regex_match(
      written(), std::regex(R"(20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+0000 flowscope: now\n)")))
      << written();
}

TEST_F(Log, WritesOneJsonObjectForEachMessage) {
  open({.level = LogLevel::Debug, .format = LogFormat::Json});
  log_warning("a \"quoted\" name\nof \x1b two lines");
  log_message(LogLevel::Debug, "small");
  log_lines(LogLevel::Error, "dpdk", "EAL: one\nEAL: two\n");
  std::ifstream file(folder_ / "log");
  std::vector<nlohmann::json> lines;
  for (std::string line; std::getline(file, line);) {
    lines.push_back(nlohmann::json::parse(line, nullptr, false));
    ASSERT_TRUE(lines.back().is_object()) << line;
    EXPECT_EQ(lines.back()["timestamp"].get<std::string>().size(), 31U);
  }
  ASSERT_EQ(lines.size(), 4U);
  EXPECT_EQ(lines[0]["message"], "a \"quoted\" name\nof \x1b two lines");
  EXPECT_EQ(lines[0]["level"], "warning");
  EXPECT_EQ(lines[0]["source"], "flowscope");
  EXPECT_EQ(lines[1]["level"], "debug");
  EXPECT_EQ(lines[2]["message"], "EAL: one");
  EXPECT_EQ(lines[3]["message"], "EAL: two");
  EXPECT_EQ(lines[3]["source"], "dpdk");
  EXPECT_EQ(lines[3]["level"], "error");
}

TEST_F(Log, HasReportsWhateverTheLevelAndLeavesThemOnStandardErrorToo) {
  open({.level = LogLevel::Error});
  testing::internal::CaptureStderr();
  print_report("packets  3\nflows    1\n");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "packets  3\nflows    1\n");
  EXPECT_EQ(written(), "packets  3\nflows    1\n");
}

TEST_F(Log, MakesReportsOnStandardErrorJsonWhereItIs) {
  testing::internal::CaptureStderr();
  ASSERT_TRUE(open_log({.format = LogFormat::Json}).ok());
  print_report("packets  3\nflows    1\n");
  ASSERT_TRUE(open_log({}).ok());
  print_report("ledger   holds\n");
  const std::string said = testing::internal::GetCapturedStderr();
  std::istringstream lines(said);
  std::string line;
  ASSERT_TRUE(std::getline(lines, line));
  const auto first = nlohmann::json::parse(line, nullptr, false);
  ASSERT_TRUE(first.is_object()) << said;
  EXPECT_EQ(first["message"], "packets  3");
  EXPECT_EQ(first["source"], "report");
  ASSERT_TRUE(std::getline(lines, line) && std::getline(lines, line));
  EXPECT_EQ(line, "ledger   holds");
}

TEST_F(Log, GoesOnWithAFileThatIsThere) {
  open({});
  log_info("first run");
  open({});
  log_info("second run");
  EXPECT_EQ(written(), "flowscope: first run\nflowscope: second run\n");
}

TEST_F(Log, IsOpenedAgainUnderThreadsThatWrite) {
  open({});
  const auto moved = folder_ / "moved";
  constexpr int kLines = 500;
  std::jthread writer([] {
    for (int i = 0; i < kLines; ++i) log_info("line");
  });
  log_info("before");
  std::filesystem::rename(folder_ / "log", moved);
  open({});
  EXPECT_FALSE(open_log({.file = "/proc/no/such/log"}).ok());
  log_info("after");
  writer.join();
  std::ifstream file(moved);
  const std::string before{std::istreambuf_iterator<char>(file), {}};
  EXPECT_NE(before.find("flowscope: before\n"), std::string::npos);
  EXPECT_EQ(before.find("after"), std::string::npos);
  const std::string after = written();
  EXPECT_NE(after.find("flowscope: after\n"), std::string::npos);
  EXPECT_EQ(
      std::count(before.begin(), before.end(), '\n') + std::count(after.begin(), after.end(), '\n'),
      kLines + 2);
}

TEST_F(Log, KeepsLinesOfSeveralThreadsWhole) {
  open({});
  constexpr int kLines = 200;
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 3; ++thread) {
      threads.emplace_back([] {
        for (int i = 0; i < kLines; ++i) log_info("{}", std::string(100, 'x'));
      });
    }
  }
  std::ifstream file(folder_ / "log");
  int lines = 0;
  for (std::string line; std::getline(file, line); ++lines)
    ASSERT_EQ(line, "flowscope: " + std::string(100, 'x'));
  EXPECT_EQ(lines, 3 * kLines);
}

TEST_F(Log, RefusesAFileThatCannotBeOpened) {
  const auto opened = open_log({.file = "/proc/no/such/log"});
  ASSERT_FALSE(opened.ok());
  EXPECT_NE(opened.error().message.find("/proc/no/such/log"), std::string::npos);
}

TEST(LogOptions, AreReadFromTheSettings) {
  const auto options =
      log_options({.level = "error", .file = "f", .format = "json", .times = true});
  ASSERT_TRUE(options.ok());
  EXPECT_EQ(options.value().level, LogLevel::Error);
  EXPECT_EQ(options.value().format, LogFormat::Json);
  EXPECT_EQ(options.value().file, "f");
  EXPECT_TRUE(options.value().times);
  EXPECT_EQ(log_options({}).value().level, LogLevel::Notice);
  EXPECT_EQ(log_options({.level = "loud"}).error().message,
            "log.level: no level 'loud'; expected debug, info, warning or error");
  EXPECT_EQ(log_options({.format = "xml"}).error().message,
            "log.format: no format 'xml'; expected text or json");
}

}  // namespace
}  // namespace flowscope
