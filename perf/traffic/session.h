#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "flowcore/base/flow_side.h"
#include "perf/traffic/capture_file.h"
#include "perf/traffic/frame.h"

namespace flowscope::traffic {

// One session between two endpoints: written as a script first, then played packet by packet. Its
// memory is kept when it is used again.
// Thread rule: one thread.
class Session {
 public:
  // Payload of a full TCP segment: 1500 bytes less IPv6, TCP and its time stamp.
  static constexpr size_t kSegmentBytes = 1428;

  // Forgets the script. TCP sequence numbers start from `first_seq`.
  void begin(const Route& route, std::array<uint32_t, 2> first_seq);

  // Forgets what was played, but goes on with the same flow. Requires: ended().
  void go_on();

  // TCP. say() sends `text` in full segments; the other side acknowledges every second one.
  void handshake();
  void say(FlowSide side, std::string_view text);
  void acknowledge(FlowSide side);
  void close(FlowSide first);
  void reset(FlowSide side);
  // A SYN that nobody answers.
  void knock();
  // UDP and ICMP.
  void datagram(FlowSide side, std::string_view payload);

  // Plays the next packet. Requires: !ended().
  void emit(uint64_t time_ns, CaptureFile& file);
  [[nodiscard]] bool ended() const { return next_ == steps_.size(); }
  [[nodiscard]] const Route& route() const { return route_; }

 private:
  struct Step {
    FlowSide side;
    uint8_t tcp_flags;
    uint32_t first;  // of the payload, in text_
    uint32_t bytes;
  };
  void add(FlowSide side, uint8_t tcp_flags, std::string_view payload);

  Route route_;
  std::vector<Step> steps_;
  std::string text_;
  size_t next_ = 0;
  std::array<uint32_t, 2> seq_{};
  uint16_t ip_id_ = 0;
};

}  // namespace flowscope::traffic
