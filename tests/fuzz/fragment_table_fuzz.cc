#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "flowcore/base/byte_reader.h"
#include "flowcore/base/check.h"
#include "flowcore/packet/decode.h"
#include "flowcore/stream/fragment_table.h"
#include "tests/support/exact_frame.h"

namespace flowscope {
namespace {

constexpr FragmentTable::Options kOptions{
    .datagrams_max = 8, .bytes_max = size_t{16} << 10, .timeout_ns = 1000};
constexpr uint32_t kFramesMax = 256;

struct Observer {
  uint64_t conflicts = 0;
  void on_overlap(const PacketView& packet, const Layers& layers, FragmentConflict conflict) {
    FS_CHECK(conflict != FragmentConflict::None);
    FS_CHECK(layers.payload_offset <= packet.frame.size());
    ++conflicts;
  }
};

// IP in IP is taken off, so that fragments in fragments are reached. One more header at a time.
void take_off_ip_in_ip(const PacketView& packet, Layers& layers) {
  const bool is_ipv4 = layers.ip_protocol == static_cast<uint8_t>(IpProtocol::Ipv4);
  const bool is_ipv6 = layers.ip_protocol == static_cast<uint8_t>(IpProtocol::Ipv6);
  if (layers.status != DecodeStatus::Ip || layers.is_fragment || (!is_ipv4 && !is_ipv6)) return;
  if (layers.payload_captured == 0) return;
  Layers inner;
  inner.vlan_id = layers.vlan_id;
  inner.l3_offset = layers.payload_offset;
  inner.encap = {.kind = EncapKind::IpInIp, .outer_l3_offset = layers.l3_offset};
  read_ip(packet.frame, is_ipv4 ? 4 : 6, layers.payload_bytes, inner);
  if (inner.status == DecodeStatus::Ip) layers = inner;
}

void check_row(const PacketView& packet, const Layers& layers) {
  FS_CHECK(layers.payload_offset <= packet.frame.size());
  FS_CHECK(layers.payload_captured <= packet.frame.size() - layers.payload_offset);
  FS_CHECK(!layers.is_fragment || layers.status != DecodeStatus::Ip);
  // Reads all of it, for the sanitizer to see.
  uint32_t sum = 0;
  for (const uint8_t byte : packet.frame) sum += byte;
  FS_CHECK(sum <= 255 * packet.frame.size());
}

// Every datagram begun has ended in one way or is still there.
void check_counters(const FragmentTable& table, uint64_t conflicts) {
  const FragmentCounters& counters = table.counters();
  const uint64_t ended = counters.whole.value() + counters.expired.value()
                         + counters.evicted.value() + counters.oversized.value();
  FS_CHECK(ended <= counters.begun.value());
  FS_CHECK(counters.begun.value() - ended <= table.live() + counters.refused.value());
  FS_CHECK(counters.refused.value() <= counters.overlaps.value());
  FS_CHECK(counters.overlaps.value() == conflicts);
  FS_CHECK(table.live() <= kOptions.datagrams_max);
  FS_CHECK(table.held_bytes() <= kOptions.bytes_max);
}

// What a row holds after the join, as far as burst sizes may change it.
struct Row {
  Layers layers;
  std::vector<uint8_t> frame;
  friend bool operator==(const Row&, const Row&) = default;
};

class Run {
 public:
  explicit Run(FragmentOverlap overlap)
      : options_(with(overlap)),
        arena_(std::move(
            Arena::create(FragmentTable::cost(options_), Arena::Populate::Lazily).value())),
        table_(arena_, options_, 1, 2) {}

  void give(const std::vector<testing::ExactFrame>& frames, const std::vector<uint64_t>& clock_ns,
            size_t burst_size) {
    for (size_t begin = 0; begin < frames.size(); begin += burst_size) {
      burst_->count = static_cast<uint32_t>(std::min(burst_size, frames.size() - begin));
      for (uint32_t i = 0; i < burst_->count; ++i) {
        const Bytes frame = frames[begin + i].bytes();
        burst_->packet[i] = {.frame = frame,
                             .wire_bytes = static_cast<uint32_t>(frame.size()),
                             .link = LinkType::RawIp};
        burst_->layers[i] = decode_frame(burst_->packet[i]);
        take_off_ip_in_ip(burst_->packet[i], burst_->layers[i]);
      }
      table_.join(*burst_, {clock_ns.data() + begin, burst_->count}, take_off_ip_in_ip, observer_);
      for (uint32_t i = 0; i < burst_->count; ++i) {
        const PacketView& packet = burst_->packet[i];
        check_row(packet, burst_->layers[i]);
        rows_.push_back({burst_->layers[i], {packet.frame.begin(), packet.frame.end()}});
      }
      table_.release();
      FS_CHECK(table_.lent_bytes() == 0);
    }
    check_counters(table_, observer_.conflicts);
  }
  [[nodiscard]] const std::vector<Row>& rows() const { return rows_; }

 private:
  static FragmentTable::Options with(FragmentOverlap overlap) {
    FragmentTable::Options options = kOptions;
    options.overlap = overlap;
    return options;
  }

  FragmentTable::Options options_;
  Arena arena_;
  FragmentTable table_;
  std::unique_ptr<Burst> burst_ = std::make_unique<Burst>();
  Observer observer_;
  std::vector<Row> rows_;
};

// Input: policy, then for each frame what the clock goes on by, its length, its bytes from the IP
// header on.
void join_once(Bytes input) {
  ByteReader reader(input);
  const auto overlap = static_cast<FragmentOverlap>(reader.u8() % 8);
  std::vector<testing::ExactFrame> frames;
  std::vector<uint64_t> clock_ns;
  uint64_t now_ns = 0;
  while (reader.ok() && reader.remaining() != 0 && frames.size() < kFramesMax) {
    now_ns += reader.u8();
    const size_t length = reader.u16();
    frames.emplace_back(reader.bytes(std::min(length, reader.remaining())));
    clock_ns.push_back(now_ns);
  }
  Run together(overlap);
  together.give(frames, clock_ns, kBurstMax);
  Run apart(overlap);
  apart.give(frames, clock_ns, 1);
  FS_CHECK(together.rows() == apart.rows());
}

}  // namespace
}  // namespace flowscope

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  flowscope::join_once({bytes, size});
  return 0;
}
