#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "config/config.h"

namespace flowscope {

// One setting that is not what it was.
struct SettingChange {
  std::string key;
  std::string before;  // as YAML
  std::string after;
  bool needs_restart = false;

  // "timeouts.udp 60s -> 30s", and whether that needs a restart.
  [[nodiscard]] std::string text() const;
};

// What reading the configuration again comes to. For set-up and control threads.
struct ReloadPlan {
  Config config;                       // what is in use, with the changes that can be taken now
  std::vector<SettingChange> changes;  // in the schema's order

  [[nodiscard]] size_t taken() const;
  [[nodiscard]] size_t left_for_restart() const { return changes.size() - taken(); }
  // "2 settings changed, 1 needs a restart".
  [[nodiscard]] std::string summary() const;
};

// Compares the configuration in use with the one that is wanted, setting by setting. What needs a
// restart stays as it is and is told of by each plan until it is restarted or taken back. The
// result is not validated: settings that change may not go with some that stay.
[[nodiscard]] ReloadPlan plan_reload(const Config& used, const Config& wanted);

}  // namespace flowscope
