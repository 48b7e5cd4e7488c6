#include "dataplane/app/doctor/system.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <fstream>

namespace flowscope {

namespace {

constexpr size_t kTextBytesMax = 1 << 20;
constexpr uint32_t kListNumberMax = 65'535;

template <class Number>
std::optional<Number> number_of(std::string_view text, int base) {
  Number number = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (fault != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

std::optional<std::string> System::text(const std::string& path) const {
  std::ifstream file(root + path, std::ios::binary);
  if (!file) return std::nullopt;
  std::string all;
  std::array<char, 4096> part;
  while (all.size() < kTextBytesMax) {
    file.read(part.data(), part.size());
    all.append(part.data(), static_cast<size_t>(file.gcount()));
    if (!file) break;
  }
  if (file.bad()) return std::nullopt;
  while (!all.empty() && (all.back() == '\n' || all.back() == '\0')) all.pop_back();
  return all;
}

std::optional<uint64_t> System::number(const std::string& path) const {
  const auto written = text(path);
  if (!written) return std::nullopt;
  const std::string_view digits = *written;
  return digits.starts_with("0x") ? number_of<uint64_t>(digits.substr(2), 16)
                                  : number_of<uint64_t>(digits, 10);
}

std::vector<std::string> System::lines(const std::string& path) const {
  return split(text(path).value_or(""), '\n');
}

std::vector<std::string> System::names(const std::string& folder) const {
  std::vector<std::string> found;
  std::error_code fault;
  for (std::filesystem::directory_iterator next(root + folder, fault), end; !fault && next != end;
       next.increment(fault)) {
    found.push_back(next->path().filename().string());
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::optional<std::string> System::link_name(const std::string& path) const {
  std::error_code fault;
  const auto target = std::filesystem::read_symlink(root + path, fault);
  if (fault) return std::nullopt;
  return target.filename().string();
}

bool System::exists(const std::string& path) const {
  std::error_code fault;
  return std::filesystem::exists(root + path, fault);
}

bool System::is_folder(const std::string& path) const {
  std::error_code fault;
  return std::filesystem::is_directory(root + path, fault);
}

bool System::may_write(const std::string& path) const {
  struct stat found {};
  if (stat((root + path).c_str(), &found) != 0) return false;
  if (user == 0) return true;
  if (found.st_uid == user) return (found.st_mode & S_IWUSR) != 0;
  if (std::find(groups.begin(), groups.end(), found.st_gid) != groups.end()) {
    return (found.st_mode & S_IWGRP) != 0;
  }
  return (found.st_mode & S_IWOTH) != 0;
}

std::optional<std::string> System::identity(const std::string& path) const {
  struct stat found {};
  if (stat((root + path).c_str(), &found) != 0) return std::nullopt;
  std::array<char, 64> written{};
  std::snprintf(written.data(), written.size(), "%02x:%02x:%llu", major(found.st_dev),
                minor(found.st_dev), static_cast<unsigned long long>(found.st_ino));
  return written.data();
}

const InterfaceFacts* System::interface(const std::string& name) const {
  const auto found = std::find_if(interfaces.begin(), interfaces.end(),
                                  [&](const InterfaceFacts& each) { return each.name == name; });
  return found != interfaces.end() ? &*found : nullptr;
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find(separator, begin), text.size());
    if (end > begin) parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

std::optional<std::vector<uint32_t>> numbers_of_list(const std::string& text) {
  std::vector<uint32_t> numbers;
  for (const std::string& part : split(text, ',')) {
    const size_t dash = part.find('-');
    const auto first = number_of<uint32_t>(std::string_view(part).substr(0, dash), 10);
    const auto last = dash == std::string::npos
                          ? first
                          : number_of<uint32_t>(std::string_view(part).substr(dash + 1), 10);
    if (!first || !last || *last < *first || *last > kListNumberMax) return std::nullopt;
    for (uint32_t number = *first; number <= *last; ++number) numbers.push_back(number);
  }
  std::sort(numbers.begin(), numbers.end());
  numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
  return numbers;
}

std::string list_of_numbers(const std::vector<uint32_t>& numbers) {
  std::string list;
  for (size_t i = 0; i < numbers.size();) {
    size_t last = i;
    while (last + 1 < numbers.size() && numbers[last + 1] == numbers[last] + 1) ++last;
    if (!list.empty()) list += ',';
    list += std::to_string(numbers[i]);
    if (last > i) list += (last == i + 1 ? "," : "-") + std::to_string(numbers[last]);
    i = last + 1;
  }
  return list;
}

}  // namespace flowscope
