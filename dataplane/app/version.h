#pragma once

#include <string>
#include <string_view>

namespace flowscope {

// "0.1.0".
[[nodiscard]] std::string_view program_version();

// What this program is made of: its version, the processors it is built for, parsers and inputs.
[[nodiscard]] std::string version_text();

}  // namespace flowscope
