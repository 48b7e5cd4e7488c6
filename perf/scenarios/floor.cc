// The floor that replay is measured against: reads a capture file in blocks and only parses its
// headers, with the same reader and decoder. Prints packets and the processor time it took.

#include <sys/resource.h>

#include <cstdio>
#include <memory>

#include "dataplane/pcap/capture_reader.h"
#include "flowcore/packet/decode.h"

namespace {

double seconds_used() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto of = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return of(usage.ru_utime) + of(usage.ru_stime);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: fs_floor CAPTURE\n");
    return 1;
  }
  auto reader = flowscope::CaptureReader::open(argv[1]);
  if (!reader.ok()) {
    std::fprintf(stderr, "fs_floor: %s\n", reader.error().message.c_str());
    return 1;
  }
  const auto burst = std::make_unique<flowscope::Burst>();
  unsigned long long packets = 0;
  unsigned long long payload_bytes = 0;
  while (reader.value().read(*burst, 64) != 0) {
    flowscope::decode_layers(*burst);
    packets += burst->count;
    for (uint32_t i = 0; i < burst->count; ++i) payload_bytes += burst->layers[i].payload_bytes;
  }
  const double seconds = seconds_used();
  std::printf("{\"packets\": %llu, \"payload_bytes\": %llu, \"cpu_seconds\": %.6f}\n", packets,
              payload_bytes, seconds);
  return 0;
}
