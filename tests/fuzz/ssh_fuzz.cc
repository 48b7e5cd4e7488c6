// Feeds one input to the SSH parser as a series of steps (a side and its bytes, or a gap), once as
// they are and once byte by byte: both must tell the same, and leave no memory behind.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <utility>

#include "flowcore/base/byte_reader.h"
#include "l7/ssh/ssh.h"
#include "tests/unit/l7/ssh/recording_sink.h"

namespace flowscope::ssh {
namespace {

constexpr size_t kPoolBytes = size_t{2} << 20;
constexpr uint8_t kSideBit = 1;
constexpr uint8_t kGapBit = 2;
constexpr uint8_t kAbortBit = 4;

enum class Cut : uint8_t { AsGiven, EveryByte };

ParseStatus feed(SshParser& parser, FlowSide side, Bytes bytes, Cut cut,
                 test::RecordingSink& sink) {
  const size_t piece_bytes = cut == Cut::EveryByte ? 1 : bytes.size();
  ParseStatus status = ParseStatus::Ok;
  while (!bytes.empty() && status == ParseStatus::Ok) {
    status = parser.on_bytes(side, bytes.first(piece_bytes), Timestamp{}, sink);
    bytes = bytes.after(piece_bytes);
  }
  return status;
}

// A step is: flags (1 byte), bytes that are missing if it is a gap, how many bytes follow (2 each),
// bytes.
test::RecordingSink run(Bytes input, Cut cut, BufferPool& pool) {
  test::RecordingSink sink;
  SshParser parser(ParserSetup{pool});
  ByteReader reader(input);
  ParseStatus status = ParseStatus::Ok;
  StreamEnd end = StreamEnd::Graceful;
  while (reader.ok() && reader.remaining() > 0 && status == ParseStatus::Ok) {
    const uint8_t flags = reader.u8();
    const FlowSide side = (flags & kSideBit) != 0 ? FlowSide::Responder : FlowSide::Initiator;
    if ((flags & kGapBit) != 0) status = parser.on_gap(side, uint32_t{1} + reader.u16(), sink);
    if ((flags & kAbortBit) != 0) end = StreamEnd::Abort;
    const size_t step_bytes = reader.u16();
    const Bytes bytes = reader.rest().first(step_bytes);
    reader.skip(bytes.size());
    (void)SshParser::probe(side, bytes.first(kProbeBytes));
    if (status == ParseStatus::Ok) status = feed(parser, side, bytes, cut, sink);
  }
  parser.on_end(end, sink);
  return sink;
}

void run_both_ways(Bytes input) {
  static Arena arena =
      std::move(Arena::create(BufferPool::cost(kPoolBytes), Arena::Populate::Lazily).value());
  static BufferPool pool(arena, kPoolBytes);
  const auto whole = run(input, Cut::AsGiven, pool);
  const auto bytewise = run(input, Cut::EveryByte, pool);
  const bool same = whole.sessions == bytewise.sessions && whole.sides == bytewise.sides
                    && whole.anomalies == bytewise.anomalies;
  if (!same || whole.sessions.size() > 1 || pool.bytes_in_use() != 0) std::abort();
}

}  // namespace
}  // namespace flowscope::ssh

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  flowscope::ssh::run_both_ways(flowscope::Bytes(data, size));
  return 0;
}
