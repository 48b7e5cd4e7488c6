#include <cstddef>
#include <cstdint>
#include <memory>

#include "flowcore/base/byte_reader.h"
#include "flowcore/base/check.h"
#include "flowcore/packet/decode.h"
#include "flowcore/packet/decode_plain.h"
#include "flowcore/packet/read_ip.h"
#include "tests/fuzz/fuzzed_packet.h"
#include "tests/support/decode_checks.h"

namespace flowscope {
namespace {

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
  const fuzz::FuzzedPacket fuzzed(fuzz::read_link(reader), reader);
  const auto burst = std::make_unique<Burst>();
  burst->count = 1;
  burst->packet[0] = fuzzed.view();
  decode_layers(*burst);
  const Layers layers = decode_frame(burst->packet[0]);
  FS_CHECK(layers == burst->layers[0]);
  testing::check_offsets(layers, burst->packet[0].frame.size());
  testing::check_five_tuple(layers, burst->packet[0]);
  testing::check_quoted(layers, burst->packet[0]);
  testing::check_checksums(*burst);
  if (burst->packet[0].frame.size() <= kDecodedBytesMax)
    check_plain(burst->packet[0].frame, layers.l3_offset);
}

}  // namespace
}  // namespace flowscope

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  flowscope::decode_once({bytes, size});
  return 0;
}
