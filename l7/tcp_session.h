#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "flowcore/base/flow_side.h"
#include "flowcore/stream/tcp_stream.h"
#include "l7/identify.h"

namespace flowscope {

// Stream bytes of each side that were missed, told of by index_of(FlowSide).
using GapBytes = std::array<uint64_t, 2>;

// What a TCP flow holds while its bytes are of interest: both sides in order, and the parser once
// the first bytes told which one.
// PERF: a segment in order touches two lines: the first, with one side's stream, and the other's.
struct alignas(64) TcpSession {
  uint32_t parser = 0;  // handle in the slab of parser_index, 0 while unknown
  uint32_t scan = 0;    // handle of SignatureScan
  uint8_t parser_index = 0;
  bool finished = false;       // nothing more is wanted; to be dropped when the call returns
  std::array<bool, 2> over{};  // of each side: it came as far as is followed
  std::array<bool, 2> conflict_told{};  // of each side: copies of its bytes differed
  std::array<bool, 2> heard{};          // of each side: the parser got bytes of it, or a gap
  std::array<TcpStream, 2> stream;
  FirstRuns first;  // until a parser has it

  [[nodiscard]] bool is_over(FlowSide side) const { return over[index_of(side)]; }
  // Nothing of the side is still to come.
  [[nodiscard]] bool is_complete(FlowSide side) const {
    return is_over(side) || stream[index_of(side)].complete();
  }
  [[nodiscard]] GapBytes gap_bytes() const {
    return {stream[0].gap_bytes(), stream[1].gap_bytes()};
  }
};
static_assert(offsetof(TcpSession, stream) + sizeof(TcpStream) == 128);

}  // namespace flowscope
