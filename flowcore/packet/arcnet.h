#pragma once

#include <cstdint>

#include "flowcore/base/byte_reader.h"
#include "flowcore/packet/ethernet.h"

namespace flowscope {

// ARCNET protocol identifiers (ATA 878.1). Those of RFC 1051 have no further header.
enum class ArcnetProtocol : uint8_t {
  Ipv6 = 196,     // RFC 2497
  Ipv4 = 212,     // RFC 1201
  OldIpv4 = 240,  // RFC 1051
  OldArp = 241,
};

// Who writes ARCNET captures: Linux puts two more bytes behind the addresses and joins fragments,
// BSD gives the frames as they came.
enum class ArcnetWriter : uint8_t { Bsd, Linux };

// RFC 1201 section 2.1: addresses, protocol, and for most protocols which part of a packet this is.
struct ArcnetHeader {
  ArcnetProtocol protocol{};
  uint8_t split = 0;  // 0: whole; odd: first of several; even: a later one

  static ArcnetHeader read(ByteReader& reader, ArcnetWriter writer) {
    reader.skip(writer == ArcnetWriter::Linux ? 4 : 2);
    ArcnetHeader header{.protocol = static_cast<ArcnetProtocol>(reader.u8())};
    if (header.is_old()) return header;
    header.split = reader.u8();
    reader.skip(2);  // sequence number
    if (writer == ArcnetWriter::Bsd && header.split == kException) {
      // Pads lengths that ARCNET cannot send; the real fields come after it.
      header.split = reader.u8();
      reader.skip(2);
    }
    return header;
  }

  [[nodiscard]] bool is_old() const {
    return protocol == ArcnetProtocol::OldIpv4 || protocol == ArcnetProtocol::OldArp;
  }
  [[nodiscard]] bool begins_packet() const { return split == 0 || (split & 1) != 0; }

  // The Ethernet type of the same protocol, or 0.
  [[nodiscard]] uint16_t ether_type() const {
    if (protocol == ArcnetProtocol::Ipv6) return static_cast<uint16_t>(EtherType::Ipv6);
    const bool is_ipv4 = protocol == ArcnetProtocol::Ipv4 || protocol == ArcnetProtocol::OldIpv4;
    return is_ipv4 ? static_cast<uint16_t>(EtherType::Ipv4) : uint16_t{0};
  }

 private:
  static constexpr uint8_t kException = 0xff;
};

}  // namespace flowscope
