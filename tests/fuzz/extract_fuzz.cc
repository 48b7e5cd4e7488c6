#include <cstddef>
#include <cstdint>

#include "flowcore/base/byte_reader.h"
#include "tests/fuzz/fuzzed_packet.h"
#include "tests/support/extractor_checks.h"

namespace flowscope {
namespace {

// Input: link type, wire bytes beyond the captured ones, frame. Extractors see it as a program does
// that takes nothing off, and as one that takes everything off.
void extract_once(Bytes input) {
  ByteReader reader(input);
  const fuzz::FuzzedPacket fuzzed(fuzz::read_link(reader), reader);
  const PacketView packet = fuzzed.view();
  testing::check_every_extractor(decode_frame(packet), packet);
  testing::check_every_extractor(decode_frame(packet, Decap::all()), packet);
  testing::check_detection(packet);
}

}  // namespace
}  // namespace flowscope

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  flowscope::extract_once({bytes, size});
  return 0;
}
