#include <cstdio>
#include <fstream>

#include "tests/support/capture_writer.h"
#include "tests/support/tunnel_traffic.h"

// Writes tunnel_traffic() as a capture file: tunnel_capture OUT.
int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: tunnel_capture OUT\n", stderr);
    return 1;
  }
  flowscope::PcapWriter writer;
  const auto packets = flowscope::testing::tunnel_traffic();
  for (const auto& packet : packets) {
    writer.packet(packet.time_ns, {packet.frame.data(), packet.frame.size()});
  }
  const flowscope::Bytes bytes = writer.bytes();
  std::ofstream file(argv[1], std::ios::binary);
  for (const uint8_t byte : bytes) file.put(static_cast<char>(byte));
  file.close();
  if (!file) {
    std::fprintf(stderr, "tunnel_capture: cannot write %s\n", argv[1]);
    return 1;
  }
  std::printf("%s: %zu packets\n", argv[1], packets.size());
  return 0;
}
