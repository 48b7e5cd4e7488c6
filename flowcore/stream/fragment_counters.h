#pragma once

#include "flowcore/base/counter.h"

namespace flowscope {

// What became of a worker's fragments and of the datagrams they belong to. Written by the worker,
// read by any thread. Every datagram begun ends in one of the second group or is still open.
struct FragmentCounters {
  Counter fragments;  // that came, those included that made a datagram whole
  Counter cut;        // first fragments that the capture cut, which were decoded at once

  Counter begun;
  Counter whole;
  Counter expired;    // not whole when its time was over
  Counter evicted;    // the oldest when datagrams or memory were used up
  Counter refused;    // discarded because its fragments overlap or contradict each other
  Counter oversized;  // whole, but too large with the headers of its first fragment

  Counter overlaps;   // fragments that say other bytes, or another length, than those before them
  Counter repeated;   // fragments that came before
  Counter discarded;  // fragments of a datagram that was refused
  Counter no_memory;  // fragments that were not kept, since nothing more could be evicted
  Counter malformed;  // empty, uneven, or with headers without end
  Counter too_big;    // beyond the end of the largest datagram
  Counter too_deep;   // datagrams in fragments in datagrams, beyond the limit
};

}  // namespace flowscope
