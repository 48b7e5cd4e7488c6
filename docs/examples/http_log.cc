// A line for each HTTP exchange of a capture file: when, between whom, what was asked for and how
// it was answered.
//
//   example_http_log traffic.pcap
#include <arpa/inet.h>

#include <array>
#include <cstdio>
#include <string>
#include <string_view>
#include <variant>

#include "dataplane/pcap/pcap_flow_source.h"
#include "flowcore/extract/five_tuple.h"
#include "l7/http/http.h"

namespace {

using flowscope::FiveTuple;
using flowscope::FlowSide;
using flowscope::OwnedApplication;
using flowscope::OwnedFlow;
using flowscope::OwnedMessage;
using flowscope::OwnedSessionEvent;
using flowscope::PcapFlowSource;

std::string end_of(const OwnedFlow& flow, FlowSide side) {
  const int family = flow.key.ip_version == 6 ? AF_INET6 : AF_INET;
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(family, flow.address_of(side).data(), text.data(), text.size());
  return std::string(text.data()) + " port " + std::to_string(flow.port_of(side));
}

// A field by its name in the EVE record; "-" where the exchange had none.
std::string text_of(const OwnedMessage& http, std::string_view name) {
  return std::string(http.text(name).value_or("-"));
}

void print(const OwnedApplication<>& event) {
  const OwnedMessage& http = event.message;
  std::printf("%.6f %s > %s: %s %s %s, status %d, %d bytes\n",
              static_cast<double>(event.time.ns) / 1e9,
              end_of(event.flow, FlowSide::Initiator).c_str(),
              end_of(event.flow, FlowSide::Responder).c_str(), text_of(http, "http_method").c_str(),
              text_of(http, "hostname").c_str(), text_of(http, "url").c_str(),
              static_cast<int>(http.number("status").value_or(0)),
              static_cast<int>(http.number("length").value_or(0)));
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
  auto events = source.value().sessions<flowscope::http::HttpParser>(FiveTuple::bidirectional());
  for (const OwnedSessionEvent<>& event : events) {
    if (const auto* http = std::get_if<OwnedApplication<>>(&event)) print(*http);
  }
  if (events.fault()) {
    std::fprintf(stderr, "%s\n", events.fault()->message.c_str());
    return 1;
  }
  return 0;
}
