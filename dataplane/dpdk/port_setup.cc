#include "dataplane/dpdk/port_setup.h"

#include <fmt/format.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <string_view>
#include <thread>

#include "dataplane/dpdk/port_limits.h"

namespace flowscope {

namespace {

Error failure(const StartedPort& port, std::string_view step, int error) {
  return Error{fmt::format("port {}: {} failed: {}", port.name, step, rte_strerror(-error))};
}

// Drivers whose queues are filled whether somebody polls them or not.
bool fills_every_queue(std::string_view driver) {
  return driver == "net_pcap" || driver == "net_af_packet" || driver == "net_af_xdp";
}

// Some drivers take queues in pairs only.
bool takes_pairs(std::string_view driver) { return driver == "net_tap" || driver == "net_memif"; }

uint32_t queue_count(const rte_eth_dev_info& device, const EthdevOptions& options) {
  if (options.rxq != 0) return options.rxq;
  const uint32_t wanted =
      fills_every_queue(device.driver_name) ? device.max_rx_queues : options.workers;
  return std::clamp<uint32_t>(wanted, 1, device.max_rx_queues);
}

DeviceLimits limits_of(const rte_eth_dev_info& device) {
  return {.ring_min = device.rx_desc_lim.nb_min,
          .ring_max = device.rx_desc_lim.nb_max,
          .ring_align = device.rx_desc_lim.nb_align,
          .ring_advised = device.default_rxportconf.ring_size,
          .frame_bytes_max = device.max_rx_pktlen,
          .mtu_max = device.max_mtu,
          // net_pcap chains mbufs without saying so.
          .scatter = (device.rx_offload_capa & RTE_ETH_RX_OFFLOAD_SCATTER) != 0
                     || std::string_view(device.driver_name) == "net_pcap"};
}

PacketTimes times_of(const rte_eth_dev_info& device, const EthdevOptions& options) {
  if (std::string_view(device.driver_name) == "net_pcap") return PacketTimes::FileMicroseconds;
  const bool offered = (device.rx_offload_capa & RTE_ETH_RX_OFFLOAD_TIMESTAMP) != 0;
  return offered && options.nic_timestamps ? PacketTimes::DeviceTicks : PacketTimes::Receive;
}

// One port on its way to being started: the steps in their order.
class Setup {
 public:
  Setup(StartedPort& port, const EthdevOptions& options, const TscClock& clock,
        const Ethdevs::Tell& tell)
      : port_(port), options_(options), clock_(clock), tell_(tell) {}

  Result<void> run(uint64_t& pool_bytes) {
    if (auto asked = ask_limits(); !asked.ok()) return asked;
    if (auto configured = configure(); !configured.ok()) return configured;
    if (auto made = make_pool(pool_bytes); !made.ok()) return made;
    if (auto begun = begin(); !begun.ok()) return begun;
    follow();
    return {};
  }

 private:
  // Nothing is ever sent, but rte_pdump refuses to watch a port without a transmit queue.
  [[nodiscard]] uint16_t transmit_queues() const {
    if (takes_pairs(port_.driver)) return port_.queues;
    return device_.max_tx_queues == 0 ? 0 : 1;
  }

  Result<void> ask_limits() {
    if (const int error = rte_eth_dev_info_get(port_.id, &device_); error != 0)
      return failure(port_, "asking for its limits", error);
    port_.driver = device_.driver_name;
    port_.numa_node = rte_eth_dev_socket_id(port_.id);
    port_.times = times_of(device_, options_);
    const uint32_t queues = queue_count(device_, options_);
    if (queues > device_.max_rx_queues) {
      return Error{fmt::format("port {}: --rxq {} asked for, it has {} receive queues", port_.name,
                               queues, device_.max_rx_queues)};
    }
    port_.queues = static_cast<uint16_t>(queues);
    if (queues < device_.max_rx_queues && fills_every_queue(port_.driver)) {
      tell_(
          fmt::format("port {}: {} fills {} queues, but only {} are polled (--rxq): packets of "
                      "the others are lost",
                      port_.name, port_.driver, device_.max_rx_queues, queues));
    }
    const DeviceLimits limits = limits_of(device_);
    ring_ = ring_size(limits, options_.rxd);
    if (options_.rxd != 0 && ring_ != options_.rxd) {
      tell_(fmt::format("port {}: --rxd {} became {}, as the device takes it", port_.name,
                        options_.rxd, ring_));
    }
    room_ =
        frame_room(limits, options_.max_pkt_len, RTE_MBUF_DEFAULT_BUF_SIZE, RTE_PKTMBUF_HEADROOM);
    if (!room_.notice.empty()) tell_(fmt::format("port {}: {}", port_.name, room_.notice));
    return {};
  }

