#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "flowcore/packet/decode.h"
#include "flowcore/stream/fragment_table.h"
#include "tests/support/exact_frame.h"
#include "tests/support/packet_builder.h"

namespace flowscope::testing {

// A frame that a test gives to a FragmentTable.
struct TimedFrame {
  Frame frame{};
  uint64_t clock_ns = 0;
  size_t captured_max = SIZE_MAX;  // what the capture kept of it
};

// What the table left in its row: copies, good for ever.
struct JoinedRow {
  Layers layers{};
  Frame frame{};
  uint32_t wire_bytes = 0;
  uint64_t time_ns = 0;
  ChecksumVerdict ip_checksum = ChecksumVerdict::Unknown;
  ChecksumVerdict l4_checksum = ChecksumVerdict::Unknown;

  [[nodiscard]] bool is_whole() const {
    return layers.status == DecodeStatus::Ip && !layers.is_fragment;
  }
  // All that IP carries, transport header included.
  [[nodiscard]] Frame ip_payload() const { return {frame.begin() + layers.l4_offset, frame.end()}; }
  friend bool operator==(const JoinedRow&, const JoinedRow&) = default;
};

// How decoding gets from a frame to the layers that the table is given, and further inside.
struct PlainDecoding {
  [[nodiscard]] Layers decode(const PacketView& packet) const { return decode_frame(packet); }
  void operator()(const PacketView& /*packet*/, Layers& /*layers*/) const {}
};

// A FragmentTable with its memory. Frames lie in blocks of their exact size and are gone after the
// call, so that a sanitizer sees what the table must not read.
template <class Decoding = PlainDecoding>
class FragmentRig {
 public:
  explicit FragmentRig(const FragmentTable::Options& options = {}, Decoding decoding = {})
      : arena_(
          std::move(Arena::create(FragmentTable::cost(options), Arena::Populate::Lazily).value())),
        table_(arena_, options, 1, 2),
        decoding_(std::move(decoding)) {}

  JoinedRow give(const Frame& frame, uint64_t clock_ns = 0, size_t captured_max = SIZE_MAX) {
    return give_all({{frame, clock_ns, captured_max}}).front();
  }

  std::vector<JoinedRow> give_all(const std::vector<TimedFrame>& frames,
                                  size_t burst_size = kBurstMax) {
    std::vector<JoinedRow> rows;
    for (size_t begin = 0; begin < frames.size(); begin += burst_size) {
      const size_t end = std::min(frames.size(), begin + burst_size);
      give_burst({frames.data() + begin, end - begin}, rows);
    }
    return rows;
  }

  [[nodiscard]] FragmentTable& table() { return table_; }
  [[nodiscard]] const FragmentCounters& counters() const { return table_.counters(); }
  [[nodiscard]] const std::vector<FragmentConflict>& conflicts() const {
    return observer_.conflicts;
  }
  [[nodiscard]] const Arena& arena() const { return arena_; }

 private:
  struct Observer {
    std::vector<FragmentConflict> conflicts;
    void on_overlap(const PacketView& packet, const Layers& layers, FragmentConflict conflict) {
      FS_CHECK(layers.is_fragment && layers.payload_offset <= packet.frame.size());
      conflicts.push_back(conflict);
    }
  };

  void give_burst(std::span<const TimedFrame> frames, std::vector<JoinedRow>& rows) {
    std::vector<ExactFrame> exact;
    std::vector<uint64_t> clock_ns;
    burst_->count = static_cast<uint32_t>(frames.size());
    for (uint32_t i = 0; i < burst_->count; ++i) {
      const TimedFrame& timed = frames[i];
      const Bytes whole{timed.frame.data(), timed.frame.size()};
      exact.emplace_back(whole.first(timed.captured_max));
      clock_ns.push_back(timed.clock_ns);
      burst_->packet[i] = {.frame = exact.back().bytes(),
                           .time = {timed.clock_ns},
                           .wire_bytes = static_cast<uint32_t>(whole.size())};
      burst_->layers[i] = decoding_.decode(burst_->packet[i]);
    }
    table_.join(*burst_, clock_ns, decoding_, observer_);
    for (uint32_t i = 0; i < burst_->count; ++i) {
      const PacketView& packet = burst_->packet[i];
      rows.push_back({burst_->layers[i], Frame(packet.frame.begin(), packet.frame.end()),
                      packet.wire_bytes, packet.time.ns, packet.ip_checksum, packet.l4_checksum});
    }
    table_.release();
  }

  Arena arena_;
  FragmentTable table_;
  Decoding decoding_;
  std::unique_ptr<Burst> burst_ = std::make_unique<Burst>();
  Observer observer_;
};

}  // namespace flowscope::testing
