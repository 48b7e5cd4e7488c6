#include "l7/quic/packet_header.h"

namespace flowscope::quic {
namespace {

constexpr uint8_t kLongHeader = 0x80;
constexpr uint8_t kFixedBitMask = 0x40;
constexpr size_t kVersionBytes = 4;
// The sample for header protection starts four bytes behind the start of the packet number, and is
// sixteen bytes long (RFC 9001 5.4.2).
constexpr size_t kProtectedBytesMin = 20;

// RFC 9000 17.2 and RFC 9369 3.2.
PacketType type_of(uint8_t first_byte, Version version) {
  constexpr PacketType kTypes[] = {PacketType::Initial, PacketType::ZeroRtt, PacketType::Handshake,
                                   PacketType::Retry};
  const uint32_t bits = first_byte >> 4 & 3;
  return kTypes[version == Version::V2 ? (bits + 3) % 4 : bits];
}

bool read_identifier(ByteReader& reader, Bytes& identifier) {
  const size_t count = reader.u8();
  identifier = reader.bytes(count);
  return reader.ok() && count <= kIdentifierBytesMax;
}

// RFC 9000 17.2.1: versions, at least one, and nothing else.
bool read_negotiation(Bytes list, LongPacket& packet) {
  packet.type = PacketType::Negotiation;
  packet.versions = list;
  return !list.empty() && list.size() % kVersionBytes == 0;
}

}  // namespace

uint64_t read_varint(ByteReader& reader) {
  const uint8_t first = reader.u8();
  uint64_t value = first & 0x3f;
  for (int i = (1 << (first >> 6)) - 1; i > 0; --i) value = value << 8 | reader.u8();
  return value;
}

//  +-+-+-+-+-+-+-+-+----------------+---------------+---------------+------------------
//  |1|1|type | low 4| version (32)   | len, dst id   | len, src id   | type-specific ...
//  +-+-+-+-+-+-+-+-+----------------+---------------+---------------+------------------
std::optional<LongPacket> read_long_packet(Bytes datagram, FixedBit fixed_bit) {
  ByteReader reader(datagram);
  LongPacket packet;
  const uint8_t first_byte = reader.u8();
  packet.version = Version{reader.u32()};
  if (!reader.ok() || (first_byte & kLongHeader) == 0) return std::nullopt;
  if (!read_identifier(reader, packet.destination_id) || !read_identifier(reader, packet.source_id))
    return std::nullopt;
  packet.bytes = datagram;
  if (packet.version == Version::Negotiation) {
    if (!read_negotiation(reader.rest(), packet)) return std::nullopt;
    return packet;
  }
  const bool bit_fits = fixed_bit == FixedBit::Free || (first_byte & kFixedBitMask) != 0;
  if (!bit_fits || protections_of(packet.version).empty()) return std::nullopt;
  packet.type = type_of(first_byte, packet.version);
  if (packet.type == PacketType::Retry) return packet;

  if (packet.type == PacketType::Initial) {
    const uint64_t token_bytes = read_varint(reader);
    if (!reader.ok() || token_bytes > reader.remaining()) return std::nullopt;
    reader.skip(token_bytes);
  }
  const uint64_t protected_bytes = read_varint(reader);
  if (!reader.ok() || protected_bytes < kProtectedBytesMin) return std::nullopt;
  packet.number_at = reader.position();
  packet.is_whole = protected_bytes <= reader.remaining();
  if (packet.is_whole) {
    packet.bytes = datagram.first(packet.number_at + protected_bytes);
    packet.rest = datagram.after(packet.number_at + protected_bytes);
  }
  return packet;
}

}  // namespace flowscope::quic
