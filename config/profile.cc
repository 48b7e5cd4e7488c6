#include "config/profile.h"

#include <algorithm>
#include <filesystem>

namespace flowscope {

namespace {

constexpr const char* kSuffix = ".yaml";

bool is_path(const std::string& name) {
  return name.find('/') != std::string::npos || name.ends_with(kSuffix) || name.ends_with(".yml");
}

}  // namespace

std::vector<std::string> profile_folders() {
  std::vector<std::string> folders = {FS_PROFILES_FOLDER};
  std::error_code fault;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", fault);
  if (fault) return folders;
  const auto beside = program.parent_path();
  for (const char* const below : {"../share/flowscope/profiles", "../../config/profiles"})
    folders.push_back((beside / below).lexically_normal().string());
  return folders;
}

std::vector<std::string> profile_names(std::span<const std::string> folders) {
  std::vector<std::string> names;
  for (const std::string& folder : folders) {
    std::error_code fault;
    for (std::filesystem::directory_iterator next(folder, fault), end; !fault && next != end;
         next.increment(fault)) {
      if (next->path().extension() == kSuffix) names.push_back(next->path().stem().string());
    }
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

Result<std::string> config_path(const std::string& name, std::span<const std::string> folders) {
  std::error_code fault;
  if (is_path(name) || std::filesystem::exists(name, fault)) return name;
  for (const std::string& folder : folders) {
    std::string path = folder + "/" + name + kSuffix;
    if (std::filesystem::exists(path, fault)) return path;
  }
  std::string known;
  for (const std::string& each : profile_names(folders))
    known += (known.empty() ? "" : ", ") + each;
  return Error{name + ": no such file, and no such profile; expected a YAML file, or "
               + (known.empty() ? "a profile (none is installed)" : "one of " + known)};
}

}  // namespace flowscope
