#include "dataplane/dpdk/ethdev.h"

#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

namespace flowscope {

namespace {

// The repeated 16-bit pattern that makes Toeplitz hash both directions of a flow alike (S. Woo, K.
// Park, "Scalable TCP Session Monitoring with Symmetric Receive-side Scaling", 2012).
constexpr uint8_t kSymmetricHigh = 0x6d;
constexpr uint8_t kSymmetricLow = 0x5a;
constexpr size_t kRssKeyBytesMax = 64;

std::string name_of_port(uint16_t port) {
  std::array<char, RTE_ETH_NAME_MAX_LEN> name{};
  if (rte_eth_dev_get_name_by_port(port, name.data()) != 0) return "port " + std::to_string(port);
  return name.data();
}

Error failure(uint16_t port, const std::string& step, int error) {
  return Error{"port " + name_of_port(port) + ": " + step + " failed: " + rte_strerror(-error)};
}

uint32_t queue_count(const rte_eth_dev_info& device, const EthdevOptions& options) {
  if (options.rxq != 0) return options.rxq;
  const bool one_queue_per_file = std::string_view(device.driver_name) == "net_pcap";
  const uint32_t wanted = one_queue_per_file ? device.max_rx_queues : options.workers;
  return std::clamp<uint32_t>(wanted, 1, device.max_rx_queues);
}

// Every descriptor, every burst in flight and every lcore cache may hold an mbuf at the same time.
uint32_t mbuf_count(const EthdevOptions& options, uint32_t queues, uint32_t descriptors) {
  if (options.total_num_mbufs != 0) return options.total_num_mbufs;
  return queues * (descriptors + 256) + (options.workers + 1) * options.mbcache * 3 / 2 + 512;
}

rte_eth_conf configuration(const rte_eth_dev_info& device, const EthdevOptions& options,
                           uint32_t queues, std::array<uint8_t, kRssKeyBytesMax>& key) {
  rte_eth_conf conf{};
  const uint64_t ports = RTE_ETH_RSS_TCP | RTE_ETH_RSS_UDP | RTE_ETH_RSS_SCTP;
  const uint64_t wanted = RTE_ETH_RSS_IP | (options.rss_ports ? ports : 0);
  const uint64_t hashes = wanted & device.flow_type_rss_offloads;
  if (queues > 1 && hashes != 0) {
    for (size_t i = 0; i < key.size(); ++i) key.at(i) = i % 2 == 0 ? kSymmetricHigh : kSymmetricLow;
    conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
    conf.rx_adv_conf.rss_conf.rss_hf = hashes;
    conf.rx_adv_conf.rss_conf.rss_key = key.data();
    conf.rx_adv_conf.rss_conf.rss_key_len = static_cast<uint8_t>(
        std::min<size_t>(device.hash_key_size != 0 ? device.hash_key_size : 40, key.size()));
  }
  const uint64_t checksums = options.checksums ? RTE_ETH_RX_OFFLOAD_CHECKSUM : 0;
  conf.rxmode.offloads = device.rx_offload_capa & (RTE_ETH_RX_OFFLOAD_SCATTER | checksums);
  return conf;
}

}  // namespace

Result<Ethdevs> Ethdevs::start(const EthdevOptions& options) {
  Ethdevs ethdevs;
  if (rte_eth_dev_count_avail() == 0) {
    return Error{
        "no DPDK port: give a device with -a or a virtual one, e.g. "
        "--vdev net_pcap0,rx_pcap=FILE (EAL's lines above may name a driver that is missing)"};
  }
  for (uint64_t next = rte_eth_find_next(0); next < RTE_MAX_ETHPORTS;
       next = rte_eth_find_next(static_cast<uint16_t>(next + 1))) {
    const auto port = static_cast<uint16_t>(next);
    if (options.portmask != 0 && (port >= 64 || (options.portmask >> port & 1) == 0)) continue;
    if (auto started = ethdevs.start_port(port, options); !started.ok()) return started.error();
  }
  if (ethdevs.ports_.empty()) {
    return Error{"--portmask selects none of the " + std::to_string(rte_eth_dev_count_avail())
                 + " ports"};
  }
  return ethdevs;
}

Result<void> Ethdevs::start_port(uint16_t port, const EthdevOptions& options) {
  rte_eth_dev_info device{};
  if (const int error = rte_eth_dev_info_get(port, &device); error != 0) {
    return failure(port, "asking for its limits", error);
  }
  const uint32_t queues = queue_count(device, options);
  if (queues > device.max_rx_queues) {
    return Error{"port " + name_of_port(port) + ": --rxq " + std::to_string(queues)
                 + " asked for, it has " + std::to_string(device.max_rx_queues)
                 + " receive queues"};
  }
  uint16_t descriptors = static_cast<uint16_t>(std::min<uint32_t>(options.rxd, UINT16_MAX));
  uint16_t no_transmit = 0;
  std::array<uint8_t, kRssKeyBytesMax> key{};
  const rte_eth_conf conf = configuration(device, options, queues, key);
  if (const int error =
          rte_eth_dev_configure(port, static_cast<uint16_t>(queues), no_transmit, &conf);
      error != 0) {
    return failure(port, "configuring " + std::to_string(queues) + " receive queues", error);
  }
  if (const int error = rte_eth_dev_adjust_nb_rx_tx_desc(port, &descriptors, &no_transmit);
      error != 0) {
    return failure(port, "setting --rxd " + std::to_string(options.rxd), error);
  }
  const int socket = rte_eth_dev_socket_id(port);
  const uint32_t mbufs = mbuf_count(options, queues, descriptors);
  rte_mempool* pool =
      rte_pktmbuf_pool_create(("fs_rx_" + std::to_string(port)).c_str(), mbufs, options.mbcache, 0,
                              RTE_MBUF_DEFAULT_BUF_SIZE, socket);
  if (pool == nullptr) {
    return Error{"port " + name_of_port(port) + ": no memory for " + std::to_string(mbufs)
                 + " mbufs of 2 KiB (" + rte_strerror(rte_errno)
                 + "): reserve more huge pages, raise -m, or lower --total-num-mbufs"};
  }
  const bool pcap = std::string_view(device.driver_name) == "net_pcap";
  for (uint16_t queue = 0; queue < queues; ++queue) {
    const int error = rte_eth_rx_queue_setup(port, queue, descriptors,
                                             static_cast<unsigned>(socket), nullptr, pool);
    if (error != 0)
      return failure(port, "setting up receive queue " + std::to_string(queue), error);
    queues_.push_back({.port = port, .queue = queue, .pcap_times = pcap});
  }
  // A virtual device may refuse promiscuous mode; it then sees everything anyway.
  if (options.promiscuous) (void)rte_eth_promiscuous_enable(port);
  if (const int error = rte_eth_dev_start(port); error != 0)
    return failure(port, "starting", error);
  ports_.push_back(port);
  return {};
}

Ethdevs::~Ethdevs() {
  for (const uint16_t port : ports_) {
    (void)rte_eth_dev_stop(port);
    (void)rte_eth_dev_close(port);
  }
}

std::vector<EthdevCounters> Ethdevs::counters() const {
  std::vector<EthdevCounters> all;
  for (const uint16_t port : ports_) {
    rte_eth_stats stats{};
    rte_eth_dev_info device{};
    if (rte_eth_stats_get(port, &stats) != 0 || rte_eth_dev_info_get(port, &device) != 0) continue;
    const std::string_view driver = device.driver_name;
    all.push_back({.name = name_of_port(port),
                   .driver = std::string(driver),
                   .received = stats.ipackets,
                   .bytes = stats.ibytes,
                   .missed = stats.imissed,
                   .errors = stats.ierrors,
                   .no_mbuf = stats.rx_nombuf,
                   // The 22.11 driver never asks the kernel how much it dropped.
                   .loss_known = driver != "net_af_packet"});
  }
  return all;
}

}  // namespace flowscope
