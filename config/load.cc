#include "config/load.h"

#include <yaml-cpp/yaml.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <utility>
#include <vector>

#include "config/schema.h"

namespace flowscope {

namespace {

constexpr uintmax_t kFileBytesMax = 1 << 20;

// Carries one message out of the walk over the tree.
struct Refused {
  std::string message;
};

// Walks one YAML document and sets what it finds.
class YamlWalk {
 public:
  YamlWalk(std::string name, Config& config) : name_(std::move(name)), config_(config) {}

  // Depth is bounded by the groups of the schema, whatever the document holds.
  void walk_group(const YAML::Node& node, const std::string& path) {
    if (node.IsNull()) return;
    if (!node.IsMap()) refuse(node.Mark(), path, "not a group; expected keys and values below it");
    std::set<std::string> seen;
    for (const auto& entry : node) {
      const YAML::Mark mark = entry.first.Mark();
      if (!entry.first.IsScalar()) refuse(mark, path, "a key is not a text; expected a name");
      const std::string& word = entry.first.Scalar();
      const std::string key = path.empty() ? word : path + "." + word;
      if (!seen.insert(word).second) refuse(mark, key, "the key is there twice; expected it once");
      walk_entry(mark, key, entry.second);
    }
  }

 private:
  void walk_entry(const YAML::Mark& mark, const std::string& key, const YAML::Node& value) {
    if (is_group(key)) return walk_group(value, key);
    const Setting* const setting = find_setting(key);
    if (setting == nullptr) refuse(mark, key, unknown_key_text(key));
    const Result<void> assigned = assign_node(*setting, value);
    if (!assigned.ok()) refuse(mark, key, assigned.error().message);
  }

  Result<void> assign_node(const Setting& setting, const YAML::Node& value) {
    if (setting.is_list() && value.IsSequence()) return assign_sequence(setting, value);
    if (value.IsScalar()) return assign(setting, value.Scalar(), config_);
    const std::string reason = value.IsNull() ? "it has no value" : "not a single value";
    return Error{reason + "; expected " + expected_form(setting)};
  }

  Result<void> assign_sequence(const Setting& setting, const YAML::Node& value) {
    std::vector<std::string> items;
    for (const YAML::Node& item : value) {
      if (!item.IsScalar())
        return Error{"an item is not a text; expected " + expected_form(setting)};
      items.push_back(item.Scalar());
    }
    return assign_list(setting, std::move(items), config_);
  }

  [[noreturn]] void refuse(const YAML::Mark& mark, const std::string& key,
                           const std::string& reason) {
    const std::string subject = key.empty() ? "" : key + ": ";
    throw Refused{name_ + ":" + std::to_string(mark.line + 1) + ": " + subject + reason};
  }

  std::string name_;
  Config& config_;
};

Result<std::string> read_file(const std::string& path) {
  std::error_code fault;
  if (std::filesystem::is_directory(path, fault)) {
    return Error{path + ": it is a directory; expected a YAML file"};
  }
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) return Error{path + ": cannot be opened: " + std::strerror(errno)};
  std::string text;
  for (std::istreambuf_iterator<char> next(file), end; next != end; ++next) {
    if (text.size() == kFileBytesMax)
      return Error{path + ": larger than 1MiB; expected a YAML file"};
    text += *next;
  }
  if (file.bad()) return Error{path + ": cannot be read: " + std::strerror(errno)};
  return text;
}

}  // namespace

Result<void> load_yaml_file(const std::string& path, Config& config) {
  Result<std::string> text = read_file(path);
  if (!text.ok()) return text.error();
  return load_yaml_text(path, text.value(), config);
}

Result<void> load_yaml_text(const std::string& name, const std::string& text, Config& config) {
  Config changed = config;
  try {
    const std::vector<YAML::Node> documents = YAML::LoadAll(text);
    if (documents.size() > 1) {
      const int line = documents[1].Mark().line + 1;
      return Error{name + ":" + std::to_string(line) + ": a second document; expected one"};
    }
    if (!documents.empty()) YamlWalk(name, changed).walk_group(documents[0], "");
  } catch (const Refused& refused) {
    return Error{refused.message};
  } catch (const YAML::Exception& fault) {
    const std::string line = std::to_string(fault.mark.line + 1);
    return Error{name + ":" + line + ": not YAML: " + fault.msg};
  }
  config = std::move(changed);
  return {};
}

Result<void> apply_option(std::string_view key, std::string_view text, Config& config) {
  const Setting* const setting = find_setting(key);
  const Result<void> assigned =
      setting != nullptr ? assign(*setting, text, config) : Error{unknown_key_text(key)};
  if (assigned.ok()) return {};
  return Error{std::string(key) + ": " + assigned.error().message};
}

}  // namespace flowscope
