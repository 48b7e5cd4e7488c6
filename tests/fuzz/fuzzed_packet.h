#pragma once

#include <cstddef>
#include <cstdint>

#include "flowcore/base/byte_reader.h"
#include "flowcore/packet/packet_view.h"
#include "tests/support/exact_frame.h"

// What the fuzz targets of packets have in common: an input is a packet.
namespace flowscope::fuzz {

// One byte: the link type.
inline LinkType read_link(ByteReader& reader) {
  return static_cast<LinkType>(reader.u8() % (static_cast<int>(LinkType::Unknown) + 1));
}

// The rest of an input: wire bytes beyond the captured ones (1 byte), frame. Lifetime: the packet's
// frame is this object's.
class FuzzedPacket {
 public:
  FuzzedPacket(LinkType link, ByteReader& reader)
      : cut_bytes_(reader.u8()), exact_(reader.rest()), link_(link) {}

  [[nodiscard]] PacketView view() const {
    const Bytes frame = exact_.bytes();
    return {.frame = frame,
            .wire_bytes = static_cast<uint32_t>(frame.size()) + cut_bytes_,
            .link = link_};
  }

 private:
  uint32_t cut_bytes_;
  testing::ExactFrame exact_;
  LinkType link_;
};

}  // namespace flowscope::fuzz
