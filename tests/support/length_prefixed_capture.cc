#include "tests/support/length_prefixed_capture.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "flowcore/base/flow_side.h"

namespace flowscope::testing {
namespace {

std::string frame(std::string_view body, size_t length_bytes) {
  std::string bytes = length_bytes == 2 ? "PFX2," : "PFX4,";
  for (size_t i = length_bytes; i-- > 0;) bytes += static_cast<char>(body.size() >> (8 * i) & 0xff);
  return bytes += body;
}

// Both sides' segments, whose numbers follow by themselves.
class Session {
 public:
  void send(FlowSide side, uint8_t flags, std::string_view text = {}) {
    const size_t i = index_of(side);
    const bool is_client = side == FlowSide::Initiator;
    frames.push_back(
        PacketBuilder()
            .ethernet()
            .ipv4(is_client ? "10.0.0.1" : "10.0.0.2", is_client ? "10.0.0.2" : "10.0.0.1")
            .tcp(is_client ? 4321 : 5678, is_client ? 5678 : 4321,
                 {.seq = next_[i], .ack = next_[1 - i], .flags = flags})
            .payload(text)
            .build());
    next_[i] += static_cast<uint32_t>(text.size());
    if ((flags & (tcp_flag::kSyn | tcp_flag::kFin)) != 0) ++next_[i];
  }
  void say(FlowSide side, std::string_view text, size_t segment_bytes) {
    for (; !text.empty(); text.remove_prefix(std::min(segment_bytes, text.size())))
      send(side, tcp_flag::kAck | tcp_flag::kPsh, text.substr(0, segment_bytes));
  }

  std::vector<Frame> frames;

 private:
  std::array<uint32_t, 2> next_ = {100, 900};
};

}  // namespace

std::string length_prefixed_client() {
  std::string bytes;
  for (int i = 0; i < 5; ++i) bytes += frame("init-" + std::to_string(i), 2);
  return bytes;
}

std::string length_prefixed_server() {
  std::string bytes;
  for (int i = 0; i < 4; ++i) bytes += frame("resp-" + std::to_string(i), 2);
  return bytes += frame(std::string(700, 'X'), 4);
}

std::vector<Frame> length_prefixed_session(size_t segment_bytes) {
  constexpr auto kClient = FlowSide::Initiator;
  constexpr auto kServer = FlowSide::Responder;
  Session session;
  session.send(kClient, tcp_flag::kSyn);
  session.send(kServer, tcp_flag::kSyn | tcp_flag::kAck);
  session.send(kClient, tcp_flag::kAck);
  session.say(kClient, length_prefixed_client(), segment_bytes);
  session.say(kServer, length_prefixed_server(), segment_bytes);
  session.send(kClient, tcp_flag::kFin | tcp_flag::kAck);
  session.send(kServer, tcp_flag::kFin | tcp_flag::kAck);
  session.send(kClient, tcp_flag::kAck);
  return session.frames;
}

}  // namespace flowscope::testing
