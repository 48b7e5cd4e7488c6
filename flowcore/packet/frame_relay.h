#pragma once

#include <cstdint>

#include "flowcore/base/byte_reader.h"

namespace flowscope {

// The control field of unnumbered information, after which RFC 2427 puts an NLPID.
inline constexpr uint8_t kFrameRelayUnnumbered = 0x03;

// ITU-T Q.922 section 3.3: an address of 2 to 4 bytes, the lowest bit set in the last one.
struct Q922Address {
  static constexpr uint32_t kBytesMin = 2;
  static constexpr uint32_t kBytesMax = 4;
  uint32_t bytes = 0;
  bool is_complete = false;

  static Q922Address read(ByteReader& reader) {
    Q922Address address;
    while (!address.is_complete && address.bytes < kBytesMax && reader.ok()) {
      address.is_complete = (reader.u8() & 1) != 0;
      ++address.bytes;
    }
    return address;
  }

  [[nodiscard]] bool is_valid() const { return is_complete && bytes >= kBytesMin; }
};

}  // namespace flowscope
