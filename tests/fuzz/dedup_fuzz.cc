#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "flowcore/base/byte_reader.h"
#include "flowcore/base/check.h"
#include "flowcore/packet/decap.h"
#include "flowcore/packet/decode.h"
#include "flowcore/track/dedup.h"
#include "tests/support/exact_frame.h"

namespace flowscope {
namespace {

constexpr size_t kFramesMax = 256;

struct Packet {
  testing::ExactFrame frame;
  uint64_t time_ns;
  bool has_strange_offsets;
  uint16_t l3_offset;
  uint16_t outer_l3_offset;
};

class Run {
 public:
  explicit Run(const Dedup::Options& options)
      : frames_max_(std::max(options.frames_max, 1U)),
        arena_(std::move(Arena::create(Dedup::cost(options), Arena::Populate::Lazily).value())),
        dedup_(arena_, options) {}

  // Which packets are duplicates.
  std::vector<bool> give(const std::vector<Packet>& packets, size_t burst_size) {
    std::vector<bool> marked;
    for (size_t begin = 0; begin < packets.size(); begin += burst_size) {
      burst_->count = static_cast<uint32_t>(std::min(burst_size, packets.size() - begin));
      for (uint32_t i = 0; i < burst_->count; ++i) fill(packets[begin + i], i);
      dedup_.mark_duplicates(*burst_);
      for (uint32_t i = 0; i < burst_->count; ++i)
        marked.push_back(burst_->layers[i].status == DecodeStatus::Duplicate);
    }
    check(marked);
    return marked;
  }
  std::vector<bool> give_alone(const std::vector<Packet>& packets) {
    std::vector<bool> marked;
    for (const Packet& packet : packets) {
      fill(packet, 0);
      marked.push_back(dedup_.is_duplicate(burst_->packet[0], burst_->layers[0]));
    }
    check(marked);
    return marked;
  }

 private:
  void fill(const Packet& packet, uint32_t row) {
    const Bytes frame = packet.frame.bytes();
    burst_->packet[row] = {.frame = frame,
                           .time = {packet.time_ns},
                           .wire_bytes = static_cast<uint32_t>(frame.size())};
    Layers& layers = burst_->layers[row];
    layers = decode_frame(burst_->packet[row], decap_);
    if (!packet.has_strange_offsets) return;
    layers.status = DecodeStatus::Ip;
    layers.l3_offset = packet.l3_offset;
    layers.encap.outer_l3_offset = packet.outer_l3_offset;
  }
  void check(const std::vector<bool>& marked) const {
    FS_CHECK(dedup_.dropped()
             == static_cast<uint64_t>(std::count(marked.begin(), marked.end(), true)));
    FS_CHECK(dedup_.buffered() == std::min<size_t>(marked.size(), frames_max_));
  }

  uint32_t frames_max_;
  Decap decap_ = Decap::all();
  Arena arena_;
  Dedup dedup_;
  std::unique_ptr<Burst> burst_ = std::make_unique<Burst>();
};

// Input: what is compared, ring size, window; then for each frame what the time goes on by or back,
// offsets in place of the decoder's where asked for, its length and its bytes.
void mark_once(Bytes input) {
  ByteReader reader(input);
  Dedup::Options options;
  options.match = reader.u8() % 2 == 0 ? DedupMatch::Frame : DedupMatch::Packet;
  options.frames_max = reader.u8();
  options.window_ns = reader.u8();
  std::vector<Packet> packets;
  uint64_t now_ns = 1'000'000;
  while (reader.ok() && reader.remaining() != 0 && packets.size() < kFramesMax) {
    now_ns += reader.u8();
    now_ns -= reader.u8();
    const bool has_strange_offsets = reader.u8() % 8 == 7;
    const uint16_t l3_offset = has_strange_offsets ? reader.u16() : uint16_t{0};
    const uint16_t outer_l3_offset = has_strange_offsets ? reader.u16() : uint16_t{0};
    const size_t length = reader.u16();
    const Bytes frame = reader.bytes(std::min(length, reader.remaining()));
    packets.push_back(
        {testing::ExactFrame(frame), now_ns, has_strange_offsets, l3_offset, outer_l3_offset});
  }
  const std::vector<bool> together = Run(options).give(packets, kBurstMax);
  FS_CHECK(together == Run(options).give(packets, 3));
  FS_CHECK(together == Run(options).give_alone(packets));
}

}  // namespace
}  // namespace flowscope

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  flowscope::mark_once({bytes, size});
  return 0;
}