  Result<void> configure() {
    rte_eth_conf conf{};
    plan_ =
        rss_plan(device_.flow_type_rss_offloads, device_.hash_key_size,
                 options_.rss_ports ? RssFieldsUse::AddressesAndPorts : RssFieldsUse::Addresses);
    if (port_.queues > 1 && plan_.hashes != 0) {
      conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
      conf.rx_adv_conf.rss_conf.rss_hf = plan_.hashes;
      conf.rx_adv_conf.rss_conf.rss_key = plan_.key.data();
      conf.rx_adv_conf.rss_conf.rss_key_len = static_cast<uint8_t>(plan_.key.size());
    }
    const bool stamps = port_.times == PacketTimes::DeviceTicks;
    const uint64_t wanted = (room_.scatter ? RTE_ETH_RX_OFFLOAD_SCATTER : 0)
                            | (options_.checksums ? RTE_ETH_RX_OFFLOAD_CHECKSUM : 0)
                            | (stamps ? RTE_ETH_RX_OFFLOAD_TIMESTAMP : 0);
    conf.rxmode.offloads = device_.rx_offload_capa & wanted;
    conf.rxmode.mtu = room_.mtu;
    const uint32_t flags = device_.dev_flags == nullptr ? 0 : *device_.dev_flags;
    conf.intr_conf.lsc = (flags & RTE_ETH_DEV_INTR_LSC) != 0 ? 1 : 0;
    conf.intr_conf.rmv = (flags & RTE_ETH_DEV_INTR_RMV) != 0 ? 1 : 0;
    transmit_queues_ = transmit_queues();
    const int error = rte_eth_dev_configure(port_.id, port_.queues, transmit_queues_, &conf);
    if (error != 0)
      return failure(port_, fmt::format("configuring {} receive queues", port_.queues), error);
    if (const int refused = rte_eth_dev_adjust_nb_rx_tx_desc(port_.id, &ring_, &transmit_ring_);
        refused != 0) {
      return failure(port_, fmt::format("setting --rxd {}", ring_), refused);
    }
    return {};
  }

  Result<void> make_pool(uint64_t& pool_bytes) {
    PoolText pool{.port = port_.name,
                  .users = {.queues = port_.queues,
                            .ring = ring_,
                            .workers = options_.workers,
                            .burst = options_.burst,
                            .cache = options_.mbcache,
                            .elsewhere = options_.held_mbufs},
                  .asked = options_.total_num_mbufs,
                  .mbuf_bytes = room_.mbuf_bytes,
                  .socket = port_.numa_node};
    pool.size = pool_size(pool.users);
    pool.object_bytes = rte_mempool_calc_obj_size(
        static_cast<uint32_t>(sizeof(rte_mbuf)) + room_.mbuf_bytes, 0, nullptr);
    const uint32_t mbufs = pool.asked != 0 ? pool.asked : pool.size.total();
    pool_bytes += mbufs * pool.object_bytes;
    pool_ = rte_pktmbuf_pool_create(("fs_rx_" + std::to_string(port_.id)).c_str(), mbufs,
                                    options_.mbcache, 0, static_cast<uint16_t>(room_.mbuf_bytes),
                                    port_.numa_node);
    if (pool_ == nullptr) {
      return Error{fmt::format("port {}: no memory for {} mbufs, {:.1f} MiB ({}): {}", port_.name,
                               mbufs, static_cast<double>(mbufs * pool.object_bytes) / (1 << 20),
                               rte_strerror(rte_errno), memory_advice(pool_bytes))};
    }
    tell_(text_of(pool));
    return {};
  }

