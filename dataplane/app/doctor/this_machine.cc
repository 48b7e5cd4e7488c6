// What only system calls say of the machine: rights, limits, room and network interfaces.

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>

#include "dataplane/app/doctor/system.h"

namespace flowscope {

namespace {

// A socket to ask the kernel about interfaces, for one function.
class AskingSocket {
 public:
  AskingSocket() : socket_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {}
  ~AskingSocket() {
    if (socket_ >= 0) close(socket_);
  }
  AskingSocket(const AskingSocket&) = delete;
  AskingSocket& operator=(const AskingSocket&) = delete;

  // SIOCETHTOOL for one interface; false when its driver does not answer.
  template <class Request>
  [[nodiscard]] bool ask(const std::string& interface, Request& request) const {
    ifreq asked{};
    if (interface.size() >= sizeof asked.ifr_name) return false;
    std::memcpy(asked.ifr_name, interface.data(), interface.size());
    asked.ifr_data = static_cast<char*>(static_cast<void*>(&request));
    return socket_ >= 0 && ioctl(socket_, SIOCETHTOOL, &asked) == 0;
  }

 private:
  int socket_;
};

std::optional<std::string> address_text(const sockaddr& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address.sa_family == AF_INET) {
    sockaddr_in four{};
    std::memcpy(&four, &address, sizeof four);
    inet_ntop(AF_INET, &four.sin_addr, text.data(), text.size());
  } else if (address.sa_family == AF_INET6) {
    sockaddr_in6 six{};
    std::memcpy(&six, &address, sizeof six);
    if (IN6_IS_ADDR_LINKLOCAL(&six.sin6_addr)) return std::nullopt;
    inet_ntop(AF_INET6, &six.sin6_addr, text.data(), text.size());
  } else {
    return std::nullopt;
  }
  return text.data();
}

InterfaceFacts& entry_of(std::vector<InterfaceFacts>& all, const std::string& name) {
  for (InterfaceFacts& each : all) {
    if (each.name == name) return each;
  }
  return all.emplace_back(InterfaceFacts{.name = name});
}

void ask_driver(const AskingSocket& kernel, InterfaceFacts& facts) {
  ethtool_value gro{.cmd = ETHTOOL_GGRO};
  if (kernel.ask(facts.name, gro)) facts.gro = gro.data != 0;
  ethtool_value flags{.cmd = ETHTOOL_GFLAGS};
  if (kernel.ask(facts.name, flags)) facts.lro = (flags.data & ETH_FLAG_LRO) != 0;
  ethtool_ringparam rings{};
  rings.cmd = ETHTOOL_GRINGPARAM;
  if (kernel.ask(facts.name, rings)) {
    facts.ring = rings.rx_pending;
    facts.ring_max = rings.rx_max_pending;
  }
}

std::vector<InterfaceFacts> interfaces_of_kernel() {
  std::vector<InterfaceFacts> all;
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return all;
  for (const ifaddrs* next = list; next != nullptr; next = next->ifa_next) {
    InterfaceFacts& facts = entry_of(all, next->ifa_name);
    facts.is_up = (next->ifa_flags & IFF_UP) != 0;
    if (next->ifa_addr == nullptr) continue;
    if (auto address = address_text(*next->ifa_addr)) facts.addresses.push_back(*address);
  }
  freeifaddrs(list);
  const AskingSocket kernel;
  for (InterfaceFacts& facts : all) ask_driver(kernel, facts);
  return all;
}

uint64_t limit_of(int resource) {
  rlimit limit{};
  if (getrlimit(static_cast<__rlimit_resource>(resource), &limit) != 0) return UINT64_MAX;
  return limit.rlim_cur == RLIM_INFINITY ? UINT64_MAX : limit.rlim_cur;
}

// Effective capabilities, from the kernel's own line about this process.
uint64_t capabilities_of(const System& system) {
  for (const std::string& line : system.lines("/proc/self/status")) {
    if (line.starts_with("CapEff:")) return std::strtoull(line.c_str() + 7, nullptr, 16);
  }
  return 0;
}

std::optional<FolderRoom> room_of(const std::string& path) {
  struct statvfs found {};
  if (statvfs(path.c_str(), &found) != 0) return std::nullopt;
  return FolderRoom{.free_bytes = uint64_t{found.f_bavail} * found.f_frsize,
                    .is_read_only = (found.f_flag & ST_RDONLY) != 0};
}

std::string environment(const char* name) {
  const char* const value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): no thread yet
  return value != nullptr ? value : "";
}

std::vector<std::string> features_of_build() {
  return {
#ifdef __AVX2__
      "avx2",
#endif
#ifdef __BMI2__
      "bmi2",
#endif
#ifdef __AES__
      "aes",
#endif
#ifdef __AVX512BW__
      "avx512bw",
#endif
  };
}

}  // namespace

System System::of_this_machine() {
  System system;
  system.user = geteuid();
  system.groups.resize(static_cast<size_t>(std::max(getgroups(0, nullptr), 0)));
  (void)getgroups(static_cast<int>(system.groups.size()), system.groups.data());
  system.groups.push_back(getegid());
  system.capabilities = capabilities_of(system);
  system.memlock_bytes = limit_of(RLIMIT_MEMLOCK);
  system.files_max = limit_of(RLIMIT_NOFILE);
  system.runtime_folder = environment("XDG_RUNTIME_DIR");
  system.service_folder = environment("RUNTIME_DIRECTORY");
  system.features = features_of_build();
  system.interfaces = interfaces_of_kernel();
  system.room = room_of;
  system.dpdk = dpdk_facts();
  return system;
}

}  // namespace flowscope
