#include <cstddef>
#include <cstdint>
#include <memory>

#include "flowcore/base/byte_reader.h"
#include "tests/fuzz/fuzzed_packet.h"
#include "tests/support/decode_checks.h"

namespace flowscope {
namespace {

// Bit k of the mask stands for the kind k + 1; all bits set is Decap::all().
Decap decap_of(uint32_t mask) {
  Decap decap = Decap::all();
  for (size_t kind = 1; kind < kEncapKinds; ++kind) {
    if ((mask >> (kind - 1) & 1) == 0) decap.remove(static_cast<EncapKind>(kind));
  }
  return decap;
}

// One encapsulation after the other: each step goes inwards, and there is an end.
void check_steps(const PacketView& packet, const Decap& decap) {
  Layers layers = decode_frame(packet);
  for (uint32_t depth = 0;; ++depth) {
    const Layers before = layers;
    FS_CHECK(layers.encap.depth == depth);
    if (!take_off(packet, decap, layers)) {
      FS_CHECK(layers == before);
      return;
    }
    FS_CHECK(layers.l3_offset > before.l3_offset);
    testing::check_offsets(layers, packet.frame.size());
  }
}

// Input: link type, kinds to take off (three bytes), wire bytes beyond the captured ones, frame.
void decap_once(Bytes input) {
  ByteReader reader(input);
  const LinkType link = fuzz::read_link(reader);
  const Decap decap = decap_of(reader.u24());
  const fuzz::FuzzedPacket fuzzed(link, reader);
  const auto burst = std::make_unique<Burst>();
  burst->count = 1;
  burst->packet[0] = fuzzed.view();
  const PacketView& packet = burst->packet[0];
  decode_layers(*burst, decap);
  const Layers layers = decode_frame(packet, decap);
  FS_CHECK(layers == burst->layers[0]);
  testing::check_offsets(layers, packet.frame.size());
  testing::check_encap(layers, packet, decap);
  testing::check_five_tuple(layers, packet);
  testing::check_quoted(layers, packet);
  check_steps(packet, decap);
  testing::check_checksums(*burst);
}

}  // namespace
}  // namespace flowscope

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  flowscope::decap_once({bytes, size});
  return 0;
}
