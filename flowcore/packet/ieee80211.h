#pragma once

#include <cstdint>

#include "flowcore/base/byte_reader.h"

namespace flowscope {

// IEEE Std 802.11-2020 section 9.2.4.1: the first two bytes of a frame.
struct Ieee80211FrameControl {
  static constexpr uint32_t kBytes = 2;
  uint8_t kind = 0;   // protocol version, type and subtype
  uint8_t flags = 0;  // from the DS, to the DS, protected, ...

  static Ieee80211FrameControl read(ByteReader& reader) {
    Ieee80211FrameControl control;
    control.kind = reader.u8();
    control.flags = reader.u8();
    return control;
  }

  // A data frame of protocol version 0, the only one with the headers below.
  [[nodiscard]] bool is_data() const { return (kind & 0x0f) == 0x08; }
  // Subtypes without a body: null frames, with or without acknowledgements.
  [[nodiscard]] bool is_null() const { return (kind & 0x40) != 0; }
  [[nodiscard]] bool has_qos() const { return (kind & 0x80) != 0; }
  [[nodiscard]] bool is_to_distribution() const { return (flags & 0x01) != 0; }
  [[nodiscard]] bool is_from_distribution() const { return (flags & 0x02) != 0; }
  // The body is encrypted.
  [[nodiscard]] bool is_protected() const { return (flags & 0x40) != 0; }
  // A fourth address, in frames between access points.
  [[nodiscard]] bool has_fourth_address() const {
    return is_to_distribution() && is_from_distribution();
  }
  // Section 9.2.4.1.10: in QoS frames the bit means that the HT control field is there.
  [[nodiscard]] bool has_ht_control() const { return has_qos() && (flags & 0x80) != 0; }
};

// Section 9.3.2.1: what follows the frame control of a data frame, up to its body.
struct Ieee80211Header {
  uint8_t fragment = 0;  // number of the fragment; only fragment 0 begins with a packet's headers
  bool is_aggregate = false;  // the body is an A-MSDU, section 9.3.2.2
  bool may_have_mesh_control = false;

  static Ieee80211Header read(ByteReader& reader, const Ieee80211FrameControl& control) {
    Ieee80211Header header;
    reader.skip(20);  // duration, three addresses
    header.fragment = reader.u8() & 0x0f;
    reader.skip(1);
    if (control.has_fourth_address()) reader.skip(6);
    if (control.has_qos()) {
      header.is_aggregate = (reader.u8() & 0x80) != 0;
      // Outside a mesh the bit is part of a queue's state, but only in frames to an access point.
      header.may_have_mesh_control = (reader.u8() & 0x01) != 0 && control.is_from_distribution();
    }
    if (control.has_ht_control()) reader.skip(4);
    return header;
  }
};

// Section 9.2.4.7.3: stands before the LLC header of data in a mesh.
struct MeshControl {
  uint8_t flags = 0;

  static MeshControl read(ByteReader& reader) {
    const MeshControl control{.flags = reader.u8()};
    reader.skip(5);  // time to live, sequence number
    if (control.is_valid()) reader.skip(size_t{6} * control.flags);
    return control;
  }

  // The flags are how many addresses follow, at most two; no LLC header of a packet begins so.
  [[nodiscard]] bool is_valid() const { return flags <= 2; }
};

}  // namespace flowscope
