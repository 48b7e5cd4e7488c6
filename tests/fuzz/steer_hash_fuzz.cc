#include <cstddef>
#include <cstdint>

#include "flowcore/base/byte_reader.h"
#include "tests/fuzz/fuzzed_packet.h"
#include "tests/support/steer_checks.h"

namespace flowscope {
namespace {

// Input: link type, wire bytes beyond the captured ones, frame.
void glance_once(Bytes input) {
  ByteReader reader(input);
  const fuzz::FuzzedPacket fuzzed(fuzz::read_link(reader), reader);
  const PacketView packet = fuzzed.view();
  const SteerHash steer(1, 2);
  testing::check_glance(steer, packet, kNoDecap);
  testing::check_glance(steer, packet, Decap::all());
}

}  // namespace
}  // namespace flowscope

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  flowscope::glance_once({bytes, size});
  return 0;
}
