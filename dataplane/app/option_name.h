#pragma once

#include <string>
#include <string_view>

namespace flowscope {

// The command line's option of a setting: its key's dots and underscores as dashes, without the
// group where testpmd has the same name or no other key shares it. For "table.flows_max"
// "--flows-max".
[[nodiscard]] std::string option_name(std::string_view key);

// Whether the setting has an option of that name: dpdk.eal_options stand before --, and
// output.destination is -o.
[[nodiscard]] bool has_option(std::string_view key);

}  // namespace flowscope
