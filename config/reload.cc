#include "config/reload.h"

#include <algorithm>

#include "config/schema.h"

namespace flowscope {

namespace {

bool needs_restart(const Setting& setting, const std::string& before, const std::string& after) {
  switch (setting.taken) {
    case Taken::AtStart:
      return true;
    case Taken::OnReload:
      return false;
    case Taken::OnReloadWhileOn: {
      Config defaults;
      const std::string off = text_of(setting, defaults);
      return before == off || after == off;
    }
  }
  return true;
}

}  // namespace

std::string SettingChange::text() const {
  return key + " " + before + " -> " + after + (needs_restart ? " needs a restart" : "");
}

size_t ReloadPlan::taken() const {
  const auto is_taken = [](const SettingChange& change) { return !change.needs_restart; };
  return static_cast<size_t>(std::count_if(changes.begin(), changes.end(), is_taken));
}

std::string ReloadPlan::summary() const {
  const size_t left = left_for_restart();
  return std::to_string(taken()) + (taken() == 1 ? " setting" : " settings") + " changed, "
         + std::to_string(left) + (left == 1 ? " needs" : " need") + " a restart";
}

ReloadPlan plan_reload(const Config& used, const Config& wanted) {
  ReloadPlan plan{.config = used, .changes = {}};
  Config wanted_values = wanted;
  for (const Setting& setting : all_settings()) {
    SettingChange change{.key = std::string(setting.key),
                         .before = text_of(setting, plan.config),
                         .after = text_of(setting, wanted_values)};
    if (change.before == change.after) continue;
    change.needs_restart = needs_restart(setting, change.before, change.after);
    if (!change.needs_restart) copy_value(setting, wanted_values, plan.config);
    plan.changes.push_back(std::move(change));
  }
  return plan;
}

}  // namespace flowscope
