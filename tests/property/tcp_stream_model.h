#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include "flowcore/stream/segment_overlap.h"
#include "flowcore/stream/tcp_stream.h"
#include "tests/support/handed_on.h"

namespace flowscope::testing {

// The whole description of a side's numbers, policy and caps.
struct ModelRules {
  int64_t first_number = 0;  // of the byte at place 0
  SegmentOverlap overlap = SegmentOverlap::First;
  OverflowPolicy overflow = OverflowPolicy::SlidingWindow;
  int64_t block_numbers = 512;
  uint64_t block_bytes = 512;  // memory that as many numbers take
  uint64_t side_bytes_max = 0;
  uint64_t flow_bytes_max = 0;
};

// A TcpStream as it is described, byte by byte: places are counted from the anchor and never wrap,
// what is held is a map from each place to a byte and the segment that it came from.
class StreamModel {
 public:
  explicit StreamModel(const ModelRules& rules) : rules_(rules) {}

  void anchor(int64_t place) {
    next_ = place;
    anchored_ = true;
  }
  void segment(int64_t begin, const std::string& text, int64_t missing_tail, uint64_t clock_ns,
               uint64_t peer_bytes);
  void peer_acknowledged(int64_t place, uint64_t clock_ns) {
    peer_seen_ = true;
    acknowledged_ = place;
    if (held_.empty()) return;
    peer_spoke_ = true;
    note_evidence(clock_ns);
    give_up_old_hole(clock_ns);
  }
  void fin_at(int64_t place) { fin_ = place; }
  void flush() {
    while (!held_.empty()) skip_hole(false);
    if (fin_ >= 0 && anchored_ && !poisoned && fin_ > next_ && fin_ - next_ <= kAheadMax)
      gap(fin_ - next_, false);
  }
  [[nodiscard]] bool complete() const { return fin_ >= 0 && anchored_ && next_ >= fin_; }
  [[nodiscard]] bool holds() const { return !held_.empty(); }
  [[nodiscard]] uint64_t memory_bytes() const { return blocks_.size() * rules_.block_bytes; }
  HandedOn out;
  bool poisoned = false;
  uint64_t watermark = 0, dropped = 0;
  uint32_t strays = 0;
  uint32_t retransmitted = 0;
  uint32_t overlapping = 0;
  uint32_t out_of_order = 0;
  uint32_t keep_alives = 0;
  uint32_t conflicts = 0;

 private:
  static constexpr int64_t kAheadMax = TcpStream::kAheadMax;
  struct Byte {
    char value;
    int64_t begin;  // of its segment
    int64_t end;
  };
  // What one segment met.
  struct Met {
    size_t known = 0;
    bool differs = false;
    bool made_room = false;
  };

  void pass(char value) {
    out.bytes += value;
    ++next_;
  }
  void gap(int64_t missing, bool for_room) {
    out.on_gap(static_cast<uint32_t>(missing));
    next_ += missing;
    if (for_room) dropped += static_cast<uint64_t>(missing);
  }
  void drain() {
    while (!held_.empty() && held_.begin()->first == next_) {
      pass(held_.begin()->second.value);
      forget(held_.begin());
    }
  }
  void skip_hole(bool for_room) {
    gap(held_.begin()->first - next_, for_room);
    drain();
  }
  // All before `place` that is not held is lost.
  void lose_until(int64_t place) {
    for (drain(); next_ < place; drain())
      gap(held_.empty() ? place - next_ : std::min(place, held_.begin()->first) - next_, false);
  }
  // Bytes held in each block of numbers.
  [[nodiscard]] int64_t block_of(int64_t place) const {
    return (rules_.first_number + place) / rules_.block_numbers;
  }
  void hold(int64_t place, const Byte& byte) {
    held_.emplace(place, byte);
    ++blocks_[block_of(place)];
  }
  void forget(std::map<int64_t, Byte>::iterator held) {
    const auto block = blocks_.find(block_of(held->first));
    if (--block->second == 0) blocks_.erase(block);
    held_.erase(held);
  }
  [[nodiscard]] bool has_room(int64_t place, uint64_t peer_bytes) const {
    if (blocks_.contains(block_of(place))) return true;
    const uint64_t memory = (blocks_.size() + 1) * rules_.block_bytes;
    return memory <= rules_.side_bytes_max && memory + peer_bytes <= rules_.flow_bytes_max;
  }
  [[nodiscard]] bool replaces(const Byte& held, const Byte& fresh) const;
  void settle(Byte& held, const Byte& fresh, Met& met) const;
  void take_next(int64_t place, const std::vector<Byte>& fresh, Met& met);
  void take_early(int64_t begin, const std::vector<Byte>& fresh, uint64_t peer_bytes, Met& met);
  void classify(int64_t ahead, size_t size, const Met& met);
  bool refuse_stray(int64_t begin);

