#pragma once

namespace flowscope {

struct CommandLine;

// Exit codes of the program.
enum class Exit : int { Ok = 0, Usage = 1, Eal = 2, Port = 3, Ledger = 4 };

// The verbs, each in a file of its own. They speak on standard error; standard output belongs to
// records.
Exit replay(const CommandLine& line);
Exit live(const CommandLine& line);
// Prints what a configuration amounts to: workers, lcores, ports, output, memory.
Exit check(const CommandLine& line);
// Prints what is wrong with this machine for `run` and `live`; Exit::Usage when something is.
Exit doctor(const CommandLine& line);
// Not built without DPDK.
Exit run_dpdk(const CommandLine& line);

}  // namespace flowscope
