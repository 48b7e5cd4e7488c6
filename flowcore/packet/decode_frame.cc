#include <algorithm>

#include "flowcore/base/byte_reader.h"
#include "flowcore/packet/decode.h"
#include "flowcore/packet/ethernet.h"
#include "flowcore/packet/read_ip.h"
#include "flowcore/packet/read_link.h"

namespace flowscope {

namespace {

Layers decode_outermost(const PacketView& packet) {
  Layers layers;
  if (packet.link != LinkType::Ethernet) layers.l2_offset = Layers::kNoEthernet;
  if (packet.link == LinkType::Unknown) {
    layers.status = DecodeStatus::UnknownLink;
    return layers;
  }
  ByteReader reader(packet.frame.first(kDecodedBytesMax));
  layers.ether_type = read_link(packet.link, reader, layers);
  layers.l3_offset = static_cast<uint16_t>(reader.position());
  if (!reader.ok()) {
    layers.status = DecodeStatus::Truncated;
    return layers;
  }
  const bool is_ipv4 = is_ether_type(layers.ether_type, EtherType::Ipv4);
  if (!is_ipv4 && !is_ether_type(layers.ether_type, EtherType::Ipv6)) return layers;
  const size_t frame_bytes = std::max<size_t>(packet.wire_bytes, packet.frame.size());
  read_ip(packet.frame, is_ipv4 ? 4 : 6, static_cast<uint32_t>(frame_bytes - reader.position()),
          layers);
  return layers;
}

}  // namespace

Layers decode_frame(const PacketView& packet, const Decap& decap) {
  Layers layers = decode_outermost(packet);
  if (decap.takes_any()) take_all_off(packet, decap, layers);
  return layers;
}

}  // namespace flowscope
