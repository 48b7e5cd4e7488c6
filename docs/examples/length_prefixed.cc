// A protocol of one's own: the frames of a length-prefixed protocol in a capture file, by the
// parser of length_prefixed_parser.h, which nothing in the library knows.
//
//   example_length_prefixed traffic.pcap
#include <cinttypes>
#include <cstdio>
#include <string>
#include <variant>

#include "dataplane/pcap/pcap_flow_source.h"
#include "docs/examples/length_prefixed_parser.h"
#include "flowcore/extract/five_tuple.h"

namespace {

using example::LengthPrefixedFrame;
using example::LengthPrefixedParser;
using flowscope::FiveTuple;
using flowscope::FlowSide;
using flowscope::PcapFlowSource;

// What is kept of a frame. Frames borrow the stream's bytes; a value owns what it holds.
struct KeptFrame {
  std::string body;

  explicit KeptFrame(const LengthPrefixedFrame& frame) : body(frame.body.as_text()) {}
};

using Event = flowscope::OwnedSessionEvent<KeptFrame>;
using Message = flowscope::OwnedApplication<KeptFrame>;

// The start of it, where it is long.
std::string shown(const std::string& body) {
  constexpr size_t kShown = 16;
  return body.size() <= kShown ? body : body.substr(0, kShown) + "...";
}

void print(const Event& event) {
  if (const auto* message = std::get_if<Message>(&event)) {
    std::printf("%s: %zu bytes, %s\n", message->side == FlowSide::Initiator ? "client" : "server",
                message->message.body.size(), shown(message->message.body).c_str());
  } else if (const auto* error = std::get_if<flowscope::OwnedParseError>(&event)) {
    std::printf("parse error: %s\n", error->reason.c_str());
  } else if (const auto* closed = std::get_if<flowscope::OwnedClosed>(&event)) {
    std::printf("closed: %s, %" PRIu64 " bytes from the client, %" PRIu64 " from the server\n",
                std::string(name_of(closed->reason)).c_str(), closed->stats.side[0].bytes,
                closed->stats.side[1].bytes);
  }
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
  // Only flows of port 5678 whose first bytes are a frame's.
  flowscope::FlowSessionDriver<FiveTuple, LengthPrefixedParser>::Options options{
      .tracker = PcapFlowSource::kTrackerOptions};
  options.routing[0] = {.by = flowscope::Routing::By::Both, .ports = {5678}};
  auto events =
      source.value().sessions<LengthPrefixedParser, KeptFrame>(FiveTuple::bidirectional(), options);
  for (const Event& event : events) print(event);
  if (events.fault()) {
    std::fprintf(stderr, "%s\n", events.fault()->message.c_str());
    return 1;
  }
  return 0;
}
