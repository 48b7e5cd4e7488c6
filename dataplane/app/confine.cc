#include "dataplane/app/confine.h"

#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>

#include "dataplane/app/log.h"
#include "dataplane/app/sandbox.h"

namespace flowscope {

namespace {

// What the C library reads by itself: names of hosts and services, time zones, its own modules.
constexpr std::array kSystemReadable = {
    "/etc/hosts",       "/etc/host.conf",      "/etc/resolv.conf",   "/etc/nsswitch.conf",
    "/etc/gai.conf",    "/etc/services",       "/etc/localtime",     "/etc/ld.so.cache",
    "/etc/ssl",         "/usr/share/zoneinfo", "/usr/lib",           "/lib",
    "/lib64",           "/dev/urandom",        "/dev/random",        "/sys",
    "/proc/self",       "/proc/meminfo",       "/proc/cpuinfo",      "/proc/stat",
    "/proc/interrupts", "/proc/softirqs",      "/proc/sys/net/core",
};

// Sanitizers start programs and look into this one to tell of what they find.
constexpr bool is_sanitized() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return true;
#elif defined(__has_feature)
  return __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#else
  return false;
#endif
}

struct Account {
  uid_t user = 0;
  gid_t group = 0;
};

Result<Account> account_of(const std::string& name) {
  std::array<char, 4096> text;
  passwd entry = {};
  passwd* found = nullptr;
  const int error = getpwnam_r(name.c_str(), &entry, text.data(), text.size(), &found);
  if (found == nullptr) {
    return Error{"security.user: there is no user '" + name + "'"
                 + (error != 0 ? std::string(": ") + std::strerror(error) : std::string())};
  }
  return Account{.user = entry.pw_uid, .group = entry.pw_gid};
}

// Whether the calling thread keeps its capabilities when all threads become another user; the other
// threads have none afterwards.
enum class Capabilities : uint8_t { Keep, GiveUp };

// All threads go on as the user.
Result<void> become(const std::string& name, Capabilities capabilities) {
  const auto account = account_of(name);
  if (!account.ok()) return account.error();
  const auto [user, group] = account.value();
  if (user == geteuid()) return {};
  const int keep = capabilities == Capabilities::Keep ? 1 : 0;
  if (prctl(PR_SET_KEEPCAPS, keep, 0, 0, 0) != 0 || initgroups(name.c_str(), group) != 0
      || setresgid(group, group, group) != 0 || setresuid(user, user, user) != 0) {
    return Error{"security.user: cannot become '" + name + "': " + std::strerror(errno)
                 + "; start as root, or leave the user to the service supervisor"};
  }
  return {};
}

// Whether the path is a device: its folder holds others, so only it is opened.
bool is_device(const std::string& path) {
  struct stat facts {};
  return stat(path.c_str(), &facts) == 0 && (S_ISCHR(facts.st_mode) || S_ISBLK(facts.st_mode));
}

// Whether records go to a file: standard output is open already, and sockets are no business of
// file rules.
bool names_file(const std::string& destination) {
  return destination != "-" && !destination.starts_with("tcp://")
         && !destination.starts_with("unix:");
}

Result<std::optional<FileRules>> file_rules(const ConfineOptions& options) {
  if (FileRules::kernel_version() == 0) return std::optional<FileRules>();
  auto rules = FileRules::create();
  if (!rules.ok()) return rules.error();
  const auto allow = [&](const auto& paths, FileRules::Access access) -> Result<void> {
    for (const auto& path : paths) {
      if (auto allowed = rules.value().allow(path, access); !allowed.ok()) return allowed;
    }
    return {};
  };
  for (auto& allowed : {allow(kSystemReadable, FileRules::Access::Read),
                        allow(options.readable, FileRules::Access::Read),
                        allow(std::array{"/dev/null"}, FileRules::Access::ReadAndWrite),
                        allow(options.writable, FileRules::Access::ReadAndWrite)}) {
    if (!allowed.ok()) return allowed.error();
  }
  return std::optional<FileRules>(std::move(rules.value()));
}

}  // namespace

Result<std::string> confine(const ConfineOptions& options) {
  const bool is_strict = options.use == ConfineUse::On;
  const bool is_off = options.use == ConfineUse::Off || (is_sanitized() && !is_strict);
  if (!options.user.empty()) {
    auto became = become(options.user, is_off ? Capabilities::GiveUp : Capabilities::Keep);
    if (!became.ok()) return became.error();
  }
  if (is_off) return std::string();
  auto rules = file_rules(options);
  if (!rules.ok()) return rules.error();
  const bool has_rules = rules.value().has_value();
  if (is_strict && !has_rules)
    return Error{
        "security.confine: this kernel has no Landlock; boot with lsm=landlock,... or set it to "
        "auto"};

  const ThreadCount threads =
      restrict_threads({.file_rules = has_rules ? rules.value()->descriptor() : -1,
                        .capabilities = options.capabilities});
  if (is_strict && threads.missed != 0)
    return Error{fmt::format("security.confine: {} threads cannot be confined", threads.missed)};
  const bool refuses = refuse_system_calls(options.local_streams);
  if (is_strict && !refuses)
    return Error{std::string("security.confine: seccomp: ") + std::strerror(errno)};
  return fmt::format("confined: files {}, system calls {}, {} threads{}",
                     has_rules ? "by Landlock" : "not (the kernel has no Landlock)",
                     refuses ? "by seccomp" : "not (the kernel has no seccomp)", threads.restricted,
                     threads.missed == 0 ? "" : fmt::format(", {} out of reach", threads.missed));
}

Result<ConfineOptions> confine_options(const Config& config) {
  ConfineOptions options;
  if (config.security.confine == "on") {
    options.use = ConfineUse::On;
  } else if (config.security.confine == "off") {
    options.use = ConfineUse::Off;
  } else if (config.security.confine != "auto") {
    return Error{"security.confine: \"" + config.security.confine
                 + "\" is not known; expected auto, on or off"};
  }
  if (config.security.user != "keep") options.user = config.security.user;
  // Root stays able to open the files of others again, inside of what Landlock leaves.
  if (options.user.empty()) options.capabilities = kFileCapabilities;
  const std::string& destination = config.output.destination;
  for (const std::string& path : {destination, config.log.file}) {
    if (names_file(path)) options.writable.push_back(is_device(path) ? path : folder_of(path));
  }
  if (destination.starts_with("unix:")) options.local_streams = LocalStreams::Allow;
  if (config.signatures.rules != "off")
    options.readable.push_back(folder_of(config.signatures.rules));
  if (config.signatures.cache != "off")
    options.writable.push_back(folder_of(config.signatures.cache));
  return options;
}

void allow_reading_again(const std::string& file, ConfineOptions& options) {
  if (file.empty()) return;
  options.readable.push_back(folder_of(file));
  std::error_code fault;
  const auto real = std::filesystem::canonical(file, fault);
  if (!fault) options.readable.push_back(real.parent_path().string());
}

bool confine_verb(const ConfineOptions& options) {
  const auto confined = confine(options);
  if (!confined.ok()) {
    log_error("{}", confined.error().message);
    return false;
  }
  if (!confined.value().empty()) log_info("{}", confined.value());
  return true;
}

std::string folder_of(std::string_view path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return ".";
  return std::string(path.substr(0, slash == 0 ? 1 : slash));
}

}  // namespace flowscope
