#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "flowcore/base/byte_reader.h"
#include "flowcore/base/bytes.h"
#include "l7/quic/versions.h"

namespace flowscope::quic {

// The longest endpoint identifier of the versions we read (RFC 9000 17.2).
inline constexpr size_t kIdentifierBytesMax = 20;

// A client fills each datagram that carries an Initial up to this (RFC 9000 14.1).
inline constexpr size_t kInitialDatagramBytesMin = 1200;

// A variable-length integer of one, two, four or eight bytes (RFC 9000 16).
[[nodiscard]] uint64_t read_varint(ByteReader& reader);

enum class PacketType : uint8_t { Initial, ZeroRtt, Handshake, Retry, Negotiation };

// A packet with a long header, seen in place (RFC 8999 5.1, RFC 9000 17.2). Lifetime: that of the
// datagram.
struct LongPacket {
  PacketType type = PacketType::Initial;
  Version version = Version::Negotiation;
  Bytes destination_id;
  Bytes source_id;
  Bytes bytes;           // the packet as far as it was captured, header included
  size_t number_at = 0;  // Initial, ZeroRtt, Handshake: where the packet number starts
  Bytes versions;        // Negotiation: what the server speaks, four bytes each
  Bytes rest;            // what comes behind the packet in its datagram
  bool is_whole = true;  // false: its length says more than the datagram holds
};

// Whether the second bit of a packet must be set. Ends that agreed on it may clear it at random
// (RFC 9287), in all but a client's first packets.
enum class FixedBit : uint8_t { Required, Free };

// Reads the header of the first packet of `datagram`. Nothing for a short header, for a version
// whose headers we do not know, and for what contradicts itself.
[[nodiscard]] std::optional<LongPacket> read_long_packet(Bytes datagram, FixedBit fixed_bit);

}  // namespace flowscope::quic