  Result<void> begin() {
    for (uint16_t queue = 0; queue < port_.queues; ++queue) {
      const int error = rte_eth_rx_queue_setup(
          port_.id, queue, ring_, static_cast<unsigned>(port_.numa_node), nullptr, pool_);
      if (error != 0)
        return failure(port_, fmt::format("setting up receive queue {}", queue), error);
    }
    for (uint16_t queue = 0; queue < transmit_queues_; ++queue) {
      const int error = rte_eth_tx_queue_setup(port_.id, queue, transmit_ring_,
                                               static_cast<unsigned>(port_.numa_node), nullptr);
      if (error != 0)
        return failure(port_, fmt::format("setting up transmit queue {}", queue), error);
    }
    if (options_.promiscuous)
      port_.promiscuous = std::make_unique<PromiscuousMode>(port_.id, device_.if_index);
    if (const int error = rte_eth_dev_start(port_.id); error != 0)
      return failure(port_, "starting", error);
    return {};
  }

  // What can only be known of a started port.
  void follow() {
    port_.rss = settle_rss(port_.id, port_.driver, port_.queues, plan_);
    if (!port_.rss.text.empty()) tell_(fmt::format("port {}: {}", port_.name, port_.rss.text));
    port_.drop_source = drop_source(port_.driver);
    port_.kernel_drops = std::make_unique<KernelDrops>(port_.drop_source, device_.if_index);
    port_.link = std::make_unique<LinkEvents>(port_.id, port_.name, device_.if_index);
    if (port_.times != PacketTimes::DeviceTicks) return;
    read_clock(port_, clock_, tell_);
    std::this_thread::sleep_for(std::chrono::nanoseconds(2 * DeviceClock::kApartNs));
    read_clock(port_, clock_, tell_);
    if (!port_.clock.good()) port_.times = PacketTimes::Receive;
  }

  StartedPort& port_;
  const EthdevOptions& options_;
  const TscClock& clock_;
  const Ethdevs::Tell& tell_;
  rte_eth_dev_info device_{};
  uint16_t ring_ = 0;
  uint16_t transmit_queues_ = 0;
  uint16_t transmit_ring_ = 64;  // brought within the limits of the device
  FrameRoom room_;
  RssPlan plan_;
  rte_mempool* pool_ = nullptr;
};

}  // namespace

std::string name_of_port(uint16_t port) {
  std::array<char, RTE_ETH_NAME_MAX_LEN> name{};
  if (rte_eth_dev_get_name_by_port(port, name.data()) != 0) return "port " + std::to_string(port);
  return name.data();
}

Result<std::unique_ptr<StartedPort>> start_port(uint16_t id, const EthdevOptions& options,
                                                const TscClock& clock, const Ethdevs::Tell& tell,
                                                uint64_t& pool_bytes) {
  auto port = std::make_unique<StartedPort>();
  port->id = id;
  port->name = name_of_port(id);
  if (auto started = Setup(*port, options, clock, tell).run(pool_bytes); !started.ok())
    return started.error();
  return port;
}

void read_clock(StartedPort& port, const TscClock& clock, const Ethdevs::Tell& tell) {
  const bool was_good = port.clock.good();
  uint64_t ticks = 0;
  if (rte_eth_read_clock(port.id, &ticks) != 0) {
    tell(fmt::format("port {}: its clock cannot be read, packets get the time of the processor's",
                     port.name));
    port.times = PacketTimes::Receive;
    return;
  }
  if (port.clock.take({.ticks = ticks, .wall_ns = clock.now_ns()}) == DeviceClock::Verdict::Drifting
      && was_good) {
    tell(
        fmt::format("port {}: its clock runs more than 1 % off, packets get the time of the "
                    "processor's from now on",
                    port.name));
  }
}

}  // namespace flowscope
