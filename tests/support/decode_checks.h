#pragma once

#include <algorithm>
#include <utility>

#include "flowcore/base/check.h"
#include "flowcore/extract/five_tuple.h"
#include "flowcore/packet/checksum.h"
#include "flowcore/packet/decode.h"
#include "flowcore/packet/quoted.h"

// Promises that hold for every frame, however hostile; each ends the program when it is broken. For
// fuzz targets and property tests.
namespace flowscope::testing {

// Offsets lie in the frame and agree with each other.
inline void check_offsets(const Layers& layers, size_t frame_bytes) {
  FS_CHECK(layers.l3_offset <= frame_bytes);
  FS_CHECK(layers.l4_offset <= frame_bytes);
  FS_CHECK(layers.payload_offset <= frame_bytes);
  FS_CHECK(layers.payload_captured <= frame_bytes - layers.payload_offset);
  FS_CHECK(layers.payload_captured <= layers.payload_bytes);
  FS_CHECK(!layers.has_l4 || layers.status == DecodeStatus::Ip);
  FS_CHECK(!layers.has_l4 || layers.payload_offset > layers.l4_offset);
  FS_CHECK(!layers.is_fragment || !layers.has_l4);
}

// What was taken off is what was to be, and never costs a packet that there was without.
// Requires: `layers` is what decoding `packet` with `decap` gave.
inline void check_encap(const Layers& layers, const PacketView& packet, const Decap& decap) {
  const Encap& encap = layers.encap;
  const Layers outermost = decode_frame(packet);
  FS_CHECK(outermost.encap == Encap{});
  FS_CHECK(outermost.status != DecodeStatus::Ip || layers.status == DecodeStatus::Ip);
  FS_CHECK(encap.depth != 0 || layers == outermost);
  FS_CHECK(encap.depth <= kEncapsMax);
  FS_CHECK((encap.depth == 0) == (encap.kind == EncapKind::None));
  FS_CHECK(encap.kind == EncapKind::None || decap.takes(encap.kind));
  FS_CHECK(layers.status != DecodeStatus::Ip || encap.outer_l3_offset == 0
           || encap.outer_l3_offset < layers.l3_offset);
  FS_CHECK(layers.vlan_count >= std::min<uint8_t>(outermost.vlan_count, 2));
  FS_CHECK(outermost.vlan_count == 0 || layers.vlan_id == outermost.vlan_id);
}

// Keys in both directions name the same endpoints, and bidirectional ones are in order.
inline void check_five_tuple(const Layers& layers, const PacketView& packet) {
  FlowKey sorted;
  FlowKey directional;
  Orientation orientation = Orientation::Forward;
  Orientation always_forward = Orientation::Reverse;
  const bool has_key = FiveTuple::bidirectional().extract(layers, packet, sorted, orientation);
  FS_CHECK(has_key == (layers.status == DecodeStatus::Ip));
  if (!has_key) return;
  FS_CHECK(FiveTuple::directional().extract(layers, packet, directional, always_forward));
  FS_CHECK(always_forward == Orientation::Forward);
  const bool has_ports = !is_icmp(sorted.protocol);
  FS_CHECK(
      sorted.a_address < sorted.b_address
      || (sorted.a_address == sorted.b_address && (!has_ports || sorted.a_port <= sorted.b_port)));
  if (!has_ports) return;
  if (orientation == Orientation::Reverse) {
    std::swap(directional.a_address, directional.b_address);
    std::swap(directional.a_port, directional.b_port);
  }
  FS_CHECK(sorted == directional);
}

// The packet that an ICMP error quotes lies inside the frame, whole enough for a key of its own.
inline void check_quoted(const Layers& layers, const PacketView& packet) {
  Layers quoted;
  if (!quoted_packet(layers, packet, quoted)) return;
  FS_CHECK(quoted.l3_offset >= layers.payload_offset);
  check_offsets(quoted, packet.frame.size());
  check_five_tuple(quoted, packet);
}

// A faulty packet is one that was read, and dropping it leaves no key. Requires: a burst of one
// that was decoded; its layers may change.
inline void check_checksums(Burst& burst) {
  ChecksumFaults faults{};
  const DecodeStatus before = burst.layers[0].status;
  verify_checksums(burst, ChecksumMode::Drop, faults);
  const bool is_faulty = faults[0] != ChecksumFault::None;
  FS_CHECK(!is_faulty || before == DecodeStatus::Ip);
  FS_CHECK(burst.layers[0].status == (is_faulty ? DecodeStatus::BadChecksum : before));
  check_offsets(burst.layers[0], burst.packet[0].frame.size());
}

}  // namespace flowscope::testing
