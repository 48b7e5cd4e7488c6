#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace flowscope {

// Who knows how many packets a port lost before us. The counters of DPDK's drivers do not all mean
// what rte_eth_stats promises; see drop_source() for each of them.
enum class DropSource : uint8_t {
  Device,           // imissed and rx_nombuf of rte_eth_stats are the whole truth
  KernelSocket,     // AF_PACKET sockets of the driver, asked with PACKET_STATISTICS
  KernelInterface,  // the interface's own count of what it could not hand to its tap device
  Nobody,           // lost by the sender, if at all, who is told; or simply unknown
};

// What the sources of the drivers (22.11) say, as far as they are not NICs that count imissed:
//   net_af_packet  drivers/net/af_packet/rte_eth_af_packet.c, eth_stats_get: neither imissed nor
//                  ierrors are filled in; the kernel counts each frame that found its ring full
//   net_tap        drivers/net/tap/rte_eth_tap.c, tap_stats_get: ierrors and rx_nombuf only; the
//                  kernel drops frames when the tap queue is full and counts them as tx_dropped
//   net_memif, net_vhost, net_virtio_user, net_virtio, net_bonding, net_failsafe: the peer drops,
//                  or members whose counters may mean nothing are added up
//   net_pcap       drivers/net/pcap/pcap_ethdev.c, eth_stats_get: imissed is pcap_stats() of an
//                  interface; files lose nothing
//   net_af_xdp     drivers/net/af_xdp/rte_eth_af_xdp.c, eth_stats_get: imissed is XDP_STATISTICS
//   net_null, net_ring: nothing is lost in them; a full ring is the sender's to count
[[nodiscard]] DropSource drop_source(std::string_view driver);

// What the kernel lost for one port, summed since this object was made. The kernel's counters of
// sockets start again at every read, so each port has one of these and nobody else may ask.
// Thread rule: one thread at a time. Cost: a system call for each queue, or one small file.
class KernelDrops {
 public:
  // Of a port of this source on the interface with this index; finds the driver's sockets among the
  // open files of this process.
  KernelDrops(DropSource source, unsigned interface_index);

  // Reads what was lost since the last time; answers the sum. To be called at least every few
  // seconds: the kernel counts in 32 bits.
  uint64_t sample();
  // False where nothing was found to ask.
  [[nodiscard]] bool known() const { return !sockets_.empty() || !interface_.empty(); }

 private:
  std::vector<int> sockets_;  // the driver's own; never closed here
  std::string interface_;
  uint64_t before_ = 0;  // of the interface, when we began
  uint64_t sum_ = 0;
};

// The count of frames dropped on the way out of `interface`, from a text in the form of
// /proc/net/dev; 0 where it is not there.
[[nodiscard]] uint64_t transmit_drops(std::string_view proc_net_dev, std::string_view interface);

}  // namespace flowscope
