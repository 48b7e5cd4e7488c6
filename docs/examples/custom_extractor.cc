// An extractor of your own: one flow for each client network (/24) and service port, whoever of the
// network asks and whatever port it asks from. Prints what each network sent and got.
//
// Everything below flowcore is a library: no threads, no clock, no I/O of its own. Frames come from
// code here, so that the program needs no capture, and go through the tracker in one burst.
#include <algorithm>
#include <array>
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <variant>
#include <vector>

#include "flowcore/extract/flow_extractor.h"
#include "flowcore/packet/ipv4.h"
#include "flowcore/track/flow_tracker.h"

namespace {

using flowscope::Address;
using flowscope::Bytes;
using flowscope::FlowEnded;
using flowscope::FlowEvent;
using flowscope::FlowKey;
using flowscope::Layers;
using flowscope::Orientation;
using flowscope::PacketView;

// The service is the end with the lower port. Packets from the client go Forward.
class ClientNetwork {
 public:
  bool extract(const Layers& layers, const PacketView& packet, FlowKey& key,
               Orientation& orientation) const {
    if (layers.status != flowscope::DecodeStatus::Ip || layers.ip_version != 4) return false;
    if (layers.source_port == 0) return false;  // no ports: belongs to no flow
    const bool is_answer = layers.source_port < layers.destination_port;
    const size_t addresses = layers.l3_offset + flowscope::Ipv4Header::kAddressesOffset;
    const Bytes client = packet.frame.sub(addresses + (is_answer ? 4 : 0), 3);
    key = {};  // keys are compared as bytes: what is not used must be zero
    std::copy(client.begin(), client.end(), key.a_address.begin());
    key.b_port = std::min(layers.source_port, layers.destination_port);
    key.protocol = layers.ip_protocol;
    key.ip_version = 4;
    orientation = is_answer ? Orientation::Reverse : Orientation::Forward;
    return true;
  }
};
static_assert(flowscope::FlowExtractor<ClientNetwork>);

// Prints flows when they end; of the other events it wants none.
struct PrintingSink {
  void operator()(const FlowEvent& event) const {
    const auto& [key, reason, stats] = std::get<FlowEnded>(event);
    const Address& network = key.a_address;
    std::printf("%d.%d.%d.0/24 port %d: %" PRIu64 " packets sent, %" PRIu64 " got\n", network[0],
                network[1], network[2], key.b_port, stats.side[0].packets, stats.side[1].packets);
  }
};

using Ipv4 = std::array<uint8_t, 4>;

// Ethernet, IPv4 and UDP around nothing; checksums are left out, nobody here asks for them.
std::vector<uint8_t> udp_frame(Ipv4 source, uint16_t source_port, Ipv4 destination,
                               uint16_t destination_port) {
  std::vector<uint8_t> frame(14 + 20 + 8);
  const auto put16 = [&frame](size_t offset, uint16_t value) {
    frame[offset] = static_cast<uint8_t>(value >> 8);
    frame[offset + 1] = static_cast<uint8_t>(value);
  };
  put16(12, 0x0800);
  frame[14] = 0x45;
  put16(16, 20 + 8);
  frame[22] = 64;
  frame[23] = 17;
  std::copy(source.begin(), source.end(), frame.begin() + 26);
  std::copy(destination.begin(), destination.end(), frame.begin() + 30);
  put16(34, source_port);
  put16(36, destination_port);
  put16(38, 8);
  return frame;
}

// Three hosts of two networks ask one server; each is answered.
std::vector<std::vector<uint8_t>> traffic() {
  constexpr Ipv4 kServer = {192, 0, 2, 53};
  std::vector<std::vector<uint8_t>> frames;
  for (const Ipv4 client : {Ipv4{10, 1, 1, 7}, Ipv4{10, 1, 1, 200}, Ipv4{10, 1, 2, 7}}) {
    const auto port = static_cast<uint16_t>(50000 + client[3]);
    frames.push_back(udp_frame(client, port, kServer, 53));
    frames.push_back(udp_frame(kServer, 53, client, port));
  }
  frames.push_back(udp_frame({10, 1, 2, 9}, 50000, kServer, 123));
  return frames;
}

}  // namespace

int main() {
  auto tracker = flowscope::FlowTracker<ClientNetwork>::create(
      {.flows_max = 1024,
       .events = flowscope::EventMask::of({flowscope::EventKind::Ended}),
       .hash_seed_low = 1,
       .hash_seed_high = 2},
      ClientNetwork());
  if (!tracker.ok()) return 1;

  const auto burst = std::make_unique<flowscope::Burst>();
  const auto frames = traffic();
  uint64_t time_ns = 0;
  for (const auto& frame : frames) {
    time_ns += 1'000'000;
    burst->packet[burst->count++] = {.frame = {frame.data(), frame.size()},
                                     .time = {time_ns},
                                     .wire_bytes = static_cast<uint32_t>(frame.size())};
  }
  tracker.value().track_burst(*burst, PrintingSink());
  tracker.value().finish(PrintingSink());

  // Both hosts of 10.1.1.0/24 are one flow; 10.1.2.0/24 asked for two services.
  return tracker.value().stats().created == 3 ? 0 : 1;
}
