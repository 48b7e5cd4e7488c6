#pragma once

#include <string>
#include <vector>

#include "flowcore/packet/link_type.h"
#include "tests/support/packet_builder.h"
#include "tests/unit/flowcore/packet/golden_link_frames.h"

namespace flowscope::testing {

// A well-formed frame with a name for messages.
struct GoldenFrame {
  std::string name;
  LinkType link = LinkType::Ethernet;
  Frame bytes;
};

// One frame or more per header and per usual combination: the stock that truncation and mutation
// tests start from.
inline std::vector<GoldenFrame> golden_frames() {
  const char* a = "10.1.2.3";
  const char* b = "192.168.200.100";
  const char* c = "2001:db8::1:2";
  const char* d = "fe80::aaaa:bbbb";
  const TcpFields syn{.seq = 0x01020304,
                      .flags = tcp_flag::kSyn,
                      .window = 4096,
                      .options = {2, 4, 5, 0xb4, 1, 3, 3, 7}};
  const auto ethernet = [] { return PacketBuilder().ethernet(); };
  std::vector<GoldenFrame> frames;
  const auto add = [&frames](const char* name, const PacketBuilder& builder,
                             LinkType link = LinkType::Ethernet) {
    frames.push_back({name, link, builder.build()});
  };
  add("v4 tcp", ethernet().ipv4(a, b).tcp(1234, 80, {.seq = 7}).payload("GET / HTTP/1.1"));
  add("v4 tcp options", ethernet().ipv4(a, b).tcp(1234, 80, syn));
  add("v4 udp padded", ethernet().ipv4(a, b).udp(5353, 53).payload("dns").pad_to(60));
  add("v6 tcp", ethernet().ipv6(c, d).tcp(1234, 80, {.seq = 7}).payload("GET / HTTP/1.1"));
  add("v6 udp", ethernet().ipv6(c, d).udp(5353, 53).payload("dns"));
  add("vlan v4 tcp", ethernet().vlan(5).ipv4(a, b).tcp(1, 2).payload("x"));
  add("qinq v6 udp", ethernet().vlan(5, {.tag_type = 0x88a8}).vlan(6).ipv6(c, d).udp(1, 2));
  add("three tags", ethernet().vlan(5, {.tag_type = 0x9100}).vlan(6).vlan(7).ipv4(a, b).tcp(1, 2));
  add("v4 options", ethernet().ipv4(a, b, {.options = {1, 1, 1, 0}}).tcp(1, 2).payload("abc"));
  add("v4 first fragment", ethernet()
                               .ipv4(a, b, {.more_fragments = true})
                               .udp(1, 2, {.length = 4000})
                               .payload("12345678"));
  add("v4 later fragment",
      ethernet().ipv4(a, b, {.fragment_offset = 1480, .protocol = 17}).payload("12345678"));
  add("v4 icmp", ethernet().ipv4(a, b).icmp(8, 0, 1).payload("ping"));
  add("v6 icmp", ethernet().ipv6(c, d).icmp_v6(128, 0, 1).payload("ping"));
  add("v4 icmp error", ethernet()
                           .ipv4(b, a)
                           .icmp(3, 3)
                           .payload(PacketBuilder().ipv4(a, b).udp(5353, 53).build())
                           .pad_to(80));
  add("v6 icmp error",
      ethernet().ipv6(d, c).icmp_v6(3, 0).payload(
          PacketBuilder().ipv6(c, d).extension(IpProtocol::HopByHop).tcp(1, 2).build()));
  add("v4 sctp", ethernet().ipv4(a, b).sctp(36412, 36413).payload(Frame{0, 3, 0, 4}));
  add("v4 ah", ethernet().ipv4(a, b).authentication().tcp(1, 2).payload("x"));
  add("v6 chain", ethernet()
                      .ipv6(c, d)
                      .extension(IpProtocol::HopByHop)
                      .extension(IpProtocol::DestinationOptions, 2)
                      .extension(IpProtocol::Routing, 3)
                      .authentication()
                      .extension(IpProtocol::Mobility)
                      .extension(IpProtocol::Hip)
                      .extension(IpProtocol::Shim6)
                      .tcp(1, 2)
                      .payload("x"));
  add("v6 fragment", ethernet()
                         .ipv6(c, d)
                         .extension(IpProtocol::HopByHop)
                         .fragment({.fragment_offset = 8, .next_header = 6})
                         .payload("12345678"));
  add("v6 atomic fragment", ethernet().ipv6(c, d).fragment({}).udp(1, 2).payload("x"));
  add("v4 in v6", ethernet().ipv6(c, d).ipv4(a, b).udp(1, 2).payload("inner"));
  add("snap v4", ethernet().snap().ipv4(a, b).udp(1, 2).payload("x").pad_to(60));
  add("raw v4", PacketBuilder().ipv4(a, b).tcp(1, 2).payload("x"), LinkType::RawIp);
  add("raw v6", PacketBuilder().ipv6(c, d).tcp(1, 2).payload("x"), LinkType::RawIp);
  add("null v4", PacketBuilder().null_link().ipv4(a, b).tcp(1, 2), LinkType::Null);
  add("null v6", PacketBuilder().null_link().ipv6(c, d).tcp(1, 2), LinkType::Null);
  add("loop v4", PacketBuilder().loop_link().ipv4(a, b).tcp(1, 2), LinkType::Loop);
  add("loop v6", PacketBuilder().loop_link().ipv6(c, d).tcp(1, 2), LinkType::Loop);
  add("cooked 1", PacketBuilder().linux_cooked1().ipv4(a, b).tcp(1, 2), LinkType::LinuxCooked1);
  add("cooked 1 vlan", PacketBuilder().linux_cooked1().vlan(9).ipv6(c, d).tcp(1, 2),
      LinkType::LinuxCooked1);
  add("cooked 2", PacketBuilder().linux_cooked2().ipv4(a, b).tcp(1, 2), LinkType::LinuxCooked2);
  add_golden_link_frames(add);
  return frames;
}

}  // namespace flowscope::testing
