#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "dataplane/app/refusals.h"
#include "flowcore/base/result.h"

namespace flowscope {

// CAP_DAC_OVERRIDE: files of other users, as root is used to.
inline constexpr uint64_t kFileCapabilities = 1ULL << 1;

// Whether the program closes itself in; see docs/decisions/0015-confinement.md.
enum class ConfineUse : uint8_t {
  Auto,  // live and run, as far as the kernel can
  On,    // every verb, and a kernel that cannot is an error
  Off,
};

// What the program still may do once it is confined. Paths that do not exist are left out.
struct ConfineOptions {
  ConfineUse use = ConfineUse::Auto;
  // Who the program goes on as; empty: who it is.
  std::string user;
  // Capabilities that are kept where the program has them: bit N is capability N.
  uint64_t capabilities = 0;
  // Records to a socket of this machine are all that needs them, and drivers of virtual machines.
  LocalStreams local_streams = LocalStreams::Refuse;
  // Files and folders, with all that is below, that may be read.
  std::vector<std::string> readable;
  // The same, read and written; in folders files may be made, renamed and removed.
  std::vector<std::string> writable;
};

// From now on the whole process, every thread that runs already included, reaches only the files of
// `options` (Landlock), cannot start a program, look into another one, mount, load code into the
// kernel, change who it is or whose a file is (seccomp; refusals.h), and has only the capabilities
// left that are named. Open files stay as they are. What was done is told in one line, which is the
// result; it is empty for ConfineUse::Off. Fails when the user is unknown or cannot be taken on,
// and, with ConfineUse::On, when the kernel cannot do the rest. Thread rule: the main thread, once,
// after ports and outputs were opened. Threads that block all signals are out of reach and must be
// started afterwards; with ConfineUse::On they are an error. Cost: set-up only; afterwards some
// nanoseconds on each system call.
Result<std::string> confine(const ConfineOptions& options);

// What the configuration asks for: the user, as paths the output, the log, the rules and their
// cache, and local streams where records go through one. Errors name the key.
Result<ConfineOptions> confine_options(const Config& config);

// Lets a file that is read again on reload be read, whatever takes its place: where it lies, and
// where it leads to by symbolic links. Nothing for an empty path.
void allow_reading_again(const std::string& file, ConfineOptions& options);

// confine() for a verb: says on standard error what was done, or why not; false when the run must
// not go on.
[[nodiscard]] bool confine_verb(const ConfineOptions& options);

// The folder of a path; "." where it names none.
[[nodiscard]] std::string folder_of(std::string_view path);

}  // namespace flowscope