  void begin_hole(uint64_t clock_ns) {
    since_ns_ = clock_ns;
    hole_acknowledged_ = peer_seen_ && acknowledged_ >= held_.begin()->first;
    peer_spoke_ = false;
  }
  void note_evidence(uint64_t clock_ns) {
    if (hole_acknowledged_ || !peer_seen_ || acknowledged_ < held_.begin()->first) return;
    hole_acknowledged_ = true;
    since_ns_ = clock_ns;
  }
  void give_up_old_hole(uint64_t clock_ns) {
    if (held_.empty()) return;
    const uint64_t waited_ns = clock_ns - since_ns_;
    const bool old = hole_acknowledged_ ? waited_ns >= TcpStream::kAckGrace_ns
                     : !peer_seen_      ? waited_ns >= TcpStream::kOneSidedWait_ns
                                   : !peer_spoke_ && waited_ns >= TcpStream::kSilentPeerWait_ns;
    if (!old) return;
    skip_hole(false);
    if (!held_.empty()) begin_hole(clock_ns);
  }
  ModelRules rules_;
  std::map<int64_t, Byte> held_;
  std::map<int64_t, uint32_t> blocks_;
  int64_t next_ = 0;
  int64_t acknowledged_ = 0;
  int64_t fin_ = -1;
  uint64_t since_ns_ = 0;
  bool anchored_ = false;
  bool peer_seen_ = false;
  bool hole_acknowledged_ = false;
  bool peer_spoke_ = false;
};

// The published tables, in other words than the product's.
inline bool StreamModel::replaces(const Byte& held, const Byte& fresh) const {
  const bool before = fresh.begin < held.begin;
  const bool same = fresh.begin == held.begin;
  const bool inside = fresh.begin > held.begin;
  switch (rules_.overlap) {
    case SegmentOverlap::First:
    case SegmentOverlap::Vista:
      return false;
    case SegmentOverlap::Last:
      return true;
    case SegmentOverlap::Bsd:
    case SegmentOverlap::Windows:
    case SegmentOverlap::MacOs:
      return before;
    case SegmentOverlap::BsdRight:
      return same || inside;
    case SegmentOverlap::Linux:
    case SegmentOverlap::HpUx10:
    case SegmentOverlap::Irix:
      return before || (same && fresh.end > held.end);
    case SegmentOverlap::OldLinux:
      return before || (same && fresh.end >= held.end);
    case SegmentOverlap::Solaris:
    case SegmentOverlap::HpUx11:
      return inside ? fresh.end > held.end : fresh.end >= held.end;
  }
  return false;
}

// A segment that lies too far ahead, unless the peer's acknowledgments came as far.
inline bool StreamModel::refuse_stray(int64_t begin) {
  if (begin - next_ <= kAheadMax) return false;
  if (peer_seen_ && std::abs(acknowledged_ - begin) <= kAheadMax) {
    lose_until(std::min(acknowledged_, begin));
    if (begin - next_ <= kAheadMax) return false;
  }
  ++strays;
  return true;
}

inline void StreamModel::segment(int64_t begin, const std::string& text, int64_t missing_tail,
                                 uint64_t clock_ns, uint64_t peer_bytes) {
  if (poisoned) {
    dropped += text.size();
    return;
  }
  if (!anchored_) anchor(begin);
  if (refuse_stray(begin)) return;
  const bool had_hole = !held_.empty();
  const int64_t hole_end = had_hole ? held_.begin()->first : 0;
  const int64_t ahead = begin - next_;
  const auto end = begin + static_cast<int64_t>(text.size());
  Met met;
  std::vector<Byte> fresh;
  for (const char value : text) fresh.push_back({value, begin, end + missing_tail});
  if (ahead > 0) {
    take_early(begin, fresh, peer_bytes, met);
    if (poisoned) return;
  } else {
    met.known = static_cast<size_t>(std::min<int64_t>(-ahead, end - begin));
    take_next(begin, fresh, met);
    lose_until(end + missing_tail);
  }
  drain();
  if (!held_.empty()) {
    const bool is_new = ahead > 0 ? met.made_room || !had_hole : held_.begin()->first != hole_end;
    if (is_new) begin_hole(clock_ns);
    if (ahead > 0) note_evidence(clock_ns);
    give_up_old_hole(clock_ns);
  }
  classify(ahead, text.size(), met);
}

// A held byte meets another copy of itself.
inline void StreamModel::settle(Byte& held, const Byte& fresh, Met& met) const {
  ++met.known;
  met.differs |= held.value != fresh.value;
  if (replaces(held, fresh)) held = fresh;
}

// Bytes at `place` and on, of which none is behind a hole: whose copies stay, then all in order.
inline void StreamModel::take_next(int64_t place, const std::vector<Byte>& fresh, Met& met) {
  for (size_t i = 0; i < fresh.size(); ++i) {
    const auto held = held_.find(place + static_cast<int64_t>(i));
    if (held != held_.end()) settle(held->second, fresh[i], met);
  }
  for (size_t i = 0; i < fresh.size(); ++i) {
    if (place + static_cast<int64_t>(i) < next_) continue;
    const auto held = held_.find(next_);
    pass(held != held_.end() ? held->second.value : fresh[i].value);
    if (held != held_.end()) forget(held);
  }
}

// Bytes behind a hole, one by one, each with room for it.
inline void StreamModel::take_early(int64_t begin, const std::vector<Byte>& fresh,
                                    uint64_t peer_bytes, Met& met) {
  for (size_t i = 0; i < fresh.size(); ++i) {
    const int64_t place = begin + static_cast<int64_t>(i);
    const auto held = held_.find(place);
    if (held != held_.end()) {
      settle(held->second, fresh[i], met);
      continue;
    }
    while (place > next_ && !has_room(place, peer_bytes)) {
      if (rules_.overflow == OverflowPolicy::DropFlow) {
        dropped += fresh.size() - i + held_.size();
        held_.clear();
        blocks_.clear();
        poisoned = true;
        return;
      }
      met.made_room = true;
      if (held_.empty() || held_.begin()->first > place) {
        gap(place - next_, true);
      } else {
        skip_hole(true);
      }
    }
    if (place == next_)
      return take_next(place, {fresh.begin() + static_cast<ptrdiff_t>(i), fresh.end()}, met);
    hold(place, fresh[i]);
    watermark = std::max(watermark, memory_bytes());
  }
}

inline void StreamModel::classify(int64_t ahead, size_t size, const Met& met) {
  if (met.differs) ++conflicts;
  if (size == 0) return;
  if (met.known == size) {
    ++(ahead == -1 && size == 1 && held_.empty() ? keep_alives : retransmitted);
    return;
  }
  if (met.known != 0) ++overlapping;
  if (ahead > 0) ++out_of_order;
}

}  // namespace flowscope::testing
