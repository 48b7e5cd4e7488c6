#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "flowcore/base/result.h"

namespace flowscope {

// The largest number of an lcore that is taken for one.
inline constexpr uint32_t kLcoreMax = 4'095;

// The lcores that worker.lcores names, in its order: "2" is one, "4-7" all of these. The error says
// what is wrong with which item: no number, too large, a range that ends before it begins, an lcore
// that is named twice.
[[nodiscard]] Result<std::vector<uint32_t>> parse_lcores(std::span<const std::string> items);

}  // namespace flowscope
