#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "flowcore/base/result.h"

namespace flowscope {

// The arithmetic of setting a port up: pure functions over what the device allows and what the
// user asked for. Thread rule: any. Set-up only: they allocate.

// What a device says of its limits (rte_eth_dev_info).
struct DeviceLimits {
  uint16_t ring_min = 0;             // descriptors of a receive queue
  uint16_t ring_max = UINT16_MAX;    // the same
  uint16_t ring_align = 1;           // a ring is a multiple of this
  uint16_t ring_advised = 0;         // 0: the driver has no opinion
  uint32_t frame_bytes_max = 1'518;  // with the frame check sequence
  uint16_t mtu_max = UINT16_MAX;
  bool scatter = false;  // a frame may be spread over several mbufs
};

inline constexpr uint32_t kRingAuto =
    1'024;  // descriptors, at least, where the user leaves it open

// Descriptors of a receive queue: `asked` (0: what the driver advises, at least kRingAuto), rounded
// up to the alignment and brought within the limits.
[[nodiscard]] uint16_t ring_size(const DeviceLimits& limits, uint32_t asked);

// A port as the user may name it.
struct NamedPort {
  uint16_t id = 0;
  std::string name;  // "0000:3b:00.0", "net_pcap0"
};

// Ports that are chosen by `mask` (bit N is the port with id N) or by `names`, in the order of
// their ids; all of them where both are empty. The error lists the ports there are.
[[nodiscard]] Result<std::vector<uint16_t>> select_ports(std::span<const NamedPort> ports,
                                                         uint64_t mask,
                                                         std::span<const std::string> names);

// Who may hold mbufs of a port's pool at the same time.
struct PoolUsers {
  uint32_t queues = 1;
  uint32_t ring = 0;       // descriptors of each queue
  uint32_t workers = 1;    // each with a burst in flight
  uint32_t burst = 0;      // packets
  uint32_t cache = 0;      // mbufs that an lcore keeps to itself
  uint32_t elsewhere = 0;  // in rings between workers
};

// The mbufs of one pool and what they are for.
struct PoolSize {
  uint32_t in_rings = 0;
  uint32_t in_bursts = 0;
  uint32_t in_caches = 0;
  uint32_t elsewhere = 0;
  uint32_t spare = 0;
  [[nodiscard]] uint32_t total() const {
    return in_rings + in_bursts + in_caches + elsewhere + spare;
  }
};

// So many that nobody ever waits for another's. A cache is flushed at one and a half of its size
// (rte_mempool), and the control thread has one too.
[[nodiscard]] PoolSize pool_size(const PoolUsers& users);

// How frames are received.
struct FrameRoom {
  uint32_t mbuf_bytes = 0;  // room for packet bytes in an mbuf, headroom included
  uint16_t mtu = 0;         // to be set; 0: the device's own
  bool scatter = false;
  std::string notice;  // where the device cannot do what was asked; else empty
};

// Room for frames of up to `frame_bytes` (with the frame check sequence; 0: the device's own
// length). A frame that fits no usual mbuf is spread over several where the device can, else mbufs
// are made longer. `plain_mbuf_bytes` and `headroom_bytes` are DPDK's.
[[nodiscard]] FrameRoom frame_room(const DeviceLimits& limits, uint32_t frame_bytes,
                                   uint32_t plain_mbuf_bytes, uint32_t headroom_bytes);

// One pool, as it is told at start. `asked` is the user's own number, 0 for none.
struct PoolText {
  std::string port;
  PoolUsers users;
  PoolSize size;
  uint32_t asked = 0;
  uint32_t mbuf_bytes = 0;
  uint64_t object_bytes = 0;  // what an mbuf takes in memory, all included
  int socket = 0;             // NUMA node; negative: no matter which
};
// "net_pcap0: 1 queue x 1,024 descriptors, 2,368 mbufs of 2,176 bytes (5.6 MiB) on socket 0:
// 1,024 in rings + ..."
[[nodiscard]] std::string text_of(const PoolText& pool);

// What to do where no memory was left for a pool of `bytes`: -m in MiB or huge pages.
[[nodiscard]] std::string memory_advice(uint64_t bytes);

// A warning where a worker's lcore is not on the NUMA node of its port, which costs memory accesses
// between nodes; else empty. A negative node is unknown.
[[nodiscard]] std::string numa_warning(const std::string& port, int port_node, unsigned lcore,
                                       int lcore_node);

}  // namespace flowscope
