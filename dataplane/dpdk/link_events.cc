#include "dataplane/dpdk/link_events.h"

#include <net/if.h>
#include <rte_ethdev.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace flowscope {

namespace {

// Of the interface that is named.
uint32_t flags_of(ifreq& request) {
  const int file = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (file < 0) return 0;
  const bool asked = ioctl(file, SIOCGIFFLAGS, &request) == 0;
  close(file);
  return asked ? static_cast<uint16_t>(request.ifr_flags) : 0;
}

}  // namespace

InterfaceState interface_state(unsigned interface_index) {
  ifreq request{};
  if (if_indextoname(interface_index, static_cast<char*>(request.ifr_name)) == nullptr) {
    return errno == ENXIO || errno == ENODEV ? InterfaceState::Gone : InterfaceState::Down;
  }
  return (flags_of(request) & IFF_RUNNING) != 0 ? InterfaceState::Up : InterfaceState::Down;
}

uint32_t interface_flags(unsigned interface_index) {
  ifreq request{};
  if (if_indextoname(interface_index, static_cast<char*>(request.ifr_name)) == nullptr) return 0;
  return flags_of(request);
}

// What DPDK calls, on its interrupt thread or on the thread that removes a device.
struct LinkEvents::Callbacks {
  static int on_link(uint16_t, rte_eth_event_type, void* events, void*) {
    static_cast<LinkEvents*>(events)->changes_told_.fetch_add(1, std::memory_order_relaxed);
    return 0;
  }
  static int on_removal(uint16_t, rte_eth_event_type, void* events, void*) {
    static_cast<LinkEvents*>(events)->gone_.store(true, std::memory_order_relaxed);
    return 0;
  }
};

LinkEvents::LinkEvents(uint16_t port, std::string name, unsigned interface_index)
    : port_(port), name_(std::move(name)), interface_index_(interface_index), was_up_(is_up()) {
  (void)rte_eth_dev_callback_register(port_, RTE_ETH_EVENT_INTR_LSC, Callbacks::on_link, this);
  (void)rte_eth_dev_callback_register(port_, RTE_ETH_EVENT_INTR_RMV, Callbacks::on_removal, this);
  (void)rte_eth_dev_callback_register(port_, RTE_ETH_EVENT_DESTROY, Callbacks::on_removal, this);
}

LinkEvents::~LinkEvents() {
  // With a removed port went its list of callbacks.
  if (rte_eth_dev_is_valid_port(port_) == 0) return;
  (void)rte_eth_dev_callback_unregister(port_, RTE_ETH_EVENT_INTR_LSC, Callbacks::on_link, this);
  (void)rte_eth_dev_callback_unregister(port_, RTE_ETH_EVENT_INTR_RMV, Callbacks::on_removal, this);
  (void)rte_eth_dev_callback_unregister(port_, RTE_ETH_EVENT_DESTROY, Callbacks::on_removal, this);
}

bool LinkEvents::is_up() const {
  if (interface_index_ != 0) return interface_state(interface_index_) == InterfaceState::Up;
  rte_eth_link link{};
  return rte_eth_link_get_nowait(port_, &link) == 0 && link.link_status == RTE_ETH_LINK_UP;
}

std::string LinkEvents::look() {
  if (told_gone_) return {};
  if (interface_index_ != 0 && interface_state(interface_index_) == InterfaceState::Gone)
    gone_.store(true, std::memory_order_relaxed);
  if (gone_.load(std::memory_order_relaxed)) {
    told_gone_ = true;
    return "port " + name_ + " was removed: it is not polled any more";
  }
  const bool up = is_up();
  if (up == was_up_) return {};
  was_up_ = up;
  changes_seen_.fetch_add(1, std::memory_order_relaxed);
  return "port " + name_ + ": link is " + (up ? "up" : "down");
}

uint32_t LinkEvents::link_changes() const {
  return std::max(changes_seen_.load(std::memory_order_relaxed),
                  changes_told_.load(std::memory_order_relaxed));
}

}  // namespace flowscope
