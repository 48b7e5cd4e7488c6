#include "dataplane/dpdk/promiscuous_mode.h"

#include <net/if.h>
#include <rte_ethdev.h>

#include "dataplane/dpdk/link_events.h"

namespace flowscope {

PromiscuousMode::PromiscuousMode(uint16_t port, unsigned interface_index) : port_(port) {
  const uint32_t before = interface_index == 0 ? 0 : interface_flags(interface_index);
  const bool is_on = rte_eth_promiscuous_enable(port_) == 0;
  const bool is_multicast_on = rte_eth_allmulticast_enable(port_) == 0;
  is_ours_ = is_on && (before & IFF_PROMISC) == 0;
  is_multicast_ours_ = is_multicast_on && (before & IFF_ALLMULTI) == 0;
}

PromiscuousMode::~PromiscuousMode() {
  if (rte_eth_dev_is_valid_port(port_) == 0) return;
  if (is_ours_) (void)rte_eth_promiscuous_disable(port_);
  if (is_multicast_ours_) (void)rte_eth_allmulticast_disable(port_);
}

}  // namespace flowscope
