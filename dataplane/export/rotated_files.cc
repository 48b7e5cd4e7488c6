#include "dataplane/export/rotated_files.h"

#include <fcntl.h>
#include <stdio.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace flowscope {

namespace {

constexpr int kNamesTried = 1000;
constexpr std::string_view kForm = "00000000T000000Z";

std::string time_now() {
  const time_t now = time(nullptr);
  tm parts = {};
  gmtime_r(&now, &parts);
  std::array<char, 32> text{};
  return {text.data(), strftime(text.data(), text.size(), "%Y%m%dT%H%M%SZ", &parts)};
}

// Without taking the place of a file. Not every file system knows how to do both at once.
int rename_to_free(const std::string& from, const std::string& to) {
  if (renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return 0;
  if (errno != EINVAL && errno != ENOSYS) return errno;
  std::error_code ignored;
  if (std::filesystem::exists(to, ignored)) return EEXIST;
  return rename(from.c_str(), to.c_str()) == 0 ? 0 : errno;
}

// A rotated file's place in time: the moment, and the number behind it.
using Place = std::pair<std::string, uint32_t>;

// Of the part of a name behind "NAME."; nothing where it has another form.
std::optional<Place> place_of(std::string_view suffix) {
  if (suffix.size() < kForm.size()) return std::nullopt;
  const std::string_view moment = suffix.substr(0, kForm.size());
  for (size_t i = 0; i < kForm.size(); ++i) {
    const bool fits =
        kForm[i] == '0' ? moment[i] >= '0' && moment[i] <= '9' : moment[i] == kForm[i];
    if (!fits) return std::nullopt;
  }
  suffix.remove_prefix(kForm.size());
  uint32_t number = 0;
  if (suffix.empty()) return Place(moment, number);
  const char* const end = suffix.data() + suffix.size();
  if (suffix.front() != '.' || suffix.size() == 1) return std::nullopt;
  const auto [rest, error] = std::from_chars(suffix.data() + 1, end, number);
  if (error != std::errc() || rest != end) return std::nullopt;
  return Place(moment, number);
}

// What `path` was renamed to so far, the oldest first.
std::vector<std::pair<Place, std::filesystem::path>> rotated_of(const std::string& path) {
  const std::filesystem::path file(path);
  const std::string prefix = file.filename().string() + ".";
  const std::filesystem::path folder = file.has_parent_path() ? file.parent_path() : ".";
  std::vector<std::pair<Place, std::filesystem::path>> rotated;
  std::error_code error;
  for (std::filesystem::directory_iterator each(folder, error), end; !error && each != end;
       each.increment(error)) {
    const std::string name = each->path().filename().string();
    if (!name.starts_with(prefix)) continue;
    if (auto place = place_of(std::string_view(name).substr(prefix.size()))) {
      rotated.emplace_back(std::move(*place), each->path());
    }
  }
  std::sort(rotated.begin(), rotated.end());
  return rotated;
}

}  // namespace

Result<std::string> rename_with_time(const std::string& path) {
  const std::string moment = time_now();
  // Behind all of this second, deleted ones as well: the number tells the order.
  uint32_t number = 0;
  for (const auto& [place, each] : rotated_of(path)) {
    if (place.first == moment) number = place.second + 1;
  }
  const std::string name = path + "." + moment;
  int reason = EEXIST;
  for (int i = 0; i < kNamesTried && reason == EEXIST; ++i, ++number) {
    const std::string numbered = number == 0 ? name : name + "." + std::to_string(number);
    reason = rename_to_free(path, numbered);
    if (reason == 0) return numbered;
  }
  return Error{"cannot rename " + path + " to " + name + ": " + std::strerror(reason)};
}

void delete_oldest_rotated(const std::string& path, size_t keep) {
  const auto rotated = rotated_of(path);
  if (rotated.size() <= keep) return;
  std::error_code ignored;
  for (size_t i = 0; i < rotated.size() - keep; ++i) {
    std::filesystem::remove(rotated[i].second, ignored);
  }
}

}  // namespace flowscope
