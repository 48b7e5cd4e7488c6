#include "dataplane/dpdk/ethdev.h"

#include <fmt/format.h>
#include <rte_devargs.h>
#include <rte_ethdev.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>

#include "dataplane/dpdk/port_limits.h"
#include "dataplane/dpdk/port_setup.h"

namespace flowscope {

namespace {

constexpr auto kLookPeriod = std::chrono::milliseconds(200);

// The members of a net_bonding device; none of other ports. It takes them only when it is
// configured.
std::vector<std::string> members_of(uint16_t port) {
  rte_eth_dev_info device{};
  if (rte_eth_dev_info_get(port, &device) != 0 || device.device == nullptr) return {};
  if (std::string_view(device.driver_name) != "net_bonding") return {};
  const rte_devargs* const devargs = rte_dev_devargs(device.device);
  if (devargs == nullptr || devargs->args == nullptr) return {};
  return bonded_members(devargs->args);
}

// Those that are nobody else's: packets would be counted twice, or fail to be received at all.
// net_failsafe owns its members.
std::vector<NamedPort> ports_there_are() {
  std::vector<NamedPort> ports;
  std::vector<std::string> taken;
  for (uint64_t next = rte_eth_find_next_owned_by(0, RTE_ETH_DEV_NO_OWNER); next < RTE_MAX_ETHPORTS;
       next = rte_eth_find_next_owned_by(static_cast<uint16_t>(next + 1), RTE_ETH_DEV_NO_OWNER)) {
    const auto id = static_cast<uint16_t>(next);
    ports.push_back({.id = id, .name = name_of_port(id)});
    for (std::string& member : members_of(id)) taken.push_back(std::move(member));
  }
  std::erase_if(ports, [&](const NamedPort& port) {
    return std::any_of(taken.begin(), taken.end(), [&](const std::string& name) {
      return name == port.name || name == std::to_string(port.id);
    });
  });
  return ports;
}

// Reads a port's counters; those of a removed one stay what they were. Requires: its mutex is held.
const EthdevCounters& read_counters(StartedPort& port) {
  EthdevCounters& now = port.last;
  const uint64_t in_kernel = port.kernel_drops->sample();
  now.link_changes = port.link->link_changes();
  now.gone = port.link->gone().load(std::memory_order_relaxed);
  rte_eth_stats stats{};
  if (rte_eth_dev_is_valid_port(port.id) == 0 || rte_eth_stats_get(port.id, &stats) != 0)
    return now;
  now.received = stats.ipackets;
  now.bytes = stats.ibytes;
  now.missed = stats.imissed + in_kernel;
  now.errors = stats.ierrors;
  now.no_mbuf = stats.rx_nombuf;
  return now;
}

}  // namespace

std::vector<std::string> bonded_members(std::string_view device_arguments) {
  constexpr std::string_view kMember = "slave=";
  std::vector<std::string> members;
  while (!device_arguments.empty()) {
    const std::string_view argument = device_arguments.substr(0, device_arguments.find(','));
    if (argument.starts_with(kMember)) members.emplace_back(argument.substr(kMember.size()));
    device_arguments.remove_prefix(std::min(argument.size() + 1, device_arguments.size()));
  }
  return members;
}

Ethdevs::Ethdevs(Tell tell) : tell_(std::move(tell)) {}

Result<std::unique_ptr<Ethdevs>> Ethdevs::start(const EthdevOptions& options, Tell tell) {
  const std::vector<NamedPort> all = ports_there_are();
  if (all.empty()) {
    return Error{
        "no DPDK port: give a device with -a or a virtual one, e.g. "
        "--vdev net_pcap0,rx_pcap=FILE (EAL's lines above may name a driver that is missing)"};
  }
  auto chosen = select_ports(all, options.portmask, options.ports);
  if (!chosen.ok()) return chosen.error();
  std::unique_ptr<Ethdevs> ethdevs(new Ethdevs(std::move(tell)));
  uint64_t pool_bytes = 0;
  for (const uint16_t id : chosen.value()) {
    auto started = start_port(id, options, ethdevs->clock_, ethdevs->tell_, pool_bytes);
    if (!started.ok()) return started.error();
    StartedPort& port = *ethdevs->ports_.emplace_back(std::move(started.value()));
    port.last = {
        .name = port.name,
        .driver = port.driver,
        .loss_known = port.drop_source == DropSource::Device || port.kernel_drops->known()};
    for (uint16_t queue = 0; queue < port.queues; ++queue) {
      ethdevs->queues_.push_back({.port = id,
                                  .queue = queue,
                                  .times = port.times,
                                  .clock = &port.clock,
                                  .gone = &port.link->gone()});
    }
  }
  return ethdevs;
}

Ethdevs::~Ethdevs() {
  watch_ = {};
  for (const auto& port : ports_) {
    if (rte_eth_dev_is_valid_port(port->id) == 0) continue;
    port->link.reset();
    port->promiscuous.reset();
    (void)rte_eth_dev_stop(port->id);
    (void)rte_eth_dev_close(port->id);
  }
}

const StartedPort& Ethdevs::port(uint16_t id) const {
  const auto found =
      std::find_if(ports_.begin(), ports_.end(), [id](const auto& each) { return each->id == id; });
  FS_CHECK(found != ports_.end());
  return **found;
}

const std::string& Ethdevs::name(uint16_t id) const { return port(id).name; }
int Ethdevs::numa_node(uint16_t id) const { return port(id).numa_node; }
RssMethod Ethdevs::rss_method(uint16_t id) const { return port(id).rss.method; }

std::vector<EthdevCounters> Ethdevs::counters() const {
  std::vector<EthdevCounters> all;
  for (const auto& port : ports_) {
    const std::lock_guard lock(port->counting);
    all.push_back(read_counters(*port));
  }
  return all;
}

void Ethdevs::wait_for_links(uint64_t timeout_ns, const std::function<bool()>& give_up) const {
  constexpr auto kPeriod = std::chrono::milliseconds(20);
  const auto end = std::chrono::steady_clock::now() + std::chrono::nanoseconds(timeout_ns);
  const auto is_down = [](const auto& port) { return !port->link->is_up(); };
  while (std::any_of(ports_.begin(), ports_.end(), is_down)
         && std::chrono::steady_clock::now() < end && !give_up()) {
    std::this_thread::sleep_for(kPeriod);
  }
  for (const auto& port : ports_) {
    if (is_down(port)) tell_(fmt::format("port {}: link is down, going on without it", port->name));
  }
}

void Ethdevs::watch() {
  clock_.adjust();
  watch_ = std::jthread([this](const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any bell;
    std::unique_lock lock(mutex);
    while (!stop.stop_requested()) {
      look();
      bell.wait_for(lock, stop, kLookPeriod, [] { return false; });
    }
  });
}

void Ethdevs::look() {
  clock_.adjust();
  for (const auto& port : ports_) {
    if (const std::string changed = port->link->look(); !changed.empty()) tell_(changed);
    if (port->times == PacketTimes::DeviceTicks && port->clock.good()
        && !port->link->gone().load(std::memory_order_relaxed)) {
      read_clock(*port, clock_, tell_);
    }
    // The kernel counts in 32 bits, so it is asked often enough.
    const std::lock_guard lock(port->counting);
    (void)port->kernel_drops->sample();
  }
}

bool Ethdevs::all_gone() const {
  return std::all_of(ports_.begin(), ports_.end(), [](const auto& port) {
    return port->link->gone().load(std::memory_order_relaxed);
  });
}

}  // namespace flowscope
