#pragma once

#include <cstddef>
#include <cstdint>

#include "flowcore/base/byte_reader.h"

namespace flowscope {

// Headers of a line in front of whole frames of another link type.

// LINKTYPE_SUNATM, https://www.tcpdump.org/linktypes/LINKTYPE_SUNATM.html.
struct SunAtmHeader {
  // The low half of the flags; the upper bit is the direction.
  enum class Payload : uint8_t { Lane = 1, Llc = 2 };
  Payload payload{};

  static SunAtmHeader read(ByteReader& reader) {
    const SunAtmHeader header{.payload = static_cast<Payload>(reader.u8() & 0x0f)};
    reader.skip(3);  // virtual path and channel
    return header;
  }
};

// LAN emulation over ATM (af-lane-0021.000): two bytes before an Ethernet frame; control frames
// have a marker there.
struct LaneHeader {
  uint16_t marker = 0;

  static LaneHeader read(ByteReader& reader) { return {.marker = reader.u16()}; }

  [[nodiscard]] bool is_control() const { return marker == 0xff00; }
};

// The MAC header of DOCSIS (CM-SP-MULPIv3.1 section 6.2).
struct DocsisHeader {
  uint8_t frame_control = 0;

  static DocsisHeader read(ByteReader& reader) {
    const DocsisHeader header{.frame_control = reader.u8()};
    const uint8_t parameter = reader.u8();
    reader.skip(2);                                               // length
    if ((header.frame_control & 1) != 0) reader.skip(parameter);  // extended header
    reader.skip(2);                                               // header check sequence
    return header;
  }

  // Type 0: an Ethernet frame, not cells or management.
  [[nodiscard]] bool carries_ethernet() const { return frame_control >> 6 == 0; }
};

// FRF.16.1 section 2.2: begins, ends, control, and the sequence number of a fragment.
struct MultilinkFrameRelayHeader {
  uint8_t flags = 0;

  static MultilinkFrameRelayHeader read(ByteReader& reader) {
    const MultilinkFrameRelayHeader header{.flags = reader.u8()};
    reader.skip(1);
    return header;
  }

  // A frame relay frame in one piece.
  [[nodiscard]] bool carries_whole_frame() const { return (flags & 0xe0) == 0xc0; }
};

// IEEE Std 802.3 section 99.3: preamble and start of an mPacket, the unit of frames that others
// may cut in.
struct MpacketStart {
  uint8_t delimiter = 0;

  // The preamble may have lost bytes on its way.
  static MpacketStart read(ByteReader& reader) {
    MpacketStart start{.delimiter = kPreamble};
    for (uint32_t i = 0; i < kPreambleBytesMax && start.delimiter == kPreamble; ++i) {
      start.delimiter = reader.u8();
    }
    return start;
  }

  // A whole frame or the first piece of one; the other delimiters belong to later pieces and to
  // tests of the line.
  [[nodiscard]] bool begins_frame() const {
    return delimiter == 0xd5 || delimiter == 0xe6 || delimiter == 0x4c || delimiter == 0x7f
           || delimiter == 0xb3;
  }

 private:
  static constexpr uint8_t kPreamble = 0x55;
  static constexpr uint32_t kPreambleBytesMax = 8;
};

// The log of OpenBSD's packet filter: its first byte is its length, padded to a multiple of 4.
struct PflogHeader {
  static void skip(ByteReader& reader) {
    const size_t length = reader.u8();
    const size_t padded_bytes = (length + 3) / 4 * 4;
    if (padded_bytes > 0) reader.skip(padded_bytes - 1);
  }
};

}  // namespace flowscope
