#pragma once

#include <string>
#include <vector>

#include "config/config.h"

namespace flowscope {

// Exit codes of the program.
enum class Exit : int { Ok = 0, Usage = 1, Eal = 2, Port = 3, Ledger = 4 };

// The verbs, each in a file of its own. They speak on standard error; standard output belongs to
// records.
Exit replay(const Config& config, const std::vector<std::string>& files);
Exit live(const Config& config, const std::string& interface, const std::string& filter);
// Not built without DPDK.
Exit run_dpdk(const Config& config, const std::vector<std::string>& eal_options);

}  // namespace flowscope
