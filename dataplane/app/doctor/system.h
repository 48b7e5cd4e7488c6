#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace flowscope {

// A network interface of the kernel, as system calls tell of it.
struct InterfaceFacts {
  std::string name;
  std::vector<std::string> addresses;  // IPv4, and IPv6 but link-local
  bool is_up = false;
  bool gro = false;       // the kernel merges received segments
  bool lro = false;       // the NIC does
  uint32_t ring = 0;      // receive descriptors in use; 0: the driver does not say
  uint32_t ring_max = 0;  // and what the driver can do
};

// What is left of the file system that a folder lies on.
struct FolderRoom {
  uint64_t free_bytes = 0;
  bool is_read_only = false;
};

// The DPDK that the program was compiled with, and the one that it found at run time.
struct DpdkFacts {
  std::string built;           // "22.11.5"
  std::string running;         // the same form
  std::string drivers_folder;  // where the EAL looks for its drivers
};

// The machine as the doctor sees it: files below `root`, and what system calls say. A test fills
// one by hand over a folder of its own. Nothing of it changes the machine. Thread rule: one thread;
// not for the packet path.
struct System {
  std::string root;  // put before every path; empty for the machine itself
  uint32_t user = 0;
  std::vector<uint32_t> groups;
  uint64_t capabilities = 0;  // effective ones, a bit for each number of linux/capability.h
  uint64_t memlock_bytes = UINT64_MAX;
  uint64_t files_max = UINT64_MAX;  // file descriptors
  std::string runtime_folder;       // XDG_RUNTIME_DIR; empty when it is not set
  std::string service_folder;       // RUNTIME_DIRECTORY, which systemd sets
  std::vector<std::string>
      features;  // processor features this build needs, as /proc/cpuinfo writes
  std::vector<InterfaceFacts> interfaces;
  std::function<std::optional<FolderRoom>(const std::string& path)> room;
  std::optional<DpdkFacts> dpdk;  // nothing: the program is built without it

  // This machine and this program.
  static System of_this_machine();

  // What a file holds, without the line end behind it; at most 1 MiB. Nothing when it cannot be
  // read.
  [[nodiscard]] std::optional<std::string> text(const std::string& path) const;
  // The same as a decimal or 0x number.
  [[nodiscard]] std::optional<uint64_t> number(const std::string& path) const;
  // The lines of a file; none when it cannot be read.
  [[nodiscard]] std::vector<std::string> lines(const std::string& path) const;
  // Names in a folder, sorted; none when it cannot be read.
  [[nodiscard]] std::vector<std::string> names(const std::string& folder) const;
  // The last part of where a symbolic link points to.
  [[nodiscard]] std::optional<std::string> link_name(const std::string& path) const;
  [[nodiscard]] bool exists(const std::string& path) const;
  [[nodiscard]] bool is_folder(const std::string& path) const;
  // Whether `user` may write to what is there, by owner, group and mode; root may.
  [[nodiscard]] bool may_write(const std::string& path) const;
  // "MAJOR:MINOR:INODE" as /proc/locks writes it.
  [[nodiscard]] std::optional<std::string> identity(const std::string& path) const;

  [[nodiscard]] bool has_capability(unsigned number) const {
    return (capabilities >> number & 1) != 0;
  }
  [[nodiscard]] const InterfaceFacts* interface(const std::string& name) const;
};

// The DPDK of this program; nothing when it is built without.
[[nodiscard]] std::optional<DpdkFacts> dpdk_facts();

// The members of a list as the kernel and DPDK write them: "0-3,8" is 0, 1, 2, 3 and 8. Nothing
// when it is not one; numbers are at most 65535.
[[nodiscard]] std::optional<std::vector<uint32_t>> numbers_of_list(const std::string& text);
// The other way round.
[[nodiscard]] std::string list_of_numbers(const std::vector<uint32_t>& numbers);

// Parts of a text between runs of `separator`; no empty ones.
[[nodiscard]] std::vector<std::string> split(const std::string& text, char separator);

}  // namespace flowscope
