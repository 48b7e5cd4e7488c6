#include "dataplane/app/sandbox.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <fstream>
#include <string_view>
#include <utility>
#include <vector>

namespace flowscope {

namespace {

// Of Landlock 3, which the kernel headers of Debian 12 do not name yet.
constexpr uint64_t kTruncate = 1ULL << 14;
constexpr uint64_t kReadFolder = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
constexpr uint64_t kWriteFile = LANDLOCK_ACCESS_FS_WRITE_FILE | kTruncate;
constexpr uint64_t kWriteFolder = kWriteFile | LANDLOCK_ACCESS_FS_MAKE_REG
                                  | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_SOCK
                                  | LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_REMOVE_FILE
                                  | LANDLOCK_ACCESS_FS_REMOVE_DIR;
// What a rule for something that is no folder may name.
constexpr uint64_t kOfFiles = LANDLOCK_ACCESS_FS_READ_FILE | kWriteFile;

// Every access that this version can forbid. What came later with ioctl, networks and signals is
// left alone.
uint64_t handled_accesses(int version) {
  uint64_t handled = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;
  if (version >= 2) handled |= LANDLOCK_ACCESS_FS_REFER;
  if (version >= 3) handled |= kTruncate;
  return handled;
}

}  // namespace

int FileRules::kernel_version() {
  const long version =
      syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  return version > 0 ? static_cast<int>(version) : 0;
}

Result<FileRules> FileRules::create() {
  const landlock_ruleset_attr attributes = {.handled_access_fs =
                                                handled_accesses(kernel_version())};
  const long made = syscall(SYS_landlock_create_ruleset, &attributes, sizeof(attributes), 0);
  if (made < 0) return Error{std::string("Landlock: ") + std::strerror(errno)};
  return FileRules(static_cast<int>(made));
}

FileRules::FileRules(FileRules&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)) {}

FileRules::~FileRules() {
  if (descriptor_ >= 0) close(descriptor_);
}

