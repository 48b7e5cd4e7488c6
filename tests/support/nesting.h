#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "flowcore/base/flow_side.h"
#include "flowcore/packet/encap.h"
#include "tests/support/packet_builder.h"

namespace flowscope::testing {

// One way to write one encapsulation: its headers in order, where they may stand, what may stand in
// them, and what is to be said of them.
struct TunnelForm {
  // What stands in front of the first header.
  enum class Carrier : uint8_t { EtherType, Ip, Udp };
  // What may stand behind the last header: a set.
  enum Holds : uint8_t {
    kIpv4 = 1,
    kIpv6 = 2,
    kIp = 3,
    kMpls = 4,        // named by number, without an Ethernet header
    kNsh = 8,         // likewise
    kAnyType = 16,    // anything that an Ethernet type names
    kEthernet = 32,   // an Ethernet header, and anything behind it
    kPseudowire = 64  // an Ethernet header, and IP behind it
  };

  std::string name;
  EncapKind kind = EncapKind::None;
  uint32_t id = 0;
  uint32_t mpls_label = 0;
  Carrier carrier = Carrier::EtherType;
  uint8_t holds = kEthernet;
  std::vector<TunnelHeader> headers{};
  bool snap = false;  // an LLC and SNAP header behind the last one
};

// Every form of every encapsulation: options present and absent, the kinds of carrier.
const std::vector<TunnelForm>& tunnel_forms();
const TunnelForm& tunnel_form(std::string_view name);

// Whether the forms may stand in each other in this order (outermost first), with an IP header of
// `ip_version` in the last one.
bool is_legal(const std::vector<TunnelForm>& forms, uint8_t ip_version);

// The outside of a nesting, up to where the inner IP header begins.
struct Nesting {
  // An IP header on the way, and what was taken off up to it.
  struct OuterIp {
    uint16_t l3_offset = 0;
    Encap encap;
  };

  PacketBuilder outside;
  std::string name;            // for messages
  Encap encap;                 // what decoding is to say
  std::vector<OuterIp> outer;  // outermost first
};

// Writes the forms around each other. `seed` chooses what they leave open: VLAN tags, the version
// and the options of the IP headers between them, ports, whether an Ethernet header stands where
// one may. The same seed gives the same headers, and `sender` says which way the outer addresses
// go. Requires: is_legal.
Nesting nest(const std::vector<TunnelForm>& forms, uint8_t ip_version, uint32_t seed,
             FlowSide sender = FlowSide::Initiator);

}  // namespace flowscope::testing
