// Feeds one input to OpenVPN's parsers as a series of steps (see stream_steps.h): over TCP, and
// over UDP each step as one datagram.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "l7/openvpn/openvpn.h"
#include "tests/fuzz/stream_steps.h"
#include "tests/unit/l7/tls/recording_sink.h"

namespace flowscope::openvpn {
namespace {

using Sink = tls::test::RecordingSink;

void check_datagrams(Bytes input) {
  Sink sink;
  {
    OpenVpnDatagramParser parser{ParserSetup{fuzz::pool()}};
    ParseStatus status = ParseStatus::Ok;
    fuzz::each_step(input, [&](const fuzz::Step& step) {
      (void)OpenVpnDatagramParser::probe_datagram(step.bytes, 1, 2);
      status = parser.on_datagram(step.side, step.bytes, Timestamp{}, sink);
      return status;
    });
    if (status == ParseStatus::Ok) parser.on_end(StreamEnd::Graceful, sink);
  }
  if (sink.sessions.size() > 1 || fuzz::pool().bytes_in_use() != 0) std::abort();
}

void check(Bytes input) {
  fuzz::check_stream<OpenVpnStreamParser, Sink>(input);
  check_datagrams(input);
}

}  // namespace
}  // namespace flowscope::openvpn

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  flowscope::openvpn::check({bytes, size});
  return 0;
}
