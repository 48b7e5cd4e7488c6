// What TLS handshakes tell of who talks: name, version, protocol and fingerprint of each, as soon
// as both hellos are there. The driver is fed by hand, packet by packet, as a program does that has
// frames from elsewhere; its messages are looked at where they lie and not copied.
//
//   example_tls_observer traffic.pcap
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

#include "dataplane/pcap/pcap_flow_source.h"
#include "flowcore/extract/five_tuple.h"
#include "l7/driver.h"
#include "l7/tls/tls.h"

namespace {

using flowscope::Application;
using flowscope::EventKind;
using flowscope::FiveTuple;
using flowscope::PacketView;
using flowscope::PcapFlowSource;
using flowscope::SessionAnomaly;
using flowscope::SessionClosed;
using flowscope::SessionParseError;
using flowscope::tls::TlsParser;
using flowscope::tls::TlsSession;
using TlsDriver = flowscope::FlowSessionDriver<FiveTuple, TlsParser>;

struct Observer {
  uint64_t closed = 0;
  uint64_t bytes = 0;  // of both sides' payload up to where the handshake was read

  void operator()(const Application<TlsSession>& event) const {
    const TlsSession& session = event.message;  // good during this call only
    const std::string_view name = session.client != nullptr ? session.client->server_name : "-";
    const std::string_view ja4 = session.client != nullptr ? session.client->ja4 : "-";
    std::printf("%.*s: ", static_cast<int>(name.size()), name.data());
    if (session.server != nullptr) {
      const flowscope::tls::VersionName version(session.server->numbers.version);
      std::printf("%s, ", std::string(version.text()).c_str());
    }
    std::printf("%.*s\n", static_cast<int>(ja4.size()), ja4.data());
  }
  void operator()(const SessionParseError& event) const {
    std::printf("no TLS any more: %s\n", std::string(event.reason).c_str());
  }
  void operator()(const SessionAnomaly& event) const {
    std::printf("strange: %s\n", std::string(event.kind).c_str());
  }
  void operator()(const SessionClosed& event) {
    if (event.parser != TlsParser::kName) return;  // a flow of something else
    ++closed;
    bytes += event.stats.side[0].bytes + event.stats.side[1].bytes;
  }
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s CAPTURE\n", argv[0]);
    return 1;
  }
  auto source = PcapFlowSource::open(argv[1]);
  // Anomalies are told only to who asks for them. Flows end when they are idle, not only when
  // sweep() is called.
  TlsDriver::Options options{.tracker = PcapFlowSource::kTrackerOptions};
  options.tracker.events = options.tracker.events.with(EventKind::FlowAnomaly);
  auto driver = TlsDriver::create(options, FiveTuple::bidirectional());
  if (!source.ok() || !driver.ok()) {
    const auto& error = source.ok() ? driver.error() : source.error();
    std::fprintf(stderr, "%s\n", error.message.c_str());
    return 1;
  }
  Observer observer;
  auto packets = source.value().packets();
  for (const PacketView& packet : packets) driver.value().track(packet, observer);
  driver.value().finish(observer);

  std::printf("%" PRIu64 " sessions, %" PRIu64 " bytes up to the end of their handshakes\n",
              observer.closed, observer.bytes);
  if (packets.fault()) {
    std::fprintf(stderr, "%s\n", packets.fault()->message.c_str());
    return 1;
  }
  return 0;
}
