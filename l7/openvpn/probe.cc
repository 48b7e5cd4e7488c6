#include <algorithm>

#include "l7/openvpn/openvpn.h"

namespace flowscope::openvpn {

namespace {

constexpr uint8_t kClientReset = 0x38;  // version 2 of it, the first key
constexpr size_t kLengthBytes = 2;

// Whether a client's hard reset may be so long.
bool is_reset_length(size_t bytes) {
  return std::any_of(kDigestBytes.begin(), kDigestBytes.end(), [&](uint8_t digest_bytes) {
    return bytes == kResetBytes + digest_bytes + (digest_bytes != 0 ? kReplayBytes : 0);
  });
}

}  // namespace

Probe OpenVpnDatagramParser::probe_datagram(Bytes payload, uint16_t /*source_port*/,
                                            uint16_t /*destination_port*/) {
  if (payload.empty() || payload[0] != kClientReset) return Probe::NoMatch;
  return digest_bytes_of(payload) ? Probe::Match : Probe::NoMatch;
}

// Of a reset with a digest the end lies behind what a probe is shown: length and opcode have to do.
Probe OpenVpnStreamParser::probe(FlowSide /*side*/, Bytes first_bytes) {
  // No reset is longer than 255 bytes.
  if (!first_bytes.empty() && first_bytes[0] != 0) return Probe::NoMatch;
  if (first_bytes.size() < kLengthBytes + 1) return Probe::NeedMore;
  const size_t packet_bytes = load_be16(first_bytes, 0);
  if (first_bytes[kLengthBytes] != kClientReset || !is_reset_length(packet_bytes))
    return Probe::NoMatch;
  if (packet_bytes > kResetBytes) return Probe::Match;
  if (first_bytes.size() < kLengthBytes + packet_bytes) return Probe::NeedMore;
  return digest_bytes_of(first_bytes.sub(kLengthBytes, packet_bytes)) ? Probe::Match
                                                                      : Probe::NoMatch;
}

}  // namespace flowscope::openvpn
