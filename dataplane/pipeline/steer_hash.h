#pragma once

#include <cstddef>
#include <cstdint>

#include "flowcore/base/bytes.h"
#include "flowcore/base/keyed_hash.h"
#include "flowcore/extract/flow_key.h"
#include "flowcore/packet/decap.h"
#include "flowcore/packet/decode_plain.h"
#include "flowcore/packet/ethernet.h"
#include "flowcore/packet/ipv4.h"
#include "flowcore/packet/ipv6.h"
#include "flowcore/packet/packet_view.h"
#include "flowcore/packet/read_ip.h"
#include "flowcore/packet/vlan.h"

namespace flowscope {

// A hash of a flow's two endpoints, addresses and ports, by which workers tell whose packets they
// are (owner_of() in share.h). Both directions give the same, and nobody without the seed can
// choose it. It is another one than the flow table's because it can be had by a glance at a frame:
// neither row nor key are made of packets that leave.
// Thread rule: immutable. Cost: six AES rounds, three of them in a row.
class SteerHash {
 public:
  SteerHash(uint64_t seed_low, uint64_t seed_high) : keys_(seed_low, seed_high) {}

  // What is part of a key beside the endpoints (protocol, network) does not count: such flows have
  // one owner.
  [[nodiscard]] uint64_t operator()(const FlowKey& key) const {
    return of(block_of(key.a_address, key.ip_version), key.a_port)
           + of(block_of(key.b_address, key.ip_version), key.b_port);
  }

  // Writes the hash of the flow that the packet belongs to, if it is one of those that nearly all
  // traffic consists of: Ethernet with at most two VLAN tags, IPv4 without options or IPv6 without
  // extension headers, no fragment, TCP or UDP, no port of a tunnel. False: look closer, by
  // decode_frame(). Such a packet may turn out to belong to no flow, never to another one.
  [[nodiscard]] bool at_a_glance(const PacketView& packet, const Decap& decap,
                                 uint64_t& hash) const;

 private:
  static constexpr size_t kPlainBytesMin =
      EthernetHeader::kBytes + Ipv4Header::kBytesMin + kPlainSegmentBytesMin;
  static constexpr size_t kTagsEnd = EthernetHeader::kBytes + 2 * VlanTag::kBytes;
  static_assert(kTagsEnd <= kPlainBytesMin);

  // Require kPlainBytesMin bytes; otherwise as at_a_glance().
  bool ipv4_at(Bytes frame, size_t l3_offset, const Decap& decap, uint64_t& hash) const;
  bool ipv6_at(Bytes frame, size_t l3_offset, const Decap& decap, uint64_t& hash) const;
  bool tagged(Bytes frame, const Decap& decap, uint64_t& hash) const;
  static bool has_ports(uint8_t protocol, uint32_t ports, const Decap& decap) {
    if (protocol == static_cast<uint8_t>(IpProtocol::Tcp)) return true;
    return protocol == static_cast<uint8_t>(IpProtocol::Udp)
           && !decap.may_be_tunnel(static_cast<uint16_t>(ports >> 16),
                                   static_cast<uint16_t>(ports));
  }

  [[nodiscard]] uint64_t of(AesBlock address, uint16_t port) const {
    return (address ^ key(0)).round(AesBlock::of(port, 0)).round(key(1)).round(key(2)).low_half();
  }
  // Of both endpoints; ports as they lie one behind the other.
  [[nodiscard]] uint64_t of(AesBlock source, AesBlock destination, uint32_t ports) const {
    return of(source, static_cast<uint16_t>(ports >> 16))
           + of(destination, static_cast<uint16_t>(ports));
  }
  [[nodiscard]] static AesBlock block_of(const Address& address, uint8_t ip_version) {
    return ip_version == 4 ? AesBlock::of(load_be32({address.data(), address.size()}, 0), 0)
                           : AesBlock::load(address.data());
  }
  [[nodiscard]] static AesBlock block_at(Bytes frame, size_t offset) {
    return AesBlock::load(frame.sub(offset, sizeof(Address)).begin());
  }
  [[nodiscard]] AesBlock key(size_t index) const { return AesBlock::load(keys_.key[index].data()); }

  HashKeys<8, 3> keys_;  // round keys that KeyedHash leaves free
};

// PERF: 52 instructions for TCP over IPv4 (GCC 12). As in the decoder, untagged frames have code of
// their own, in which every offset is a constant.
inline bool SteerHash::at_a_glance(const PacketView& packet, const Decap& decap,
                                   uint64_t& hash) const {
  const Bytes frame = packet.frame;
  if (packet.link != LinkType::Ethernet || frame.size() < kPlainBytesMin) return false;
  const uint16_t type = load_be16(frame, EthernetHeader::kBytes - 2);
  if (is_ether_type(type, EtherType::Ipv4))
    return ipv4_at(frame, EthernetHeader::kBytes, decap, hash);
  if (is_ether_type(type, EtherType::Ipv6))
    return ipv6_at(frame, EthernetHeader::kBytes, decap, hash);
  return tagged(frame, decap, hash);
}

// Lengths that are wrong in other ways than these do not make another flow of the packet.
inline bool SteerHash::ipv4_at(Bytes frame, size_t l3_offset, const Decap& decap,
                               uint64_t& hash) const {
  const size_t l4_offset = l3_offset + Ipv4Header::kBytesMin;
  if (frame.size() < l4_offset + kPortsBytes) return false;
  const Ipv4Header header = Ipv4Header::load(frame, l3_offset);
  if (frame[l3_offset] != Ipv4Header::kVersionAndMinimalIhl || header.is_fragment()) return false;
  if (header.total_bytes < Ipv4Header::kBytesMin + kPortsBytes) return false;
  const uint32_t ports = load_be32(frame, l4_offset);
  if (!has_ports(header.protocol, ports, decap)) return false;
  const uint64_t addresses = load_be64(frame, l3_offset + Ipv4Header::kAddressesOffset);
  hash = of(AesBlock::of(addresses >> 32, 0), AesBlock::of(addresses & UINT32_MAX, 0), ports);
  return true;
}

inline bool SteerHash::ipv6_at(Bytes frame, size_t l3_offset, const Decap& decap,
                               uint64_t& hash) const {
  const size_t l4_offset = l3_offset + Ipv6Header::kBytes;
  if (frame.size() < l4_offset + kPortsBytes) return false;
  const Ipv6Header header = Ipv6Header::load(frame, l3_offset);
  if (header.version != 6 || header.payload_bytes < kPortsBytes) return false;
  const uint32_t ports = load_be32(frame, l4_offset);
  if (!has_ports(header.next_header, ports, decap)) return false;
  const size_t source = l3_offset + Ipv6Header::kAddressesOffset;
  hash = of(block_at(frame, source), block_at(frame, source + sizeof(Address)), ports);
  return true;
}

inline bool SteerHash::tagged(Bytes frame, const Decap& decap, uint64_t& hash) const {
  size_t l3_offset = EthernetHeader::kBytes;
  uint16_t type = load_be16(frame, l3_offset - 2);
  while (is_vlan_tag(type) && l3_offset < kTagsEnd) {
    l3_offset += VlanTag::kBytes;
    type = load_be16(frame, l3_offset - 2);
  }
  if (is_ether_type(type, EtherType::Ipv4)) return ipv4_at(frame, l3_offset, decap, hash);
  return is_ether_type(type, EtherType::Ipv6) && ipv6_at(frame, l3_offset, decap, hash);
}

}  // namespace flowscope
