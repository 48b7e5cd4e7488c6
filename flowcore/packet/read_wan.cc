#include "flowcore/packet/frame_relay.h"
#include "flowcore/packet/llc.h"
#include "flowcore/packet/nlpid.h"
#include "flowcore/packet/ppp.h"
#include "flowcore/packet/read_link.h"

namespace flowscope {
namespace {

// RFC 2427 section 4: what follows the identifier.
uint16_t read_behind_nlpid(ByteReader& reader, Nlpid nlpid, Layers& layers) {
  if (nlpid == Nlpid::Ppp) return read_ppp(reader);
  if (nlpid != Nlpid::Snap) return ether_type_of(nlpid);
  const SnapHeader snap = SnapHeader::read(reader);
  if (snap.carries_ethernet()) return read_ethernet(reader, layers);
  return snap.carries_ether_type() ? read_type_and_tags(reader, snap.protocol, layers)
                                   : uint16_t{0};
}

}  // namespace

uint16_t read_ppp(ByteReader& reader) {
  ByteReader framing_reader = reader;
  if (framing_reader.u16() == kPppAddressAndControl) reader = framing_reader;
  return PppHeader::read(reader).ether_type();
}

uint16_t read_frame_relay(ByteReader& reader, Layers& layers) {
  if (!Q922Address::read(reader).is_valid()) return 0;
  const uint8_t control = reader.u8();
  if (control != kFrameRelayUnnumbered) {
    // Cisco's way: an Ethernet type, none of which begins like that control field.
    return static_cast<uint16_t>(uint16_t{control} << 8 | reader.u8());
  }
  auto nlpid = static_cast<Nlpid>(reader.u8());
  if (nlpid == Nlpid::Padding) nlpid = static_cast<Nlpid>(reader.u8());
  return read_behind_nlpid(reader, nlpid, layers);
}

}  // namespace flowscope
