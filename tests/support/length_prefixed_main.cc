#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "tests/support/capture_writer.h"
#include "tests/support/length_prefixed_capture.h"

// Writes length_prefixed_session() as a capture file of microseconds:
// length_prefixed_capture OUT [SEGMENT_BYTES].
int main(int argc, char** argv) {
  constexpr uint64_t kFirstTimeNs = 1'700'000'000'000'000'000;
  constexpr uint64_t kGapNs = 50'000;
  const uint64_t segment_bytes = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 65'000;
  if (argc < 2 || segment_bytes == 0) {
    std::fputs("usage: length_prefixed_capture OUT [SEGMENT_BYTES]\n", stderr);
    return 1;
  }
  flowscope::PcapWriter writer;
  uint64_t time_ns = kFirstTimeNs;
  for (const auto& frame : flowscope::testing::length_prefixed_session(segment_bytes)) {
    writer.packet(time_ns, {frame.data(), frame.size()});
    time_ns += kGapNs;
  }
  const flowscope::Bytes bytes = writer.bytes();
  std::ofstream file(argv[1], std::ios::binary);
  std::for_each(bytes.begin(), bytes.end(),
                [&](uint8_t byte) { file.put(static_cast<char>(byte)); });
  file.close();
  if (!file) {
    std::fprintf(stderr, "length_prefixed_capture: cannot write %s\n", argv[1]);
    return 1;
  }
  return 0;
}