Result<void> FileRules::allow(const std::string& path, Access access) {
  const int place = open(path.c_str(), O_PATH | O_CLOEXEC);
  if (place < 0) return {};
  struct stat facts {};
  const bool is_folder = fstat(place, &facts) == 0 && S_ISDIR(facts.st_mode);
  uint64_t allowed = kReadFolder | (access == Access::ReadAndWrite ? kWriteFolder : 0);
  if (!is_folder) allowed &= kOfFiles;
  const landlock_path_beneath_attr rule = {
      .allowed_access = allowed & handled_accesses(kernel_version()), .parent_fd = place};
  const long added =
      syscall(SYS_landlock_add_rule, descriptor_, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
  const int reason = errno;
  close(place);
  if (added != 0) return Error{"Landlock: " + path + ": " + std::strerror(reason)};
  return {};
}

namespace {

// The order that threads obey inside a signal handler, and their answers: lock-free, so safe there.
// Static, because a thread may answer when nobody waits any more.
struct Order {
  std::atomic<int> file_rules{-1};
  std::atomic<uint64_t> capabilities{0};
  std::atomic<uint32_t> obeyed{0};
  std::atomic<uint32_t> failed{0};
};
constinit Order g_order;
static_assert(std::atomic<uint64_t>::is_always_lock_free);

bool keep_capabilities(uint64_t kept) {
  __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> sets{};
  if (syscall(SYS_capget, &header, sets.data()) != 0) return false;
  for (size_t i = 0; i < sets.size(); ++i) {
    const auto mask = static_cast<uint32_t>(kept >> (32 * i));
    sets.at(i).permitted &= mask;
    sets.at(i).effective = sets.at(i).permitted;
    sets.at(i).inheritable = 0;
  }
  return syscall(SYS_capset, &header, sets.data()) == 0;
}

// Only system calls, so that a signal handler may do it.
bool obey(int file_rules, uint64_t capabilities) {
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return false;
  if (file_rules >= 0 && syscall(SYS_landlock_restrict_self, file_rules, 0) != 0) return false;
  return keep_capabilities(capabilities);
}

void on_order(int) {
  const int reason = errno;
  // Relaxed: the values were stored before the signal was sent, which the kernel orders.
  const bool done = obey(g_order.file_rules.load(std::memory_order_relaxed),
                         g_order.capabilities.load(std::memory_order_relaxed));
  // Release: pairs with the loads in restrict_threads(), which closes the rules afterwards.
  (done ? g_order.obeyed : g_order.failed).fetch_add(1, std::memory_order_release);
  errno = reason;
}

int order_signal() { return SIGRTMAX - 2; }

// Every thread of the process but the calling one.
std::vector<pid_t> other_threads() {
  std::vector<pid_t> threads;
  DIR* tasks = opendir("/proc/self/task");
  if (tasks == nullptr) return threads;
  while (const dirent* entry = readdir(tasks)) {  // NOLINT(concurrency-mt-unsafe): our own stream
    const std::string_view name(entry->d_name);
    pid_t thread = 0;
    const auto [end, fault] = std::from_chars(name.data(), name.data() + name.size(), thread);
    if (fault == std::errc() && thread != gettid()) threads.push_back(thread);
  }
  closedir(tasks);
  return threads;
}

// Whether the signal would wait for ever: the thread blocks it.
bool is_deaf(pid_t thread) {
  std::ifstream status("/proc/self/task/" + std::to_string(thread) + "/status");
  std::string line;
  while (std::getline(status, line)) {
    if (!line.starts_with("SigBlk:")) continue;
    const size_t at = line.find_first_not_of(" \t", line.find(':') + 1);
    if (at == std::string::npos) return false;
    uint64_t blocked = 0;
    std::from_chars(line.data() + at, line.data() + line.size(), blocked, 16);
    return (blocked >> (order_signal() - 1) & 1) != 0;
  }
  return false;
}

// Waits until `expected` threads have answered, for a second at most.
void wait_for_answers(uint32_t expected) {
  constexpr int kWaitsMax = 1000;
  for (int i = 0; i < kWaitsMax; ++i) {
    const uint32_t answers = g_order.obeyed.load(std::memory_order_acquire)
                             + g_order.failed.load(std::memory_order_acquire);
    if (answers >= expected) return;
    const timespec pause = {.tv_sec = 0, .tv_nsec = 1'000'000};
    nanosleep(&pause, nullptr);
  }
}

}  // namespace

ThreadCount restrict_threads(const ThreadRestriction& restriction) {
  g_order.file_rules.store(restriction.file_rules, std::memory_order_relaxed);
  g_order.capabilities.store(restriction.capabilities, std::memory_order_relaxed);
  g_order.obeyed.store(0, std::memory_order_relaxed);
  g_order.failed.store(0, std::memory_order_relaxed);
  struct sigaction action {};
  action.sa_handler = on_order;
  action.sa_flags = SA_RESTART;
  sigfillset(&action.sa_mask);
  sigaction(order_signal(), &action, nullptr);

  std::vector<pid_t> asked;
  uint32_t sent = 0, deaf = 0;
  // Once more after the first answers: a thread may have started another one before it obeyed.
  for (int round = 0; round < 2; ++round) {
    for (const pid_t thread : other_threads()) {
      if (std::find(asked.begin(), asked.end(), thread) != asked.end()) continue;
      asked.push_back(thread);
      if (is_deaf(thread)) {
        ++deaf;
      } else if (syscall(SYS_tgkill, getpid(), thread, order_signal()) == 0) {
        ++sent;
      }
    }
    wait_for_answers(sent);
  }
  const bool done = obey(restriction.file_rules, restriction.capabilities);
  const uint32_t obeyed = g_order.obeyed.load(std::memory_order_acquire);
  return {.restricted = obeyed + (done ? 1 : 0), .missed = sent - obeyed + deaf + (done ? 0 : 1)};
}

}  // namespace flowscope
