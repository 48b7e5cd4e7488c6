#include "dataplane/app/option_name.h"

#include <algorithm>

namespace flowscope {

std::string option_name(std::string_view key) {
  for (const std::string_view group : {"dpdk.", "table."}) {
    if (key.starts_with(group)) key.remove_prefix(group.size());
  }
  if (key == "l7.enabled") key = "l7";
  std::string name = "--" + std::string(key);
  std::replace_if(
      name.begin(), name.end(), [](char c) { return c == '_' || c == '.'; }, '-');
  return name;
}

bool has_option(std::string_view key) {
  return key != "dpdk.eal_options" && key != "output.destination";
}

}  // namespace flowscope
