#pragma once

#include "flowcore/packet/erspan.h"
#include "flowcore/packet/inner.h"
#include "flowcore/packet/read_link.h"

namespace flowscope {

// RFC 2784 section 2.1 and RFC 2890 section 2: flags (13 bits) and version (3), protocol type;
// then, each where its flag is set, checksum with offset, key, sequence number, and source routes
// (RFC 1701). RFC 2637 section 4.1 (version 1, PPTP): payload length and call in place of the key,
// sequence and acknowledgement number; PPP inside, none in a mere acknowledgement. RFC 7637 (NVGRE)
// is version 0 with an Ethernet frame inside and the virtual subnet in the upper 24 bits of the
// key.
struct GreHeader {
  static constexpr uint16_t kChecksum = 0x8000, kRouting = 0x4000, kKey = 0x2000,
                            kSequence = 0x1000, kAcknowledgement = 0x0080;
  static constexpr uint32_t kRoutesMax = 8;

  uint16_t flags = 0;
  uint16_t protocol = 0;
  uint32_t key = 0;

  [[nodiscard]] uint8_t version() const { return flags & 7; }
  [[nodiscard]] bool has(uint16_t flag) const { return (flags & flag) != 0; }

  // Steps over the whole header, whatever its version; fails when its routes do not end.
  static GreHeader read(ByteReader& reader) {
    GreHeader header;
    header.flags = reader.u16();
    header.protocol = reader.u16();
    if (header.version() == 0 && header.has(kChecksum | kRouting)) reader.skip(4);
    if (header.has(kKey)) header.key = reader.u32();
    if (header.has(kSequence)) reader.skip(4);
    if (header.version() == 1 && header.has(kAcknowledgement)) reader.skip(4);
    if (header.version() == 0 && header.has(kRouting)) skip_routes(reader);
    return header;
  }

 private:
  // Each route: address family (2 bytes), offset (1), length (1), content; the last one is all
  // zero.
  static void skip_routes(ByteReader& reader) {
    for (uint32_t count = 0; count < kRoutesMax; ++count) {
      const uint16_t family = reader.u16();
      reader.skip(1);
      const uint8_t bytes = reader.u8();
      if (!reader.ok() || (family == 0 && bytes == 0)) return;
      reader.skip(bytes);
    }
    reader.fail();
  }
};

// A redirected packet of WCCP version 2 has a word of its own before its IP header.
inline void skip_wccp_word(ByteReader& reader) {
  ByteReader peek = reader;
  if (peek.u8() >> 4 != 4) reader.skip(4);
}

// Protocol types that wireless controllers of one maker use for IEEE 802.11 frames.
[[nodiscard]] constexpr bool is_gre_wireless(uint16_t protocol) {
  return protocol >= 0x8200 && protocol <= 0x82ff;
}

[[nodiscard]] inline Inner read_gre(ByteReader& reader) {
  const GreHeader header = GreHeader::read(reader);
  if (header.version() == 1) {
    if (header.protocol != static_cast<uint16_t>(EtherType::Ppp)) return {};
    if (!header.has(GreHeader::kKey) || !header.has(GreHeader::kSequence)) return {};
    return Inner::of_type(EncapKind::Gre, read_ppp(reader), header.key & 0xffff);
  }
  if (header.version() != 0) return {};
  switch (static_cast<EtherType>(header.protocol)) {
    case EtherType::Erspan:
      // Type I has no header of its own and no sequence number.
      if (!header.has(GreHeader::kSequence)) return Inner::ethernet(EncapKind::Erspan);
      return read_erspan2(reader);
    case EtherType::Erspan3:
      return read_erspan3(reader);
    case EtherType::Ppp:
      return Inner::of_type(EncapKind::Gre, read_ppp(reader), header.key);
    case EtherType::Wccp:
      skip_wccp_word(reader);
      return Inner::of_type(EncapKind::Gre, EtherType::Ipv4, header.key);
    default:
      if (is_gre_wireless(header.protocol)) return Inner::ieee80211(EncapKind::Gre, header.key);
      return Inner::of_type(EncapKind::Gre, header.protocol, header.key);
  }
}

}  // namespace flowscope
