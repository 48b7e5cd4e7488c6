// Writes captures one behind the other into one, as a device of DPDK's pcap driver shows their
// packets: times in microseconds, and no bytes but those that were captured.
//
//   device_capture OUTPUT CAPTURE...
//
// Each capture begins an hour after the one before has ended, when all its flows are over; times
// inside of a capture keep their distances. One alone keeps its times. What the driver would not
// show is left out, and named on standard output with the reason: captures of other link types than
// Ethernet, damaged ones, those with times after 2038, which libpcap takes for times before 1970,
// and, of several, those whose times do not fit into a day.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "dataplane/pcap/pcap_flow_source.h"
#include "tests/support/capture_writer.h"

namespace {

using flowscope::LinkType;
using flowscope::PacketView;
using flowscope::PcapFlowSource;
using flowscope::PcapWriter;

constexpr uint64_t kSecondNs = 1'000'000'000;
constexpr uint64_t kHourNs = 3600 * kSecondNs;
constexpr uint64_t kSecondsEnd = uint64_t{1} << 31;  // in January 2038

struct Span {
  uint64_t first_ns = UINT64_MAX;
  uint64_t last_ns = 0;
};

// What the capture spans, or why it is left out.
std::string measure(const char* path, bool is_alone, Span& span) {
  auto source = PcapFlowSource::open(path);
  if (!source.ok()) return "damaged";
  auto packets = source.value().packets();
  bool all_ethernet = true;
  for (const PacketView& packet : packets) {
    all_ethernet = all_ethernet && packet.link == LinkType::Ethernet;
    span.first_ns = std::min(span.first_ns, packet.time.ns);
    span.last_ns = std::max(span.last_ns, packet.time.ns);
  }
  if (packets.fault()) return "damaged";
  if (!all_ethernet) return "not Ethernet";
  if (packets.packets_read() == 0) return "empty";
  if (is_alone && span.last_ns >= kSecondsEnd * kSecondNs) return "after 2038";
  if (!is_alone && span.last_ns - span.first_ns > 24 * kHourNs) return "longer than a day";
  return {};
}

// Copies the packets, those of the time `from_ns` to `to_ns`.
void copy(const char* path, uint64_t from_ns, uint64_t to_ns, PcapWriter& copy) {
  auto source = PcapFlowSource::open(path);
  if (!source.ok()) return;
  for (const PacketView& packet : source.value().packets())
    copy.packet(packet.time.ns - from_ns + to_ns, packet.frame);
}

bool write(const char* path, const PcapWriter& capture) {
  std::FILE* const file = std::fopen(path, "wb");
  if (file == nullptr) return false;
  const flowscope::Bytes bytes = capture.bytes();
  const bool is_written = std::fwrite(bytes.begin(), 1, bytes.size(), file) == bytes.size();
  return std::fclose(file) == 0 && is_written;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: %s OUTPUT CAPTURE...\n", argv[0]);
    return 1;
  }
  PcapWriter together;
  uint64_t begin_ns = kHourNs;
  const bool is_alone = argc == 3;
  for (int i = 2; i < argc; ++i) {
    Span span;
    const std::string reason = measure(argv[i], is_alone, span);
    if (!reason.empty()) {
      std::printf("%s: %s\n", argv[i], reason.c_str());
      continue;
    }
    // Whole seconds, so that microseconds are cut where they would be.
    const uint64_t from_ns = span.first_ns / kSecondNs * kSecondNs;
    copy(argv[i], from_ns, is_alone ? from_ns : begin_ns, together);
    begin_ns += (span.last_ns - from_ns) / kSecondNs * kSecondNs + kHourNs;
  }
  if (write(argv[1], together)) return 0;
  std::perror(argv[1]);
  return 1;
}
