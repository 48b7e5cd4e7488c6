#include <algorithm>

#include "flowcore/base/byte_reader.h"
#include "flowcore/packet/decode.h"
#include "flowcore/packet/ethernet.h"
#include "flowcore/packet/read_ip.h"
#include "flowcore/packet/read_link.h"

namespace flowscope {

namespace {

// The version of the IP header that follows, or 0. On Ethernet its type decides; on other links,
// where tools have been known to write one type for both, the header's own number does if it is
// one.
uint8_t ip_version(LinkType link, uint16_t ether_type, ByteReader reader) {
  const uint8_t named = ip_version_of(ether_type);
  if (named == 0 || link == LinkType::Ethernet) return named;
  const uint8_t own = reader.u8() >> 4;
  return own == 4 || own == 6 ? own : named;
}

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
  const uint8_t version = ip_version(packet.link, layers.ether_type, reader);
  if (version == 0) return layers;
  const size_t frame_bytes = std::max<size_t>(packet.wire_bytes, packet.frame.size());
  read_ip(packet.frame, version, static_cast<uint32_t>(frame_bytes - reader.position()), layers);
  return layers;
}

}  // namespace

Layers decode_frame(const PacketView& packet, const Decap& decap) {
  Layers layers = decode_outermost(packet);
  if (decap.takes_any()) take_all_off(packet, decap, layers);
  return layers;
}

}  // namespace flowscope
