#pragma once

#include <string>
#include <vector>

#include "dataplane/app/doctor/finding.h"

namespace flowscope {

// Looks at everything that a run of this plan depends on, in the order to read it in. Reads files
// and asks the kernel; changes nothing, starts no DPDK.
[[nodiscard]] std::vector<Finding> examine(const System& system, const Plan& plan);

// One line for each finding, a second one with the command for each that has one, and the sum.
[[nodiscard]] std::string findings_as_text(const std::vector<Finding>& findings);
// {"checks":[{"check","verdict","said","mend"}...],"wrong":N,"warnings":N}
[[nodiscard]] std::string findings_as_json(const std::vector<Finding>& findings);

[[nodiscard]] bool any_wrong(const std::vector<Finding>& findings);

}  // namespace flowscope
