#include <cstddef>
#include <cstdint>

#include "dataplane/pcap/capture_reader.h"

namespace flowscope {

// Reads the input as a capture, cut into blocks and reads whose sizes its last two bytes choose,
// and touches every byte that it is given.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  if (size < 2) return 0;
  const Bytes file(bytes, size - 2);
  const size_t bytes_per_read = 1 + size_t{bytes[size - 2]} * 16;
  const size_t block_bytes = 16 + size_t{bytes[size - 1]} * 16;
  CaptureReader reader = CaptureReader::over(ByteSource::of(file, bytes_per_read), "fuzz",
                                             {.block_bytes = block_bytes});
  Burst burst;
  uint64_t packets = 0;
  uint64_t frame_bytes = 0;
  volatile uint8_t touched = 0;
  while (!reader.ended()) {
    packets += reader.read(burst, 1 + bytes[size - 1] % kBurstMax);
    for (uint32_t i = 0; i < burst.count; ++i) {
      frame_bytes += burst.packet[i].frame.size();
      FS_CHECK(burst.packet[i].frame.size() <= burst.packet[i].wire_bytes);
      for (const uint8_t byte : burst.packet[i].frame) touched = touched ^ byte;
    }
  }
  FS_CHECK(packets == reader.packets_read());
  FS_CHECK(frame_bytes <= file.size() && reader.bytes_read() <= file.size());
  FS_CHECK(reader.fault() || reader.bytes_read() == file.size());
  return 0;
}

}  // namespace flowscope
