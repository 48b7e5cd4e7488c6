#pragma once

#include <cstdint>

namespace flowscope {

// Which traffic the verb brings: decides how records overflow and how memory is taken.
enum class InputKind : uint8_t { Files, Live };

}  // namespace flowscope
