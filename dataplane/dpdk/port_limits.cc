#include "dataplane/dpdk/port_limits.h"

#include <fmt/format.h>

#include <algorithm>

namespace flowscope {

namespace {

constexpr uint32_t kEthernetOverheadBytes = 18;  // header and frame check sequence
constexpr uint64_t kMiB = 1 << 20;

// 1234567 as "1,234,567".
std::string grouped(uint64_t number) {
  std::string digits = std::to_string(number);
  for (size_t place = digits.size(); place > 3;) {
    place -= 3;
    digits.insert(place, ",");
  }
  return digits;
}

uint64_t mebibytes(uint64_t bytes) { return (bytes + kMiB - 1) / kMiB; }

std::string list_of(std::span<const NamedPort> ports) {
  std::string list;
  for (const NamedPort& port : ports)
    list += fmt::format("{}{} ({})", list.empty() ? "" : ", ", port.name, port.id);
  return list;
}

}  // namespace

uint16_t ring_size(const DeviceLimits& limits, uint32_t asked) {
  uint32_t size = asked != 0 ? asked : std::max<uint32_t>(limits.ring_advised, kRingAuto);
  const uint32_t align = std::max<uint32_t>(limits.ring_align, 1);
  size = (size + align - 1) / align * align;
  const uint32_t most = limits.ring_max != 0 ? limits.ring_max / align * align : UINT16_MAX;
  return static_cast<uint16_t>(std::max<uint32_t>(std::min(size, most), limits.ring_min));
}

Result<std::vector<uint16_t>> select_ports(std::span<const NamedPort> ports, uint64_t mask,
                                           std::span<const std::string> names) {
  for (const std::string& name : names) {
    if (std::any_of(ports.begin(), ports.end(),
                    [&](const auto& port) { return port.name == name; }))
      continue;
    return Error{fmt::format("--ports: there is no port {}; there are {}", name, list_of(ports))};
  }
  std::vector<uint16_t> chosen;
  for (const NamedPort& port : ports) {
    const bool in_mask = mask == 0 || (port.id < 64 && (mask >> port.id & 1) != 0);
    const bool named =
        names.empty() || std::find(names.begin(), names.end(), port.name) != names.end();
    if (in_mask && named) chosen.push_back(port.id);
  }
  if (chosen.empty()) {
    return Error{
        fmt::format("--portmask {:#x} selects no port; there are {}", mask, list_of(ports))};
  }
  return chosen;
}

PoolSize pool_size(const PoolUsers& users) {
  constexpr uint32_t kSpare = 512;  // for drivers that fill a ring before they hand it over
  return {.in_rings = users.queues * users.ring,
          .in_bursts = users.workers * users.burst * 2,
          .in_caches = (users.workers + 1) * users.cache * 3 / 2,
          .elsewhere = users.elsewhere,
          .spare = kSpare};
}

FrameRoom frame_room(const DeviceLimits& limits, uint32_t frame_bytes, uint32_t plain_mbuf_bytes,
                     uint32_t headroom_bytes) {
  FrameRoom room{.mbuf_bytes = plain_mbuf_bytes, .scatter = limits.scatter};
  if (frame_bytes == 0) return room;
  const uint32_t mtu = std::max(frame_bytes, kEthernetOverheadBytes + 1) - kEthernetOverheadBytes;
  if (frame_bytes <= limits.frame_bytes_max && mtu <= limits.mtu_max) {
    room.mtu = static_cast<uint16_t>(mtu);
  } else {
    room.notice = fmt::format(
        "the device takes frames of at most {} bytes; --max-pkt-len {} sizes its packet buffers "
        "only",
        grouped(std::min<uint64_t>(limits.frame_bytes_max,
                                   uint64_t{limits.mtu_max} + kEthernetOverheadBytes)),
        frame_bytes);
  }
  if (!limits.scatter)
    room.mbuf_bytes =
        std::clamp<uint32_t>(frame_bytes + headroom_bytes, plain_mbuf_bytes, UINT16_MAX);
  return room;
}

std::string text_of(const PoolText& pool) {
  const uint32_t mbufs = pool.asked != 0 ? pool.asked : pool.size.total();
  std::string text = fmt::format(
      "{}: {} queue{} x {} descriptors, {} mbufs of {} bytes ({:.1f} MiB) on {}: ", pool.port,
      pool.users.queues, pool.users.queues == 1 ? "" : "s", grouped(pool.users.ring),
      grouped(mbufs), grouped(pool.mbuf_bytes),
      static_cast<double>(mbufs * pool.object_bytes) / static_cast<double>(kMiB),
      pool.socket < 0 ? "any socket" : fmt::format("socket {}", pool.socket));
  if (pool.asked != 0) {
    text += "as --total-num-mbufs says";
    if (pool.asked < pool.size.total())
      text += fmt::format("; {} would never run out", grouped(pool.size.total()));
    return text;
  }
  text += fmt::format("{} in rings + {} in bursts + {} in caches", grouped(pool.size.in_rings),
                      grouped(pool.size.in_bursts), grouped(pool.size.in_caches));
  if (pool.size.elsewhere != 0)
    text += fmt::format(" + {} between workers", grouped(pool.size.elsewhere));
  return text + fmt::format(" + {} spare", grouped(pool.size.spare));
}

std::string memory_advice(uint64_t bytes) {
  constexpr uint64_t kEalMiB = 64;  // what EAL and drivers take for themselves, generously
  constexpr uint64_t kHugePageMiB = 2;
  const uint64_t needed = mebibytes(bytes) + kEalMiB;
  return fmt::format(
      "raise -m to {} or more, reserve {} huge pages of 2 MiB or more (dpdk-hugepages.py -p 2M "
      "--setup {}M), or lower --total-num-mbufs or --rxd",
      needed, (needed + kHugePageMiB - 1) / kHugePageMiB, needed);
}

std::string numa_warning(const std::string& port, int port_node, unsigned lcore, int lcore_node) {
  if (port_node < 0 || lcore_node < 0 || port_node == lcore_node) return {};
  return fmt::format(
      "port {} is on NUMA node {}, but lcore {} that polls it is on node {}: choose lcores of node "
      "{} (-l)",
      port, port_node, lcore, lcore_node, port_node);
}

}  // namespace flowscope
