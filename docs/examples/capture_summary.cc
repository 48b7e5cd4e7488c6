// The largest flows of a capture file: who talked to whom, how much, and how it ended.
//
//   example_capture_summary traffic.pcap
#include <algorithm>
#include <array>
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <string_view>
#include <variant>
#include <vector>

#include "dataplane/pcap/pcap_flow_source.h"
#include "flowcore/extract/five_tuple.h"

namespace {

using flowscope::EventKind;
using flowscope::FiveTuple;
using flowscope::FlowEnded;
using flowscope::FlowEvent;
using flowscope::FlowTrackerOptions;
using flowscope::PcapFlowSource;

constexpr size_t kShown = 10;

// IPv6 in full: eight groups of four digits.
void print_endpoint(const flowscope::Address& address, uint16_t port, uint8_t ip_version) {
  if (ip_version == 4) {
    std::printf("%d.%d.%d.%d", address[0], address[1], address[2], address[3]);
  } else {
    for (size_t i = 0; i < address.size(); i += 2) {
      std::printf(i == 0 ? "%02x%02x" : ":%02x%02x", address[i], address[i + 1]);
    }
  }
  std::printf(" port %d", port);
}

void print(const FlowEnded& flow) {
  print_endpoint(flow.key.a_address, flow.key.a_port, flow.key.ip_version);
  std::printf(" - ");
  print_endpoint(flow.key.b_address, flow.key.b_port, flow.key.ip_version);
  const std::string_view reason = name_of(flow.reason);
  const uint64_t lasted_ns = flow.stats.last_seen.saturating_since(flow.stats.started);
  std::printf(", protocol %d: %" PRIu64 " packets, %" PRIu64 " bytes in %.3f s, %.*s\n",
              flow.key.protocol, flow.stats.packets(), flow.stats.bytes(),
              static_cast<double>(lasted_ns) / 1e9, static_cast<int>(reason.size()), reason.data());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s CAPTURE\n", argv[0]);
    return 1;
  }
  auto source = PcapFlowSource::open(argv[1]);
  if (!source.ok()) {
    std::fprintf(stderr, "%s\n", source.error().message.c_str());
    return 1;
  }
  // Of all events only the last one of each flow is wanted; the others are not even made.
  FlowTrackerOptions options = PcapFlowSource::kTrackerOptions;
  options.events = flowscope::EventMask::of({EventKind::Ended});
  auto events = source.value().with_extractor(FiveTuple::bidirectional(), options);

  // Events are values: what is kept of them stays good.
  std::vector<FlowEnded> flows;
  for (const FlowEvent& event : events) flows.push_back(std::get<FlowEnded>(event));

  const size_t shown = std::min(kShown, flows.size());
  std::partial_sort(
      flows.begin(), flows.begin() + static_cast<std::ptrdiff_t>(shown), flows.end(),
      [](const FlowEnded& a, const FlowEnded& b) { return a.stats.bytes() > b.stats.bytes(); });
  std::printf("%" PRIu64 " packets, %zu flows\n", events.packets_read(), flows.size());
  for (size_t i = 0; i < shown; ++i) print(flows[i]);

  // A file that breaks off: everything in front of the break has been told.
  if (events.fault()) {
    std::fprintf(stderr, "%s\n", events.fault()->message.c_str());
    return 1;
  }
  return 0;
}
