#pragma once

#include <span>
#include <string>
#include <string_view>

#include "config/setting.h"

namespace flowscope {

// Every setting there is, in the order of the file a user would write; those of one group stand
// together.
[[nodiscard]] std::span<const Setting> all_settings();

// The setting with this key, or null.
[[nodiscard]] const Setting* find_setting(std::string_view key);

// Whether settings lie below `path` ("output.records"); the empty path is the root.
[[nodiscard]] bool is_group(std::string_view path);

// The key or group that `wrong_key` most resembles, or nothing when none comes near.
[[nodiscard]] std::string_view nearest_key(std::string_view wrong_key);

// What to say about a key that names no setting: "unknown key; did you mean table.flows_max?".
[[nodiscard]] std::string unknown_key_text(std::string_view key);

}  // namespace flowscope
