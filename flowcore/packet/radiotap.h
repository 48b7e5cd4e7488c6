#pragma once

#include <cstdint>

#include "flowcore/base/byte_reader.h"
#include "flowcore/packet/little_endian.h"

namespace flowscope {

// https://www.radiotap.org: what a wireless card knew of a frame, in front of it. Little-endian.
struct RadiotapHeader {
  bool is_valid = false;
  // The IEEE 802.11 header after this one is padded to a multiple of 4 bytes.
  bool has_padded_frame_header = false;

  // Leaves the reader behind the whole header.
  static RadiotapHeader read(ByteReader& reader) {
    const uint8_t version = reader.u8();
    reader.skip(1);
    const uint16_t total_bytes = read_le16(reader);
    if (version != 0 || total_bytes < kBytesMin) return {};
    ByteReader fields(reader.bytes(total_bytes - size_t{4}));
    return {.is_valid = true, .has_padded_frame_header = (read_flags(fields) & kDataPad) != 0};
  }

 private:
  static constexpr uint16_t kBytesMin = 8;
  // Sets of fields in one header; cards write one for each antenna.
  static constexpr uint32_t kPresenceWordsMax = 32;
  static constexpr uint32_t kHasTimestamp = 1U << 0;
  static constexpr uint32_t kHasFlags = 1U << 1;
  static constexpr uint32_t kHasMorePresence = 1U << 31;
  static constexpr uint8_t kDataPad = 0x20;

  // The flags field of the first namespace, or 0. `fields` begins at byte 4 of the header.
  static uint8_t read_flags(ByteReader& fields) {
    const uint32_t present = read_le32(fields);
    uint32_t word = present;
    for (uint32_t i = 1; i < kPresenceWordsMax && (word & kHasMorePresence) != 0; ++i) {
      word = read_le32(fields);
    }
    if ((present & kHasTimestamp) != 0) {
      // Eight bytes, on a multiple of 8 from the beginning of the header; so far all is words.
      if (fields.position() % 8 == 0) fields.skip(4);
      fields.skip(8);
    }
    return (present & kHasFlags) != 0 ? fields.u8() : uint8_t{0};
  }
};

}  // namespace flowscope
