// The manual page and the completion of bash name every option; this writes their lists from the
// settings and compares.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "config/schema.h"
#include "dataplane/app/option_name.h"

namespace flowscope {
namespace {

constexpr const char* kManual = FS_SOURCE_ROOT "/scripts/package/flowscope.1";
constexpr const char* kCompletion = FS_SOURCE_ROOT "/scripts/package/completion.bash";

std::string read(const char* path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// The text of a file with what stands between the two marks replaced by `list`; empty when a mark
// is not there. A mark is a whole line.
std::string with_list(const std::string& text, const std::string& begin, const std::string& end,
                      const std::string& list) {
  const size_t at = text.find(begin + "\n");
  const size_t to = text.find(end + "\n");
  if (at == std::string::npos || to == std::string::npos || to < at) return {};
  return text.substr(0, at + begin.size() + 1) + list + text.substr(to);
}

void compare(const char* path, const std::string& begin, const std::string& end,
             const std::string& list) {
  const std::string expected = with_list(read(path), begin, end, list);
  ASSERT_FALSE(expected.empty()) << path << " has no lines " << begin << " and " << end;
  if (std::getenv("UPDATE_DOCS") != nullptr) std::ofstream(path) << expected;
  EXPECT_EQ(read(path), expected) << "run this test with UPDATE_DOCS=1 in the environment";
}

// A text as mdoc(7) prints it: no line may begin like a macro, and no dash may become a hyphen.
std::string mdoc_text(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '\\') {
      escaped += "\\e";
    } else if (c == '-') {
      escaped += "\\-";
    } else {
      escaped += c;
    }
  }
  // Each sentence begins a line, so that the formatter knows where sentences end.
  for (size_t at = escaped.find(". "); at != std::string::npos; at = escaped.find(". ", at + 1))
    escaped.replace(at, 2, ".\n");
  return escaped;
}

std::string manual_list() {
  Config defaults;
  std::string list;
  for (const Setting& setting : all_settings()) {
    if (!has_option(setting.key)) continue;
    list += fmt::format(".It Fl Fl {} Ns = Ns Ar {}\n", option_name(setting.key).substr(2),
                        setting.kind == SettingKind::Flag ? "true|false" : "value");
    list += mdoc_text(setting.help) + "\n";
    list += fmt::format("Takes {}; default\n.Ql {} .\nKey\n.Ql {} .\n",
                        mdoc_text(expected_form(setting)), mdoc_text(text_of(setting, defaults)),
                        setting.key);
  }
  return list;
}

// The values that a setting can have, where there are but a few.
std::string_view values_of(SettingKind kind) {
  switch (kind) {
    case SettingKind::Flag:
      return "true false";
    case SettingKind::Rss:
      return "ip udp";
    case SettingKind::Checksums:
      return "off count drop";
    case SettingKind::Counters:
      return "basic full";
    default:
      return "";
  }
}

std::string completion_list() {
  std::string list;
  for (const Setting& setting : all_settings()) {
    if (!has_option(setting.key)) continue;
    list += fmt::format("  [{}]='{}'\n", option_name(setting.key), values_of(setting.kind));
  }
  return list;
}

TEST(OptionName, LeavesOutTheGroupsOfTestpmdsNames) {
  EXPECT_EQ("--flows-max", option_name("table.flows_max"));
  EXPECT_EQ("--rxd", option_name("dpdk.rxd"));
  EXPECT_EQ("--l7", option_name("l7.enabled"));
  EXPECT_EQ("--timeouts-tcp-new", option_name("timeouts.tcp_new"));
}

TEST(OptionLists, OfTheManualAreUpToDate) {
  compare(kManual, ".\\\" options: written from the settings by a test", ".\\\" end of options",
          manual_list());
}

TEST(OptionLists, OfTheCompletionAreUpToDate) {
  compare(kCompletion, "# options: written from the settings by a test", "# end of options",
          completion_list());
}

}  // namespace
}  // namespace flowscope
