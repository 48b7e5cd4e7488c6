#pragma once

#include <cstddef>
#include <cstdint>

#include "flowcore/base/byte_reader.h"
#include "flowcore/packet/link_number.h"
#include "flowcore/packet/link_type.h"
#include "flowcore/packet/little_endian.h"

namespace flowscope {

// Headers that name the link type of the frame behind them. Each is read from its first byte to its
// last; `inner` is Unknown where no frame that we read follows.

// LINKTYPE_IEEE802_11_PRISM, https://www.tcpdump.org/linktypes/LINKTYPE_IEEE802_11_PRISM.html, in
// the byte order of the machine that captured; or the AVS header, which begins with a cookie, has
// its length second, and is big-endian.
struct PrismHeader {
  LinkType inner = LinkType::Unknown;

  static PrismHeader read(ByteReader& reader) {
    const uint32_t code = reader.u32();
    const uint32_t length = reader.u32();
    const bool is_avs = (code & 0xffff'f000) == 0x8021'1000;
    const size_t total_bytes = is_avs ? length : kBytes;
    if (total_bytes < 8) return {};
    reader.skip(total_bytes - 8);
    return {.inner = LinkType::Ieee80211};
  }

 private:
  // All writers give the same ten values of 12 bytes after the name of the device.
  static constexpr size_t kBytes = 144;
};

// LINKTYPE_PPI, https://www.tcpdump.org/linktypes/LINKTYPE_PPI.html. Little-endian.
struct PpiHeader {
  static constexpr uint16_t kBytesMin = 8;
  LinkType inner = LinkType::Unknown;

  static PpiHeader read(ByteReader& reader) {
    reader.skip(2);  // version, flags
    const uint16_t total_bytes = read_le16(reader);
    const uint32_t number = read_le32(reader);
    if (total_bytes < kBytesMin) return {};
    reader.skip(total_bytes - size_t{kBytesMin});
    return {.inner = link_type_of(number)};
  }
};

// LINKTYPE_PKTAP, https://www.tcpdump.org/linktypes/LINKTYPE_PKTAP.html. Little-endian. The second
// version is told by a flag that has the same place in both.
struct PktapHeader {
  LinkType inner = LinkType::Unknown;

  static PktapHeader read(ByteReader& reader) {
    ByteReader second = reader;
    const uint32_t length = read_le32(reader);
    const uint32_t record_type = read_le32(reader);
    const uint32_t number = read_le32(reader);
    reader.skip(24);  // name of the interface
    const bool is_second = (read_le32(reader) & kFlagSecondVersion) != 0;
    if (is_second) return read_second(reader, second);
    if (length < kBytesRead || record_type != kRecordPacket) return {};
    reader.skip(length - size_t{kBytesRead});
    return {.inner = link_type_of(number)};
  }

 private:
  static constexpr uint32_t kBytesRead = 40;
  static constexpr uint32_t kRecordPacket = 1;
  static constexpr uint32_t kFlagSecondVersion = 0x0008'0000;

  static PktapHeader read_second(ByteReader& reader, ByteReader fields) {
    const uint8_t length = fields.u8();
    fields.skip(5);  // offsets of optional fields
    const uint16_t number = read_le16(fields);
    if (length < kBytesRead) return {};
    reader.skip(length - size_t{kBytesRead});
    return {.inner = link_type_of(number)};
  }
};

// LINKTYPE_ERF, Endace's extensible record format: time stamp, type, flags, three lengths or
// counters; then extension headers, and two bytes more before Ethernet.
struct ErfHeader {
  // The most extension headers passed over; the cards write a few.
  static constexpr uint32_t kExtensionsMax = 16;
  LinkType inner = LinkType::Unknown;

  static ErfHeader read(ByteReader& reader) {
    reader.skip(8);
    const uint8_t type = reader.u8();
    reader.skip(7);
    uint8_t extension = type;
    for (uint32_t i = 0; i < kExtensionsMax && (extension & kMoreExtensions) != 0; ++i) {
      extension = reader.u8();
      reader.skip(7);
    }
    if ((extension & kMoreExtensions) != 0) return {};
    const ErfHeader header{.inner = inner_of(type & 0x7f)};
    if (header.inner == LinkType::Ethernet) reader.skip(2);
    return header;
  }

 private:
  static constexpr uint8_t kMoreExtensions = 0x80;

  static LinkType inner_of(uint8_t type) {
    switch (type) {
      case 1:   // HDLC over SONET
      case 10:  // the same with a classification in place of a counter
      case 15:
      case 19:
        return LinkType::Ppp;
      case 2:
      case 11:
      case 16:
      case 20:
        return LinkType::Ethernet;
      case 22:  // IPv4
      case 23:  // IPv6
        return LinkType::RawIp;
      default:
        return LinkType::Unknown;
    }
  }
};

// What JunOS puts before captured frames: a magic number, flags, and maybe attributes.
struct JuniperHeader {
  bool has_link_header = false;

  static JuniperHeader read(ByteReader& reader) {
    const uint32_t magic = reader.u24();
    const uint8_t flags = reader.u8();
    if (magic != kMagic) return {};
    if ((flags & kFlagAttributes) != 0) reader.skip(reader.u16());
    return {.has_link_header = (flags & kFlagNoLinkHeader) == 0};
  }

 private:
  static constexpr uint32_t kMagic = 0x4d'47'43;
  static constexpr uint8_t kFlagAttributes = 0x80;
  static constexpr uint8_t kFlagNoLinkHeader = 0x02;
};

}  // namespace flowscope
