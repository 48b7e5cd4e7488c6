#pragma once

#include <cstdint>

namespace flowscope {

// Whether the process may still open sockets of streams to programs of this machine, such as a
// service of containers or of the system itself, which do for root what they are asked to.
enum class LocalStreams : uint8_t { Refuse, Allow };

// Refuses system calls that this program never makes, with EPERM and in all threads; gives whether
// the kernel did so (seccomp). Refused are
// - other programs, other processes (their memory, limits and signals), mounts and name spaces,
// code
//   in the kernel, clocks, keys, another user;
// - what Landlock does not see, or did not in older kernels: modes, owners and attributes of files,
//   truncation by name, memory and queues that programs share;
// - input into the terminal that the process was started from.
// Requires: restrict_threads() before.
[[nodiscard]] bool refuse_system_calls(LocalStreams local_streams);

}  // namespace flowscope
