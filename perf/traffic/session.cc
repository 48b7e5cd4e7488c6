#include "perf/traffic/session.h"

#include "flowcore/base/check.h"
#include "flowcore/packet/layers.h"

namespace flowscope::traffic {

using tcp_flag::kAck;
using tcp_flag::kFin;
using tcp_flag::kPsh;
using tcp_flag::kRst;
using tcp_flag::kSyn;

void Session::begin(const Route& route, std::array<uint32_t, 2> first_seq) {
  next_ = steps_.size();
  go_on();
  route_ = route;
  seq_ = first_seq;
  ip_id_ = static_cast<uint16_t>(first_seq[0]);
}

void Session::go_on() {
  FS_CHECK(ended());
  steps_.clear();
  text_.clear();
  next_ = 0;
}

void Session::add(FlowSide side, uint8_t tcp_flags, std::string_view payload) {
  steps_.push_back({.side = side,
                    .tcp_flags = tcp_flags,
                    .first = static_cast<uint32_t>(text_.size()),
                    .bytes = static_cast<uint32_t>(payload.size())});
  text_ += payload;
}

void Session::handshake() {
  add(FlowSide::Initiator, kSyn, {});
  add(FlowSide::Responder, kSyn | kAck, {});
  add(FlowSide::Initiator, kAck, {});
}

void Session::knock() { add(FlowSide::Initiator, kSyn, {}); }

void Session::say(FlowSide side, std::string_view text) {
  for (size_t segment = 1; !text.empty(); ++segment) {
    const bool is_last = text.size() <= kSegmentBytes;
    add(side, is_last ? kAck | kPsh : kAck, text.substr(0, kSegmentBytes));
    text.remove_prefix(is_last ? text.size() : kSegmentBytes);
    if (segment % 2 == 0) acknowledge(other_side(side));
  }
}

void Session::acknowledge(FlowSide side) { add(side, kAck, {}); }

void Session::close(FlowSide first) {
  add(first, kFin | kAck, {});
  add(other_side(first), kFin | kAck, {});
  add(first, kAck, {});
}

void Session::reset(FlowSide side) { add(side, kRst | kAck, {}); }

void Session::datagram(FlowSide side, std::string_view payload) { add(side, 0, payload); }

void Session::emit(uint64_t time_ns, CaptureFile& file) {
  FS_CHECK(!ended());
  const Step& step = steps_[next_++];
  const size_t from = index_of(step.side);
  const bool is_ack = (step.tcp_flags & kAck) != 0;
  const PacketFields fields{.side = step.side,
                            .tcp_flags = step.tcp_flags,
                            .seq = seq_[from],
                            .ack = is_ack ? seq_[1 - from] : 0,
                            .ip_id = ip_id_++};
  const std::string_view payload = std::string_view(text_).substr(step.first, step.bytes);
  write_frame(file.add(time_ns, frame_bytes(route_, fields, step.bytes)), route_, fields, payload);
  const bool counts_as_one =
      route_.transport == Transport::Icmp || (step.tcp_flags & (kSyn | kFin)) != 0;
  seq_[from] += counts_as_one ? 1 : step.bytes;
}

}  // namespace flowscope::traffic
