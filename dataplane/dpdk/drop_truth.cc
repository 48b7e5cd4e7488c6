#include "dataplane/dpdk/drop_truth.h"

#include <dirent.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <iterator>
#include <utility>

namespace flowscope {

namespace {

// Whether `file` is an AF_PACKET socket that listens to this interface.
bool listens_to(int file, unsigned interface_index) {
  int domain = 0;
  socklen_t size = sizeof(domain);
  if (getsockopt(file, SOL_SOCKET, SO_DOMAIN, &domain, &size) != 0 || domain != AF_PACKET)
    return false;
  sockaddr_storage place{};
  size = sizeof(place);
  if (getsockname(file, reinterpret_cast<sockaddr*>(&place), &size) != 0) return false;
  sockaddr_ll address{};
  static_assert(sizeof(address) <= sizeof(place));
  std::copy_n(reinterpret_cast<const std::byte*>(&place), sizeof(address),
              reinterpret_cast<std::byte*>(&address));
  return address.sll_ifindex == static_cast<int>(interface_index);
}

std::vector<int> packet_sockets(unsigned interface_index) {
  std::vector<int> found;
  DIR* const files = opendir("/proc/self/fd");
  if (files == nullptr) return found;
  // The folder is this function's own, so nobody else reads it.
  while (const dirent* entry = readdir(files)) {  // NOLINT(concurrency-mt-unsafe)
    const std::string_view name = static_cast<const char*>(entry->d_name);
    int file = -1;
    const auto read = std::from_chars(name.data(), name.data() + name.size(), file);
    if (read.ec == std::errc() && listens_to(file, interface_index)) found.push_back(file);
  }
  closedir(files);
  return found;
}

uint64_t interface_drops(const std::string& interface) {
  std::ifstream file("/proc/self/net/dev");
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  return transmit_drops(text, interface);
}

}  // namespace

DropSource drop_source(std::string_view driver) {
  if (driver == "net_af_packet") return DropSource::KernelSocket;
  if (driver == "net_tap") return DropSource::KernelInterface;
  constexpr std::array<std::string_view, 6> kNobody = {
      "net_memif", "net_vhost", "net_virtio_user", "net_virtio", "net_bonding", "net_failsafe"};
  return std::find(kNobody.begin(), kNobody.end(), driver) != kNobody.end() ? DropSource::Nobody
                                                                            : DropSource::Device;
}

KernelDrops::KernelDrops(DropSource source, unsigned interface_index) {
  if (interface_index == 0) return;
  if (source == DropSource::KernelSocket) sockets_ = packet_sockets(interface_index);
  if (source == DropSource::KernelInterface) {
    std::array<char, IF_NAMESIZE> name{};
    if (if_indextoname(interface_index, name.data()) == nullptr) return;
    interface_ = name.data();
    before_ = interface_drops(interface_);
  }
  // What was lost before the port was ours is not our loss.
  (void)sample();
  sum_ = 0;
}

uint64_t KernelDrops::sample() {
  for (const int socket : sockets_) {
    tpacket_stats lost{};
    socklen_t size = sizeof(lost);
    if (getsockopt(socket, SOL_PACKET, PACKET_STATISTICS, &lost, &size) == 0) sum_ += lost.tp_drops;
  }
  if (!interface_.empty()) {
    const uint64_t now = interface_drops(interface_);
    // An interface that is gone says 0: the last sum stays.
    if (now > before_) sum_ += now - std::exchange(before_, now);
  }
  return sum_;
}

uint64_t transmit_drops(std::string_view proc_net_dev, std::string_view interface) {
  // "  name: bytes packets errs drop fifo frame compressed multicast bytes packets errs drop ..."
  constexpr int kTransmitDropped = 11;
  while (!proc_net_dev.empty()) {
    std::string_view line = proc_net_dev.substr(0, proc_net_dev.find('\n'));
    proc_net_dev.remove_prefix(std::min(proc_net_dev.size(), line.size() + 1));
    line.remove_prefix(std::min(line.size(), line.find_first_not_of(' ')));
    if (!line.starts_with(interface) || line.substr(interface.size(), 1) != ":") continue;
    line.remove_prefix(interface.size() + 1);
    for (int column = 0;; ++column) {
      line.remove_prefix(std::min(line.size(), line.find_first_not_of(' ')));
      if (line.empty()) return 0;
      const std::string_view word = line.substr(0, line.find(' '));
      line.remove_prefix(word.size());
      if (column != kTransmitDropped) continue;
      uint64_t drops = 0;
      std::from_chars(word.data(), word.data() + word.size(), drops);
      return drops;
    }
  }
  return 0;
}

}  // namespace flowscope
