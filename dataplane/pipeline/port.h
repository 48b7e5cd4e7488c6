#pragma once

#include <concepts>

#include "flowcore/packet/burst.h"

namespace flowscope {

// Where frames come from. receive() fills burst.packet[] and burst.owner[] and sets burst.count (0:
// none now); the frames stay valid until release() of the same burst. ended(): no frame will come
// any more. A port may also have, all on the worker's thread:
//   idle()     called when receive() gave nothing; may wait for frames, at most some milliseconds
//   now_ns()   what time it is without a packet (nanoseconds since the epoch); ports of live
//   traffic finish()   a last look at its counters, after the last receive()
//   lends(packet) whether the frame stays where it is until its owner is released, on whichever
//                 thread; a port without it has its frames copied where workers pass packets on
//   begin()       a burst that did not come through receive() is under way: for who takes times
// release() also takes bursts of other ports of its kind, and passes over owners that are null.
// Thread rule: one worker per port object.
template <class P>
concept Port = requires(P& port, const P& same, Burst& burst) {
  port.receive(burst);
  port.release(burst);
  { same.ended() } -> std::convertible_to<bool>;
};

}  // namespace flowscope
