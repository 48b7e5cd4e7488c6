#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "dataplane/dpdk/device_clock.h"
#include "dataplane/dpdk/rss.h"
#include "dataplane/dpdk/tsc_clock.h"
#include "flowcore/base/result.h"

namespace flowscope {

// How ports are set up; names and meanings are testpmd's.
struct EthdevOptions {
  uint64_t portmask = 0;           // bit i: port i is used; 0 means every port
  std::vector<std::string> ports;  // names of those used, instead of a mask
  uint32_t rxq = 0;  // receive queues of each port; 0: one for each worker, or all that the device
                     // fills by itself (net_pcap's files, the sockets of net_af_packet)
  uint32_t rxd = 0;  // descriptors of each queue; 0: see ring_size()
  uint32_t burst = 64;           // packets of one receive
  uint32_t mbcache = 256;        // mbufs cached by each lcore
  uint32_t total_num_mbufs = 0;  // mbufs of each port; 0: as many as everybody can hold
  uint32_t held_mbufs = 0;       // what rings between the workers may hold of each port's
  uint32_t workers = 1;
  uint32_t max_pkt_len = 0;  // longest frame, with its check sequence; 0: the device's own
  bool promiscuous = true;   // and every multicast address
  bool rss_ports = true;     // RSS over ports too, not over addresses alone
  bool checksums = false;    // the device verifies the checksums that it can
  bool nic_timestamps = true;
};

// Where the time of a packet stands.
enum class PacketTimes : uint8_t {
  Receive,           // nowhere: the processor's clock, once for each burst
  FileMicroseconds,  // in the mbuf, as the capture file has it (net_pcap)
  DeviceTicks,       // in the mbuf, of the device's clock
};

// One receive queue of a started port. The pointers live as long as the Ethdevs.
struct RxQueue {
  uint16_t port = 0;
  uint16_t queue = 0;
  PacketTimes times = PacketTimes::Receive;
  const DeviceClock* clock = nullptr;       // of DeviceTicks
  const std::atomic<bool>* gone = nullptr;  // turns true when the port was removed
};

// What a port's own counters say, and the kernel's where the driver's are not the truth.
struct EthdevCounters {
  std::string name;
  std::string driver;
  uint64_t received = 0;
  uint64_t bytes = 0;
  uint64_t missed = 0;  // dropped by the device or the kernel because there was no room
  uint64_t errors = 0;
  uint64_t no_mbuf = 0;       // dropped because the mempool was empty
  uint64_t link_changes = 0;  // since the start
  bool loss_known = true;     // false where nobody counts what is lost
  bool gone = false;          // removed: the counters are the last that were read
};

struct StartedPort;

// The ports that a net_bonding device takes as its members, by name or number, as its device
// arguments name them: "mode=1,slave=net_null0,slave=2".
[[nodiscard]] std::vector<std::string> bonded_members(std::string_view device_arguments);

// The started ports of this program. Stops and closes them when destroyed.
// Thread rule: control thread; counters() from any; the queues belong to their workers. The workers
// have ended before this object does.
class Ethdevs {
 public:
  // Takes one line for the user, without a line end. May be called on a thread of this object.
  using Tell = std::function<void(const std::string&)>;

  // Configures and starts the chosen ports, and tells how: queues, memory, RSS. Ports that belong
  // to another one (net_bonding, net_failsafe) are left to it. Errors name the port and the limit
  // that was broken.
  static Result<std::unique_ptr<Ethdevs>> start(const EthdevOptions& options, Tell tell);

  ~Ethdevs();
  Ethdevs(const Ethdevs&) = delete;
  Ethdevs& operator=(const Ethdevs&) = delete;

  [[nodiscard]] const std::vector<RxQueue>& queues() const { return queues_; }
  [[nodiscard]] std::vector<EthdevCounters> counters() const;

  // Of a started port.
  [[nodiscard]] const std::string& name(uint16_t port) const;
  [[nodiscard]] int numa_node(uint16_t port) const;  // negative: unknown
  [[nodiscard]] RssMethod rss_method(uint16_t port) const;
  // Whether both directions of a flow come to the same queue by themselves.
  [[nodiscard]] bool is_symmetric(uint16_t port) const {
    return flowscope::is_symmetric(rss_method(port));
  }

  // Of all ports; kept right by watch().
  [[nodiscard]] const TscClock& clock() const { return clock_; }

  // Waits until every link is up, at most this long or until `give_up` says so, and tells which
  // are still down.
  void wait_for_links(uint64_t timeout_ns, const std::function<bool()>& give_up) const;
  // From now on a thread of its own looks at the ports a few times a second until the object ends:
  // links, removal, the kernel's drop counters, device clocks.
  void watch();
  // Whether every port was removed.
  [[nodiscard]] bool all_gone() const;

 private:
  explicit Ethdevs(Tell tell);
  [[nodiscard]] const StartedPort& port(uint16_t id) const;
  void look();

  Tell tell_;
  TscClock clock_;
  std::vector<std::unique_ptr<StartedPort>> ports_;
  std::vector<RxQueue> queues_;
  std::jthread watch_;  // last: ends before what it looks at
};

}  // namespace flowscope
