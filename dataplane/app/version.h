#pragma once

#include <string>

namespace flowscope {

// What this program is made of: its version, the processors it is built for, parsers and inputs.
[[nodiscard]] std::string version_text();

}  // namespace flowscope
