#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "flowcore/base/byte_reader.h"
#include "flowcore/base/check.h"
#include "flowcore/extract/five_tuple.h"
#include "flowcore/packet/decode.h"
#include "flowcore/packet/decode_plain.h"
#include "flowcore/packet/read_ip.h"
#include "tests/support/exact_frame.h"

namespace flowscope {
namespace {

void check_offsets(const Layers& layers, size_t frame_bytes) {
  FS_CHECK(layers.l3_offset <= frame_bytes);
  FS_CHECK(layers.l4_offset <= frame_bytes);
  FS_CHECK(layers.payload_offset <= frame_bytes);
  FS_CHECK(layers.payload_captured <= frame_bytes - layers.payload_offset);
  FS_CHECK(layers.payload_captured <= layers.payload_bytes);
  FS_CHECK(!layers.has_l4 || layers.status == DecodeStatus::Ip);
  FS_CHECK(!layers.has_l4 || layers.payload_offset > layers.l4_offset);
  FS_CHECK(!layers.is_fragment || !layers.has_l4);
}

// Bidirectional and directional keys name the same endpoints, and the former are in order.
void check_keys(const PacketView& packet, const Layers& layers) {
  FlowKey sorted;
  FlowKey directional;
  Orientation orientation = Orientation::Forward;
  Orientation always_forward = Orientation::Reverse;
  const bool has_key = FiveTuple::bidirectional().extract(layers, packet, sorted, orientation);
  FS_CHECK(has_key == (layers.status == DecodeStatus::Ip));
  if (!has_key) return;
  FS_CHECK(FiveTuple::directional().extract(layers, packet, directional, always_forward));
  FS_CHECK(always_forward == Orientation::Forward);
  FS_CHECK(sorted.a_address < sorted.b_address
           || (sorted.a_address == sorted.b_address && sorted.a_port <= sorted.b_port));
  if (orientation == Orientation::Reverse) {
    std::swap(directional.a_address, directional.b_address);
    std::swap(directional.a_port, directional.b_port);
  }
  FS_CHECK(sorted == directional);
}

// The fast way for an IP packet at any offset, as inside a tunnel, agrees with the general one.
void check_plain(Bytes frame, uint16_t l3_offset) {
  for (const uint8_t version : {uint8_t{4}, uint8_t{6}}) {
    Layers fast;
    if (!decode_plain_ip(frame, l3_offset, version, fast)) continue;
    Layers slow;
    slow.l3_offset = l3_offset;
    read_ip(frame, version, static_cast<uint32_t>(frame.size() - l3_offset), slow);
    FS_CHECK(fast == slow);
  }
}

// Input: link type, wire bytes beyond the captured ones, frame.
void decode_once(Bytes input) {
  ByteReader reader(input);
  const auto link = static_cast<LinkType>(reader.u8() % (static_cast<int>(LinkType::Unknown) + 1));
  const uint32_t cut_bytes = reader.u8();
  const testing::ExactFrame exact(reader.rest());
  const auto burst = std::make_unique<Burst>();
  burst->count = 1;
  burst->packet[0] = {.frame = exact.bytes(),
                      .wire_bytes = static_cast<uint32_t>(exact.bytes().size()) + cut_bytes,
                      .link = link};
  decode_layers(*burst);
  const Layers layers = decode_frame(burst->packet[0]);
  FS_CHECK(layers == burst->layers[0]);
  check_offsets(layers, exact.bytes().size());
  check_keys(burst->packet[0], layers);
  if (exact.bytes().size() <= kDecodedBytesMax) check_plain(exact.bytes(), layers.l3_offset);
}

}  // namespace
}  // namespace flowscope

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  flowscope::decode_once({bytes, size});
  return 0;
}
