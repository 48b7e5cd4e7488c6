#pragma once

#include <cstdint>

#include "flowcore/base/bytes.h"
#include "flowcore/base/timestamp.h"
#include "flowcore/packet/link_type.h"

namespace flowscope {

// What the network card found of a checksum of the frame's outermost IP packet. Unknown: it did not
// look.
enum class ChecksumVerdict : uint8_t { Unknown, Good, Bad };

// One captured frame where it lies (mbuf or reader's block), and when it was seen. Borrows the
// bytes: they live until the burst is released.
struct PacketView {
  Bytes frame;              // captured bytes, from the link-layer header on
  Timestamp time;           // packet time
  uint32_t wire_bytes = 0;  // length on the wire; larger than frame.size() when the capture cut it
  LinkType link = LinkType::Ethernet;
  ChecksumVerdict ip_checksum = ChecksumVerdict::Unknown;
  ChecksumVerdict l4_checksum = ChecksumVerdict::Unknown;
};

}  // namespace flowscope
