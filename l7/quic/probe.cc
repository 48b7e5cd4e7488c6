#include "l7/quic/quic.h"

namespace flowscope::quic {
namespace {

constexpr uint16_t kHttpsPort = 443;

// RFC 9000 17.2.1: some version that we know stands in the list.
bool offers_known_version(Bytes list) {
  constexpr size_t kVersionsMax = 32;
  ByteReader reader(list.first(kVersionsMax * 4));
  while (reader.remaining() >= 4) {
    const Version version{reader.u32()};
    if (!is_reserved(version) && !protections_of(version).empty()) return true;
  }
  return false;
}

}  // namespace

// A version that we know, in the right place, is 32 bits of proof; the lengths that must fit are
// more. What proves less needs a port or the size that a client's first datagram has.
Probe QuicParser::probe_datagram(Bytes payload, uint16_t source_port, uint16_t destination_port) {
  const bool is_expected = source_port == kHttpsPort || destination_port == kHttpsPort;
  bool is_match = false;
  if (const auto packet = read_long_packet(payload, FixedBit::Required)) {
    const bool fills_datagram = payload.size() >= kInitialDatagramBytesMin;
    switch (packet->type) {
      case PacketType::Negotiation:
        is_match = offers_known_version(packet->versions);
        break;
      case PacketType::Initial:
        is_match = is_reserved(packet->version) ? packet->is_whole && fills_datagram
                                                : packet->is_whole || is_expected;
        break;
      case PacketType::ZeroRtt:
      case PacketType::Handshake:
        is_match = !is_reserved(packet->version) && (packet->is_whole || is_expected);
        break;
      case PacketType::Retry:
        is_match = !is_reserved(packet->version) && is_expected;
        break;
    }
  } else if (const auto google = read_google_packet(payload)) {
    is_match = is_expected || find_google_hello(*google).has_value();
  }
  return is_match ? Probe::Match : Probe::NoMatch;
}

}  // namespace flowscope::quic
