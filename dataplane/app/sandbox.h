#pragma once

#include <cstdint>
#include <string>

#include "flowcore/base/result.h"

namespace flowscope {

// The files that a process may still reach, as a Landlock ruleset of the kernel. Set-up only.
class FileRules {
 public:
  // The version of Landlock that the kernel has; 0: none, or switched off.
  [[nodiscard]] static int kernel_version();

  // Handles every access that the kernel knows, so that nothing is allowed yet. Requires:
  // kernel_version() > 0.
  static Result<FileRules> create();
  ~FileRules();
  FileRules(FileRules&& other) noexcept;
  FileRules& operator=(FileRules&&) = delete;
  FileRules(const FileRules&) = delete;
  FileRules& operator=(const FileRules&) = delete;

  // Allows a file, or a folder and all below it. A path that is not there is passed over.
  enum class Access : uint8_t { Read, ReadAndWrite };
  Result<void> allow(const std::string& path, Access access);

  // For landlock_restrict_self(2).
  [[nodiscard]] int descriptor() const { return descriptor_; }

 private:
  explicit FileRules(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

// What each thread has to do for itself: the kernel knows these by thread.
struct ThreadRestriction {
  int file_rules = -1;        // descriptor of FileRules; -1: none
  uint64_t capabilities = 0;  // the only ones that stay: bit N is capability N
};

// How many threads of the process obeyed, the calling one included, and how many could not be
// reached or failed.
struct ThreadCount {
  uint32_t restricted = 0;
  uint32_t missed = 0;
};

// Has every thread of the process give up privileges: by itself for the calling one, for the others
// through a signal (SIGRTMAX - 2, whose handler stays). Waits at most a second.
ThreadCount restrict_threads(const ThreadRestriction& restriction);

}  // namespace flowscope
