#include <cstddef>
#include <cstdint>

#include "flowcore/base/byte_reader.h"
#include "tests/support/exact_frame.h"
#include "tests/support/extractor_checks.h"

namespace flowscope {
namespace {

// Input: link type, wire bytes beyond the captured ones, frame. Extractors see it as a program does
// that takes nothing off, and as one that takes everything off.
void extract_once(Bytes input) {
  ByteReader reader(input);
  const auto link = static_cast<LinkType>(reader.u8() % (static_cast<int>(LinkType::Unknown) + 1));
  const uint32_t cut_bytes = reader.u8();
  const testing::ExactFrame exact(reader.rest());
  const PacketView packet{.frame = exact.bytes(),
                          .wire_bytes = static_cast<uint32_t>(exact.bytes().size()) + cut_bytes,
                          .link = link};
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
