#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <utility>

#include "flowcore/base/arena.h"
#include "flowcore/base/buffer_pool.h"
#include "flowcore/base/byte_reader.h"
#include "l7/digest/digest_memo.h"
#include "l7/parser.h"

// What the fuzz targets of stream parsers have in common: an input is a series of steps.
namespace flowscope::fuzz {

// Bytes of one side, behind a gap or not.
struct Step {
  FlowSide side = FlowSide::Initiator;
  uint32_t missing_bytes = 0;  // before the bytes
  bool is_abort = false;       // the conversation will end so
  Bytes bytes;
};

// Calls take(step) for each step of the input until one does not answer Ok. A step is: flags (1
// byte), where it is a gap how many bytes more than one are missing (2), how many bytes follow (2),
// bytes.
template <class F>
void each_step(Bytes input, F&& take) {
  constexpr uint8_t kSideBit = 1;
  constexpr uint8_t kGapBit = 2;
  constexpr uint8_t kAbortBit = 4;
  ByteReader reader(input);
  ParseStatus status = ParseStatus::Ok;
  while (reader.ok() && reader.remaining() > 0 && status == ParseStatus::Ok) {
    const uint8_t flags = reader.u8();
    Step step = {
        .side = (flags & kSideBit) != 0 ? FlowSide::Responder : FlowSide::Initiator,
        .missing_bytes = (flags & kGapBit) != 0 ? uint32_t{1} + reader.u16() : 0,
        .is_abort = (flags & kAbortBit) != 0,
    };
    const size_t step_bytes = reader.u16();
    step.bytes = reader.rest().first(step_bytes);
    reader.skip(step.bytes.size());
    status = take(step);
  }
}

enum class Cut : uint8_t { AsGiven, EveryByte };

// Feeds the steps of the input to a stream parser, each as it is or byte by byte.
template <class Parser, class Sink>
void feed_stream(Parser& parser, Bytes input, Cut cut, Sink& sink) {
  ParseStatus status = ParseStatus::Ok;
  StreamEnd end = StreamEnd::Graceful;
  each_step(input, [&](const Step& step) {
    (void)Parser::probe(step.side, step.bytes.first(kProbeBytes));
    if (step.is_abort) end = StreamEnd::Abort;
    if (step.missing_bytes != 0) status = parser.on_gap(step.side, step.missing_bytes, sink);
    const size_t piece_bytes = cut == Cut::EveryByte ? 1 : step.bytes.size();
    Bytes rest = step.bytes;
    while (!rest.empty() && status == ParseStatus::Ok) {
      status = parser.on_bytes(step.side, rest.first(piece_bytes), Timestamp{}, sink);
      rest = rest.after(piece_bytes);
    }
    return status;
  });
  if (status == ParseStatus::Ok) parser.on_end(end, sink);
}

// For all inputs of this program.
inline BufferPool& pool() {
  constexpr size_t kPoolBytes = size_t{2} << 20;
  static Arena arena =
      std::move(Arena::create(BufferPool::cost(kPoolBytes), Arena::Populate::Lazily).value());
  static BufferPool pool(arena, kPoolBytes);
  return pool;
}

// For all inputs as well: what one of them left there must not change what another gives.
inline DigestMemo& digests() {
  static Arena arena =
      std::move(Arena::create(DigestMemo::cost(), Arena::Populate::Lazily).value());
  static DigestMemo memo(arena);
  return memo;
}

// Feeds the input as it is and byte by byte, then with digests looked up: both must tell the same,
// of one session at most, and leave no memory behind. `Sink` records sessions, what was told of
// sides, and anomalies.
template <class Parser, class Sink>
void check_stream(Bytes input) {
  const auto told_of = [&](Cut cut) {
    Sink sink;
    Parser parser(
        ParserSetup{.buffers = pool(), .digests = cut == Cut::EveryByte ? &digests() : nullptr});
    feed_stream(parser, input, cut, sink);
    return sink;
  };
  const Sink whole = told_of(Cut::AsGiven);
  const Sink bytewise = told_of(Cut::EveryByte);
  const bool is_same = whole.sessions == bytewise.sessions && whole.sides == bytewise.sides
                       && whole.anomalies == bytewise.anomalies;
  if (!is_same || whole.sessions.size() > 1 || pool().bytes_in_use() != 0) std::abort();
}

}  // namespace flowscope::fuzz
