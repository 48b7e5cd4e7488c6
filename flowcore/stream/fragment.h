#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <span>

#include "flowcore/packet/layers.h"
#include "flowcore/packet/packet_view.h"
#include "flowcore/stream/fragment_overlap.h"

namespace flowscope {

// Which datagram a fragment belongs to: RFC 791 section 3.2 and RFC 8200 section 4.5, and the
// network it was seen in, so that tenants with the same addresses do not mix. 48 bytes without
// padding, hashed and compared as such. IPv4 addresses lie in the first four bytes.
struct FragmentKey {
  std::array<uint8_t, 16> source{};
  std::array<uint8_t, 16> destination{};
  uint32_t identification = 0;
  uint32_t encap_id = 0;
  uint16_t vlan_id = 0;
  uint16_t inner_vlan_id = 0;
  uint8_t protocol = 0;  // IPv4 only: fragments of one IPv6 datagram may differ in it
  uint8_t ip_version = 0;
  EncapKind encap_kind = EncapKind::None;
  uint8_t unused = 0;

  friend bool operator==(const FragmentKey& x, const FragmentKey& y) {
    return std::memcmp(&x, &y, sizeof(FragmentKey)) == 0;
  }
};
static_assert(sizeof(FragmentKey) == 48, "hashed and compared as bytes, so it has no padding");

// The most bytes of one datagram, IP header included where the version counts it.
inline constexpr uint32_t kDatagramBytesMax = 65535;
// The most bytes in front of a fragment's part, from the link header on.
inline constexpr uint32_t kFragmentHeaderBytesMax = 2048;

// One fragment as its packet tells it. Borrows the frame.
struct Fragment {
  enum class Fault : uint8_t {
    None,
    Empty,     // it carries nothing
    Uneven,    // not the last one, and no multiple of eight bytes (RFC 791, RFC 8200 section 4.5)
    Headers,   // above kFragmentHeaderBytesMax
    TooLarge,  // it ends beyond the largest datagram: the "ping of death"
  };
  FragmentKey key;
  FragmentRange range;  // in bytes of the datagram's payload
  Bytes part;           // as far as it was captured
  Bytes headers;        // all that stands before it, without IPv6's fragment header
  bool is_last = false;
  Fault fault = Fault::None;

  // Requires: `layers` are what the decoder says of `packet`, with is_fragment.
  static Fragment read(const PacketView& packet, const Layers& layers);
};

// What the IP length field says of a datagram whose `headers` (see Fragment) end where
// `payload_bytes` begin; it may be above kDatagramBytesMax.
[[nodiscard]] uint32_t datagram_bytes(uint32_t header_bytes, const Layers& layers,
                                      uint32_t payload_bytes);

// Makes the headers of a first fragment those of its whole datagram: lengths, the fragment field of
// IPv4 and its checksum (RFC 791 section 3.1), the next header of IPv6 (RFC 8200 section 4.5).
// Headers around the IP header stay as they are. Requires: `layers` are those of the first
// fragment; datagram_bytes() is not above kDatagramBytesMax.
void mend_headers(std::span<uint8_t> headers, const Layers& layers, uint32_t payload_bytes);

}  // namespace flowscope
