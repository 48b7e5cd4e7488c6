#pragma once

#include "flowcore/base/counter.h"

namespace flowscope {

// What kinds of packets a worker decoded. Written by the worker, read by any thread.
struct TrafficCounters {
  Counter bytes;  // on the wire
  Counter ipv4;
  Counter ipv6;
  Counter tcp;
  Counter udp;
  Counter sctp;
  Counter icmp;       // v4 and v6
  Counter vlan;       // with at least one tag
  Counter tunnelled;  // at least one encapsulation was taken off
  Counter cut_short;  // tracked, but the capture cut the payload
  // Wrong checksums, where they are looked at, whether or not their packets are dropped. A packet
  // counts once, for the outermost one that is wrong.
  Counter bad_ip_checksum;
  Counter bad_transport_checksum;  // TCP, UDP, ICMP, ICMPv6, SCTP
};

}  // namespace flowscope
