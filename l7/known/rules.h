#pragma once

#include <span>
#include <string>

#include "l7/first_bytes_table.h"

namespace flowscope::known {

// All declarations, as known.cc reads them at compile time; `owner` is the position of the
// protocol. For who looks for the same by other means: tests and benchmarks.
[[nodiscard]] std::span<const FirstBytesRule> stream_rules();
[[nodiscard]] std::span<const FirstBytesRule> datagram_rules();

// The declaration as a whole regular expression, for engines of such, where a dot is any byte:
// anchored, its offset written out. Lengths and ports are not in it. Allocates; for set-up.
[[nodiscard]] std::string expression_of(const FirstBytesRule& rule);

}  // namespace flowscope::known
