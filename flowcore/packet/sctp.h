#pragma once

#include <cstdint>

namespace flowscope {

// RFC 9260 section 3.1, the common header: ports, verification tag, checksum. Chunks follow.
struct SctpHeader {
  static constexpr uint32_t kBytes = 12;
};

}  // namespace flowscope
