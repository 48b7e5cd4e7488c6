#include "l7/quic/transport_parameters.h"

#include "flowcore/base/byte_reader.h"
#include "l7/quic/packet_header.h"
#include "l7/tls/wire.h"

namespace flowscope::quic {
namespace {

constexpr uint16_t kTransportParameters = 0x39;         // RFC 9001 8.2
constexpr uint16_t kDraftTransportParameters = 0xffa5;  // up to draft 32
constexpr uint64_t kUserAgent = 0x3129;

}  // namespace

std::string_view find_user_agent(Bytes extensions) {
  tls::ExtensionWalk walk(extensions);
  while (walk.next()) {
    if (walk.type() != kTransportParameters && walk.type() != kDraftTransportParameters) continue;
    ByteReader reader(walk.body());
    while (reader.ok() && reader.remaining() > 0) {
      const uint64_t id = read_varint(reader);
      const Bytes value = reader.bytes(read_varint(reader));
      if (reader.ok() && id == kUserAgent) return value.first(kUserAgentBytesMax).as_text();
    }
  }
  return {};
}

}  // namespace flowscope::quic
