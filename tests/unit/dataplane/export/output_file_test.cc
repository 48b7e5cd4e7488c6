#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <regex>
#include <string>
#include <vector>

#include "tests/unit/dataplane/export/output_rig.h"

namespace flowscope {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class OutputFileTest : public OutputTest {
 protected:
  // The names of what was rotated away, in their order.
  std::vector<std::string> rotated() const {
    const std::regex form(R"(eve\.json\.\d{8}T\d{6}Z(\.\d+)?)");
    std::vector<std::string> names;
    for (const auto& each : std::filesystem::directory_iterator(folder_ / "")) {
      const std::string name = each.path().filename().string();
      if (std::regex_match(name, form)) names.push_back(name);
    }
    // Within a second the number tells the order: 9 before 10.
    std::sort(names.begin(), names.end(), [](const std::string& a, const std::string& b) {
      const size_t moment = std::string("eve.json.00000000T000000Z").size();
      const auto place = [&](const std::string& name) {
        return std::make_pair(name.substr(0, moment),
                              name.size() > moment ? std::stoi(name.substr(moment + 1)) : 0);
      };
      return place(a) < place(b);
    });
    return names;
  }
};

TEST_F(OutputFileTest, AppendsWhereThatIsAskedFor) {
  { std::ofstream(path_) << "old\n"; }
  const auto output = opened({.destination = path_, .append = true});
  write(*output, "new\n");
  EXPECT_EQ(content_of(path_), "old\nnew\n");
  EXPECT_TRUE(output->take_notices().empty());
}

TEST_F(OutputFileTest, EndsAHalfLineThatWasLeftBehind) {
  { std::ofstream(path_) << "old\nbrok"; }
  const auto output = opened({.destination = path_, .append = true});
  write(*output, "new\n");
  EXPECT_EQ(content_of(path_), "old\nbrok\nnew\n");
  EXPECT_THAT(output->take_notices(), ElementsAre(HasSubstr("ended in the middle of a line")));
}

TEST_F(OutputFileTest, BeginsAFileThatWasDeletedAnewAndLosesNothing) {
  const auto output = opened({.destination = path_});
  write(*output, "one\n");
  ASSERT_EQ(::unlink(path_.c_str()), 0);
  write(*output, "two\n");
  EXPECT_EQ(content_of(path_), "two\n");
  EXPECT_EQ(output->counts().lines_lost, 0U);
  EXPECT_EQ(output->counts().bytes_written, 8U);
  EXPECT_THAT(output->take_notices(), ElementsAre(HasSubstr("was deleted")));
}

TEST_F(OutputFileTest, GivesUpTheHalfLineOfADeletedFile) {
  const auto output = opened({.destination = path_});
  {
    const FileSizeLimit limit(6);
    write(*output, "one\ntwo\nthree\n");
  }
  ASSERT_EQ(::unlink(path_.c_str()), 0);
  write(*output, "four\n", kNow + kOutputRetryNs);
  EXPECT_EQ(content_of(path_), "four\n");
  EXPECT_EQ(output->counts().lines_lost, 2U);
}

TEST_F(OutputFileTest, LosesLinesUntilADeletedFolderIsBack) {
  const std::string inner = folder_ / "inner";
  std::filesystem::create_directory(inner);
  const auto output = opened({.destination = inner + "/eve.json"});
  write(*output, "one\n");
  std::filesystem::remove_all(inner);
  write(*output, "two\n");
  write(*output, "three\n");
  EXPECT_EQ(output->counts().error, ENOENT);
  EXPECT_EQ(output->counts().lines_lost, 2U);
  std::filesystem::create_directory(inner);
  write(*output, "four\n", kNow + kOutputRetryNs);
  EXPECT_EQ(content_of(inner + "/eve.json"), "four\n");
  EXPECT_EQ(output->counts().lines_lost, 2U);
}

TEST_F(OutputFileTest, TakesTheFileThatHasItsNameNow) {
  const auto output = opened({.destination = path_});
  write(*output, "one\n");
  std::filesystem::rename(path_, path_ + ".old");
  { std::ofstream(path_) << "theirs\n"; }
  write(*output, "two\n", kNow + kOneSecond);
  EXPECT_EQ(content_of(path_), "theirs\ntwo\n");
  EXPECT_EQ(content_of(path_ + ".old"), "one\n");
}

TEST_F(OutputFileTest, GoesOnInARenamedFileUntilItIsToldToOpenAgain) {
  const auto output = opened({.destination = path_});
  write(*output, "one\n");
  std::filesystem::rename(path_, path_ + ".old");
  write(*output, "two\n", kNow + 2 * kOneSecond);
  EXPECT_EQ(content_of(path_ + ".old"), "one\ntwo\n");
  output->reopen();
  output->idle(kNow + 2 * kOneSecond);
  EXPECT_TRUE(std::filesystem::exists(path_)) << "not only when there is something to write";
  write(*output, "three\n", kNow + 2 * kOneSecond);
  EXPECT_EQ(content_of(path_ + ".old"), "one\ntwo\n");
  EXPECT_EQ(content_of(path_), "three\n");
  EXPECT_EQ(output->counts().lines_lost, 0U);
}

TEST_F(OutputFileTest, OpeningAgainKeepsWhatIsThere) {
  const auto output = opened({.destination = path_});
  write(*output, "one\n");
  output->reopen();
  write(*output, "two\n");
  EXPECT_EQ(content_of(path_), "one\ntwo\n");
}

TEST_F(OutputFileTest, BeginsAtTheFrontOfAFileThatWasCutShort) {
  const auto output = opened({.destination = path_});
  write(*output, "one\n");
  ASSERT_EQ(::truncate(path_.c_str(), 0), 0);
  write(*output, "two\n");
  EXPECT_EQ(content_of(path_), "two\n");
}

TEST_F(OutputFileTest, RotatesBySizeBetweenLinesAndLosesNone) {
  const auto output = opened({.destination = path_, .rotation = {.bytes = 250}});
  std::string expected;
  for (int i = 0; i < 40; ++i) {
    const std::string line = "line " + std::to_string(i) + std::string(30, '.') + "\n";
    expected += line;
    write(*output, line);
  }
  EXPECT_GT(rotated().size(), 5U);
  std::string all;
  for (const std::string& name : rotated()) {
    const std::string content = content_of(folder_ / name);
    EXPECT_LE(content.size(), 250U);
    EXPECT_EQ(content.back(), '\n');
    all += content;
  }
  EXPECT_EQ(all + content_of(path_), expected);
  EXPECT_EQ(output->counts().lines_lost, 0U);
}

TEST_F(OutputFileTest, KeepsTheLastOfItsOwnRotatedFiles) {
  { std::ofstream(folder_ / "eve.json.20010101T000000Z") << "oldest\n"; }
  for (const char* other :
       {"eve.json.gz", "eve.json.2001", "eve.json.20010101T000000Z.gz", "other.20010101T000000Z"}) {
    std::ofstream(folder_ / other) << "theirs\n";
  }
  const auto output = opened({.destination = path_, .rotation = {.bytes = 5, .keep = 3}});
  for (int i = 0; i < 20; ++i) write(*output, std::to_string(100 + i) + "\n");
  const std::vector<std::string> names = rotated();
  ASSERT_EQ(names.size(), 3U);
  EXPECT_EQ(content_of(path_), "119\n");
  EXPECT_EQ(content_of(folder_ / names.back()), "118\n");
  EXPECT_EQ(content_of(folder_ / names.front()), "116\n");
  const auto files = std::distance(std::filesystem::directory_iterator(folder_ / ""), {});
  EXPECT_EQ(files, 3 + 1 + 4) << "files of others stay";
}

TEST_F(OutputFileTest, RotatesByTimeEvenWhenNothingComes) {
  const auto output = opened({.destination = path_, .rotation = {.every_ns = 10 * kOneSecond}});
  output->idle(kNow);
  output->idle(kNow + 20 * kOneSecond);
  EXPECT_TRUE(rotated().empty()) << "an empty file is not worth a name";
  write(*output, "one\n", kNow + 25 * kOneSecond);
  output->idle(kNow + 34 * kOneSecond);
  EXPECT_TRUE(rotated().empty());
  output->idle(kNow + 35 * kOneSecond);
  ASSERT_EQ(rotated().size(), 1U);
  EXPECT_EQ(content_of(folder_ / rotated().front()), "one\n");
  EXPECT_EQ(content_of(path_), "");
}

TEST_F(OutputFileTest, RotatesTheFileAndNotTheLinkToIt) {
  const std::string link = folder_ / "link";
  std::filesystem::create_symlink(path_, link);
  const auto output = opened({.destination = link, .rotation = {.bytes = 5}});
  write(*output, "one\n");
  write(*output, "two\n");
  EXPECT_TRUE(std::filesystem::is_symlink(link));
  EXPECT_EQ(content_of(link), "two\n");
  EXPECT_EQ(rotated().size(), 1U);
}

TEST_F(OutputFileTest, GrowsOnWhereItCannotBeRenamed) {
  const std::string longest = folder_ / std::string(250, 'n');  // a suffix makes it too long
  const auto output = opened({.destination = longest, .rotation = {.bytes = 5}});
  for (int i = 0; i < 3; ++i) write(*output, "line\n");
  EXPECT_EQ(content_of(longest), "line\nline\nline\n");
  EXPECT_THAT(output->take_notices(), ElementsAre(HasSubstr("File name too long; it grows on")));
}

}  // namespace
}  // namespace flowscope
