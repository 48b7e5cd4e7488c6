#pragma once

#include <algorithm>
#include <cstdint>

namespace flowscope {

// How long the other side took to acknowledge what a side sent, as seen from where we stand: the
// initiator's is the way from us to the responder and back, the responder's the way from us to the
// initiator. Microseconds; 0 is "no sample", and less than one counts as one. An acknowledgment
// that the other side delays is part of it. Longer than 35 minutes is no sample, nor is time that
// went backwards.
struct SideRtt {
  uint32_t handshake_us = 0;  // of the SYN or SYN-ACK
  uint32_t smoothed_us = 0;   // of all other segments: RFC 6298 section 2, alpha 1/8
  uint32_t lowest_us = 0;
  uint32_t highest_us = 0;
  uint16_t samples = 0;    // of the last three; stays at its maximum
  uint16_t hole_tick = 0;  // when SideEvents::hole opened

  void take(uint32_t sample_us) {
    if (samples == 0) {
      lowest_us = highest_us = smoothed_us = sample_us;
    } else {
      lowest_us = std::min(lowest_us, sample_us);
      highest_us = std::max(highest_us, sample_us);
      smoothed_us = static_cast<uint32_t>((uint64_t{smoothed_us} * 7 + sample_us + 4) / 8);
    }
    if (samples != UINT16_MAX) ++samples;
  }
};
static_assert(sizeof(SideRtt) == 20);

}  // namespace flowscope
