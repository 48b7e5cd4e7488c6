// Feeds one input to the DTLS parser as a series of datagrams of both sides: it must tell one
// session at most, and leave no memory behind. All bytes of the session are read.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <utility>

#include "l7/tls/tls.h"
#include "tests/unit/l7/tls/recording_sink.h"

namespace flowscope::tls {
namespace {

constexpr size_t kPoolBytes = size_t{1} << 20;
constexpr uint8_t kSideBit = 1;

// A step is: flags (1 byte), how many bytes the datagram has (2), bytes.
void run(Bytes input) {
  Arena arena =
      std::move(Arena::create(BufferPool::cost(kPoolBytes), Arena::Populate::Lazily).value());
  BufferPool pool(arena, kPoolBytes);
  test::RecordingSink sink;
  DtlsParser parser(ParserSetup{pool});
  ByteReader reader(input);
  ParseStatus status = ParseStatus::Ok;
  while (reader.ok() && reader.remaining() > 0 && status == ParseStatus::Ok) {
    const uint8_t flags = reader.u8();
    const Bytes datagram = reader.rest().after(2).first(reader.u16());
    reader.skip(datagram.size());
    if (datagram.empty()) continue;
    const FlowSide side = (flags & kSideBit) != 0 ? FlowSide::Responder : FlowSide::Initiator;
    (void)DtlsParser::probe_datagram(datagram, flags, 443);
    status = parser.on_datagram(side, datagram, Timestamp{}, sink);
  }
  parser.on_end(StreamEnd::Graceful, sink);
  if (sink.sessions.size() > 1 || pool.bytes_in_use() != 0) std::abort();
}

}  // namespace
}  // namespace flowscope::tls

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  flowscope::tls::run(flowscope::Bytes(data, size));
  return 0;
}
