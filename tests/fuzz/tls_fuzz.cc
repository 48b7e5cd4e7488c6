// Feeds one input to the TLS parser as a series of steps (a side and its bytes, or a gap), once as
// they are and once byte by byte: both must tell the same, and leave no memory behind.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "l7/tls/tls.h"
#include "tests/unit/l7/tls/recording_sink.h"

namespace flowscope::tls {
namespace {

constexpr size_t kPoolBytes = size_t{2} << 20;
constexpr uint8_t kSideBit = 1;
constexpr uint8_t kGapBit = 2;

enum class Cut : uint8_t { AsGiven, EveryByte };

ParseStatus feed(TlsParser& parser, FlowSide side, Bytes bytes, Cut cut,
                 test::RecordingSink& sink) {
  const size_t piece_bytes = cut == Cut::EveryByte ? 1 : bytes.size();
  ParseStatus status = ParseStatus::Ok;
  while (!bytes.empty() && status == ParseStatus::Ok) {
    status = parser.on_bytes(side, bytes.first(piece_bytes), Timestamp{}, sink);
    bytes = bytes.after(piece_bytes);
  }
  return status;
}

// A step is: flags (1 byte), how many bytes follow (2), bytes.
test::RecordingSink run(Bytes input, Cut cut, BufferPool& pool) {
  test::RecordingSink sink;
  TlsParser parser(ParserSetup{pool});
  ByteReader reader(input);
  ParseStatus status = ParseStatus::Ok;
  while (reader.ok() && reader.remaining() > 0 && status == ParseStatus::Ok) {
    const uint8_t flags = reader.u8();
    const size_t step_bytes = reader.u16();
    const FlowSide side = (flags & kSideBit) != 0 ? FlowSide::Responder : FlowSide::Initiator;
    const Bytes bytes = reader.rest().first(step_bytes);
    reader.skip(bytes.size());
    (void)TlsParser::probe(side, bytes.first(kProbeBytes));
    if ((flags & kGapBit) != 0) status = parser.on_gap(side, 1, sink);
    if (status == ParseStatus::Ok) status = feed(parser, side, bytes, cut, sink);
  }
  parser.on_end(StreamEnd::Graceful, sink);
  return sink;
}

void run_both_ways(Bytes input) {
  Arena arena =
      std::move(Arena::create(BufferPool::cost(kPoolBytes), Arena::Populate::Lazily).value());
  BufferPool pool(arena, kPoolBytes);
  const auto whole = run(input, Cut::AsGiven, pool);
  const auto bytewise = run(input, Cut::EveryByte, pool);
  const bool same = whole.sessions == bytewise.sessions && whole.sides == bytewise.sides
                    && whole.anomalies == bytewise.anomalies;
  if (!same || whole.sessions.size() > 1 || pool.bytes_in_use() != 0) std::abort();
}

}  // namespace
}  // namespace flowscope::tls

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  flowscope::tls::run_both_ways(flowscope::Bytes(data, size));
  return 0;
}
