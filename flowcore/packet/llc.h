#pragma once

#include <cstdint>

#include "flowcore/base/byte_reader.h"

namespace flowscope {

// IEEE 802.2 LLC header of an unnumbered frame: the access points at both ends and the control
// field.
struct LlcHeader {
  static constexpr uint32_t kBytes = 3;
  uint16_t access_points = 0;  // DSAP and SSAP
  uint8_t control = 0;

  static LlcHeader read(ByteReader& reader) {
    LlcHeader header;
    header.access_points = reader.u16();
    header.control = reader.u8();
    return header;
  }

  // A SNAP header follows.
  [[nodiscard]] bool is_snap() const { return access_points == 0xaaaa && control == kUnnumbered; }
  // An IPv4 header follows (RFC 948).
  [[nodiscard]] bool is_ip() const { return access_points == 0x0606 && control == kUnnumbered; }
  // A network layer protocol identifier follows (RFC 2684 section 5.2), see nlpid.h.
  [[nodiscard]] bool is_iso_network() const {
    return access_points == 0xfefe && control == kUnnumbered;
  }

 private:
  static constexpr uint8_t kUnnumbered = 0x03;
};

// IEEE 802 section 9.5, RFC 1042: who gave the protocol number, and the number: the way an Ethernet
// type travels in a frame that begins with a length.
struct SnapHeader {
  uint32_t organisation = 0;
  uint16_t protocol = 0;

  static SnapHeader read(ByteReader& reader) {
    SnapHeader header;
    header.organisation = reader.u24();
    header.protocol = reader.u16();
    return header;
  }

  // Whether `protocol` is an Ethernet type: RFC 1042's code, and that of IEEE 802.1H for protocols
  // that a bridge must not translate.
  [[nodiscard]] bool carries_ether_type() const {
    return organisation == 0 || organisation == 0x0000f8;
  }
  // Whether an Ethernet frame follows, with its frame check sequence at the end or without (RFC
  // 2684 section 5.3, RFC 2427 section 4.2).
  [[nodiscard]] bool carries_ethernet() const {
    return organisation == 0x0080c2 && (protocol == 0x0001 || protocol == 0x0007);
  }
};

}  // namespace flowscope
