#pragma once

#include <array>
#include <cstdint>

#include "flowcore/base/byte_reader.h"
#include "flowcore/packet/layers.h"
#include "flowcore/packet/packet_view.h"
#include "flowcore/packet/tcp.h"

namespace flowscope {

// TCP options (RFC 9293 section 3.2; window scale and time stamps RFC 7323, selective
// acknowledgment RFC 2018), as far as they tell something about a host. Read from SYNs, where hosts
// differ in which they send and in what order.
struct TcpOptions {
  static constexpr size_t kKindsMax = 16;
  static constexpr uint8_t kEnd = 0;
  static constexpr uint8_t kNothing = 1;
  static constexpr uint8_t kSegmentSizeMax = 2;
  static constexpr uint8_t kWindowScale = 3;
  static constexpr uint8_t kSackPermitted = 4;
  static constexpr uint8_t kTimestamps = 8;
  // A larger shift counts as this one (RFC 7323 section 2.3).
  static constexpr uint8_t kWindowScaleMax = 14;

  uint16_t segment_size_max = 0;  // 0: not sent
  uint8_t window_scale = 0;
  bool has_window_scale = false;
  bool sack_permitted = false;
  bool has_timestamps = false;
  uint8_t kinds_count = 0;                 // of `kinds`; what comes after kKindsMax is left out
  std::array<uint8_t, kKindsMax> kinds{};  // in the order sent, padding by kNothing included

  // Reads to the end, to the end-of-options mark or to the first option whose length is wrong.
  static TcpOptions read(Bytes options) {
    TcpOptions found;
    ByteReader reader(options);
    while (reader.remaining() != 0) {
      const uint8_t kind = reader.u8();
      Bytes value;
      if (kind > kNothing) {
        const uint8_t option_bytes = reader.u8();
        if (!reader.ok() || option_bytes < 2) break;
        value = reader.bytes(option_bytes - 2U);
        if (!reader.ok()) break;
      }
      if (found.kinds_count < kKindsMax) found.kinds[found.kinds_count++] = kind;
      if (kind == kEnd) break;
      found.take(kind, value);
    }
    return found;
  }
  // Those of a TCP packet, as far as they were captured. Requires: layers.has_l4, TCP.
  static TcpOptions of(const PacketView& packet, const Layers& layers) {
    const size_t begin = size_t{layers.l4_offset} + TcpHeader::kBytesMin;
    if (layers.payload_offset <= begin) return {};
    return read(packet.frame.sub(begin, layers.payload_offset - begin));
  }

 private:
  void take(uint8_t kind, Bytes value) {
    ByteReader reader(value);
    if (kind == kSegmentSizeMax && value.size() == 2) segment_size_max = reader.u16();
    if (kind == kWindowScale && value.size() == 1) {
      const uint8_t shift = reader.u8();
      window_scale = shift < kWindowScaleMax ? shift : kWindowScaleMax;
      has_window_scale = true;
    }
    if (kind == kSackPermitted && value.empty()) sack_permitted = true;
    if (kind == kTimestamps && value.size() == 8) has_timestamps = true;
  }
};

}  // namespace flowscope
