#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "flowcore/base/byte_reader.h"
#include "flowcore/base/check.h"
#include "flowcore/extract/five_tuple.h"
#include "flowcore/extract/flow_label.h"
#include "flowcore/extract/ip_pair.h"
#include "flowcore/extract/mac_pair.h"
#include "flowcore/extract/with_network.h"
#include "flowcore/packet/checksum.h"
#include "flowcore/packet/decode.h"
#include "flowcore/packet/quoted.h"
#include "tests/support/exact_frame.h"

namespace flowscope {
namespace {

void check_offsets(const Layers& layers, size_t frame_bytes) {
  FS_CHECK(layers.l3_offset <= frame_bytes);
  FS_CHECK(layers.l4_offset <= frame_bytes);
  FS_CHECK(layers.payload_offset <= frame_bytes);
  FS_CHECK(layers.payload_captured <= frame_bytes - layers.payload_offset);
  FS_CHECK(layers.payload_captured <= layers.payload_bytes);
  FS_CHECK(!layers.has_l4 || layers.status == DecodeStatus::Ip);
  FS_CHECK(!layers.has_l4 || layers.payload_offset > layers.l4_offset);
  FS_CHECK(!layers.is_fragment || !layers.has_l4);
}

// Bidirectional and directional keys name the same endpoints, and the former are in order.
void check_keys(const PacketView& packet, const Layers& layers) {
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

// The quoted packet lies inside the frame, whole enough for a key of its own.
void check_quoted(const PacketView& packet, const Layers& layers) {
  Layers quoted;
  if (!quoted_packet(layers, packet, quoted)) return;
  FS_CHECK(quoted.l3_offset >= layers.payload_offset);
  check_offsets(quoted, packet.frame.size());
  check_keys(packet, quoted);
}

// The other extractors, nested as far as they go, agree with decoding on what has a key.
void check_combinators(const PacketView& packet, Layers layers) {
  const FlowLabel labelled(FiveTuple::directional());
  const WithNetwork by_all(
      {.vlan = true, .vni = true, .teid = true, .gre_key = true, .mpls = true, .session = true},
      labelled);
  FlowKey key;
  Orientation orientation = Orientation::Forward;
  const bool is_ip = layers.status == DecodeStatus::Ip;
  FS_CHECK(by_all.extract(layers, packet, key, orientation) == is_ip);
  if (is_ip) FS_CHECK(network_of(key).vlan_id == layers.vlan_id);
  FS_CHECK(IpPair().extract(layers, packet, key, orientation) == is_ip);
  if (is_ip) FS_CHECK(key.a_address <= key.b_address);
  const bool has_stations =
      layers.l2_offset != Layers::kNoEthernet
      && packet.frame.after(layers.l2_offset).size() >= EthernetHeader::kBytes;
  FS_CHECK(MacPair().extract(layers, packet, key, orientation) == has_stations);
}

// A faulty packet is one that was read, and dropping it leaves no key.
void check_checksums(Burst& burst) {
  ChecksumFaults faults{};
  const DecodeStatus before = burst.layers[0].status;
  verify_checksums(burst, ChecksumMode::Drop, faults);
  const bool is_faulty = faults[0] != ChecksumFault::None;
  FS_CHECK(!is_faulty || before == DecodeStatus::Ip);
  FS_CHECK(burst.layers[0].status == (is_faulty ? DecodeStatus::BadChecksum : before));
  check_offsets(burst.layers[0], burst.packet[0].frame.size());
}

// Input: link type, wire bytes beyond the captured ones, frame.
void decode_once(Bytes input) {
  ByteReader reader(input);
  const auto link = static_cast<LinkType>(reader.u8() % (static_cast<int>(LinkType::Unknown) + 1));
  const uint32_t cut_bytes = reader.u8();
  const testing::ExactFrame exact(reader.rest());
  const auto burst = std::make_unique<Burst>();
  burst->count = 1;
  burst->packet[0] = {.frame = exact.bytes(),
                      .wire_bytes = static_cast<uint32_t>(exact.bytes().size()) + cut_bytes,
                      .link = link};
  decode_layers(*burst);
  const Layers layers = decode_frame(burst->packet[0]);
  FS_CHECK(layers == burst->layers[0]);
  check_offsets(layers, exact.bytes().size());
  check_keys(burst->packet[0], layers);
  check_quoted(burst->packet[0], layers);
  check_combinators(burst->packet[0], layers);
  check_checksums(*burst);
}

}  // namespace
}  // namespace flowscope

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  flowscope::decode_once({bytes, size});
  return 0;
}
