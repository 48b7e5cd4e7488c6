// The hop between decoding and extraction: bursts without fragments, datagrams in two fragments,
// and a flood of fragments that never become whole.
#include <benchmark/benchmark.h>

#include <array>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "flowcore/packet/decode.h"
#include "flowcore/stream/fragment_table.h"
#include "perf/micro/ns_per_packet.h"
#include "tests/support/packet_builder.h"

namespace flowscope::bench {
namespace {

constexpr uint32_t kBurstPackets = 64;
constexpr uint32_t kBursts = 32;

struct Silence {
  void on_overlap(const PacketView& /*packet*/, const Layers& /*layers*/, FragmentConflict) {}
};

testing::Frame fragment(uint32_t identification, uint16_t begin, size_t bytes, bool more) {
  return testing::PacketBuilder()
      .ethernet()
      .ipv4("10.0.0.1", "10.0.0.2",
            {.identification = static_cast<uint16_t>(identification),
             .fragment_offset = begin,
             .more_fragments = more,
             .protocol = 17})
      .payload(testing::Frame(bytes, 'x'))
      .build();
}

// Frames, and the bursts of decoded rows that a benchmark gives to the table again and again: rows
// are copied rather than decoded anew, which would be most of the time.
class BurstStock {
 public:
  explicit BurstStock(std::vector<testing::Frame> frames) : frames_(std::move(frames)) {
    for (const testing::Frame& frame : frames_) {
      const PacketView packet{.frame = {frame.data(), frame.size()},
                              .wire_bytes = static_cast<uint32_t>(frame.size())};
      rows_.emplace_back(packet, decode_frame(packet));
    }
  }

  void fill_next(Burst& burst) {
    burst.count = kBurstPackets;
    for (uint32_t i = 0; i < kBurstPackets; ++i) {
      burst.packet[i] = rows_[next_].first;
      burst.layers[i] = rows_[next_].second;
      next_ = next_ + 1 == rows_.size() ? 0 : next_ + 1;
    }
  }

 private:
  std::vector<testing::Frame> frames_;
  std::vector<std::pair<PacketView, Layers>> rows_;
  size_t next_ = 0;
};

std::vector<testing::Frame> without_fragments() {
  return std::vector<testing::Frame>(
      kBurstPackets,
      testing::PacketBuilder().ethernet().ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).build());
}

// What datagrams of 2000 bytes become behind an MTU of 1500; the second half of each comes a burst
// after the first.
std::vector<testing::Frame> two_fragments() {
  std::vector<testing::Frame> frames;
  for (uint32_t base = 0; base < kBursts * kBurstPackets; base += kBurstPackets) {
    for (uint32_t i = 0; i < kBurstPackets; ++i)
      frames.push_back(fragment(base + i, 0, 1480, true));
    for (uint32_t i = 0; i < kBurstPackets; ++i)
      frames.push_back(fragment(base + i, 1480, 528, false));
  }
  return frames;
}

// Far more datagrams than the table has room for, of which none becomes whole.
std::vector<testing::Frame> flood() {
  std::vector<testing::Frame> frames;
  for (uint32_t i = 0; i < 512 * kBurstPackets; ++i)
    frames.push_back(fragment(i, static_cast<uint16_t>(i % 8000 * 8), 8, true));
  return frames;
}

// Bursts alone, to be taken off the others: filling the rows is no part of the hop.
void run_fill(benchmark::State& state) {
  BurstStock stock(without_fragments());
  const auto burst = std::make_unique<Burst>();
  for (auto _ : state) {
    stock.fill_next(*burst);
    benchmark::DoNotOptimize(burst->layers.data());
    benchmark::ClobberMemory();
  }
  report_ns_per_packet(state, kBurstPackets);
}

void run_join(benchmark::State& state, const std::vector<testing::Frame>& frames) {
  const FragmentTable::Options options;
  Arena arena =
      std::move(Arena::create(FragmentTable::cost(options), Arena::Populate::Now).value());
  FragmentTable table(arena, options, 1, 2);
  BurstStock stock(frames);
  const auto burst = std::make_unique<Burst>();
  const std::array<uint64_t, kBurstPackets> clock_ns{};
  Silence silence;
  for (auto _ : state) {
    stock.fill_next(*burst);
    table.join(
        *burst, clock_ns, [](const PacketView&, Layers&) {}, silence);
    benchmark::DoNotOptimize(burst->layers.data());
    benchmark::ClobberMemory();
    table.release();
  }
  report_ns_per_packet(state, kBurstPackets);
}

BENCHMARK(run_fill)->Name("fragment/floor/fill_rows");
BENCHMARK_CAPTURE(run_join, none, without_fragments())->Name("fragment/ours/none");
BENCHMARK_CAPTURE(run_join, two, two_fragments())->Name("fragment/ours/two_fragments");
BENCHMARK_CAPTURE(run_join, flood, flood())->Name("fragment/ours/flood");

}  // namespace
}  // namespace flowscope::bench

BENCHMARK_MAIN();
