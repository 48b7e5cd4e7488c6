#include <fmt/format.h>

#include "dataplane/app/doctor/checks.h"

namespace flowscope {

namespace {

constexpr uint64_t kRoomBytesMin = 64 * kMiB;
constexpr uint64_t kRoomBytesUsual = 10 * kGiB;

// The file that records go to; empty where it is none, as standard output or a socket's address.
std::string output_file(const Plan& plan) {
  const std::string& destination = plan.config.output.destination;
  const bool is_none = destination == "-" || destination.starts_with("unix:")
                       || destination.find("://") != std::string::npos;
  return is_none ? "" : destination;
}

std::string folder_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

bool is_device(const std::string& path) { return path.starts_with("/dev/"); }

void check_output_folder(const System& system, const Plan& plan, Findings& findings) {
  const std::string path = output_file(plan);
  if (path.empty()) return findings.ok("records go to " + plan.config.output.destination);
  const std::string folder = folder_of(path);
  if (!system.is_folder(folder)) {
    return findings.wrong(fmt::format("{}: the folder does not exist", folder),
                          fmt::format("install -d -o {} {}", system.user, shell_word(folder)));
  }
  const std::string& written = system.exists(path) ? path : folder;
  if (!system.may_write(written)) {
    return findings.wrong(fmt::format("{} cannot be written by user {}", written, system.user),
                          fmt::format("chown {} {}", system.user, shell_word(written)));
  }
  const auto room = is_device(path) ? std::nullopt : system.room(folder);
  if (room && room->is_read_only) {
    return findings.wrong(
        fmt::format("{} lies on a file system that is mounted read-only", folder),
        fmt::format("mount -o remount,rw \"$(stat -c %m {})\"", shell_word(folder)));
  }
  findings.ok(path);
}

void check_output_room(const System& system, const Plan& plan, Findings& findings) {
  const std::string path = output_file(plan);
  if (path.empty() || is_device(path)) return findings.ok("not needed: no file is written");
  const auto room = system.room(folder_of(path));
  if (!room) return findings.ok("not known: the folder does not exist");
  const std::string told =
      fmt::format("{} MiB free in {}", room->free_bytes / kMiB, folder_of(path));
  const std::string mend =
      fmt::format("df -h {0} && du -xh {0} | sort -h | tail", shell_word(folder_of(path)));
  if (room->free_bytes < kRoomBytesMin) return findings.wrong(told, mend);
  if (room->free_bytes < kRoomBytesUsual) return findings.warn(told, mend);
  findings.ok(told);
}

constexpr Check kChecks[] = {
    {"output-folder", check_output_folder},
    {"output-room", check_output_room},
};

}  // namespace

std::span<const Check> output_checks() { return kChecks; }

}  // namespace flowscope
