// Looking for frames that were captured twice: our index beside a ring that is searched from end to
// end, as the Rust crate does it, and both beside the hash alone.
#include <benchmark/benchmark.h>

#include <array>
#include <cstdint>
#include <memory>
#include <random>
#include <utility>
#include <vector>

#include "flowcore/track/dedup.h"
#include "perf/micro/ns_per_packet.h"

namespace flowscope::bench {
namespace {

constexpr uint32_t kBurstPackets = 64;
constexpr uint32_t kPoolFrames = 1024;
constexpr uint32_t kRingFrames = 256;
constexpr uint64_t kWindowNs = 1'000'000;

// `count` different frames, in turn, a microsecond from one to the next: those of a pool larger
// than the ring never meet themselves in it.
class Pool {
 public:
  Pool(uint32_t count, size_t frame_bytes) {
    std::mt19937 random(1);
    for (uint32_t i = 0; i < count; ++i) {
      frames_.emplace_back(frame_bytes);
      for (uint8_t& byte : frames_.back()) byte = static_cast<uint8_t>(random());
    }
  }

  PacketView next() {
    const std::vector<uint8_t>& frame = frames_[next_];
    next_ = next_ + 1 == frames_.size() ? 0 : next_ + 1;
    now_ns_ += 1'000;
    return {.frame = {frame.data(), frame.size()}, .time = {now_ns_}};
  }

 private:
  std::vector<std::vector<uint8_t>> frames_;
  size_t next_ = 0;
  uint64_t now_ns_ = 0;
};

// The rival: hash, length and time of each frame in a ring, all compared with each new one.
class LinearRing {
 public:
  bool is_duplicate(const PacketView& packet) {
    const Seen seen{hash_(packet.frame), packet.time, packet.frame.size()};
    bool is_duplicate = false;
    for (const Seen& each : ring_) {
      if (each.hash != seen.hash || each.bytes != seen.bytes) continue;
      if (seen.time.saturating_since(each.time) > kWindowNs) continue;
      is_duplicate = true;
      break;
    }
    ring_[next_] = seen;
    next_ = (next_ + 1) % kRingFrames;
    return is_duplicate;
  }

 private:
  struct Seen {
    uint64_t hash = 0;
    Timestamp time;
    size_t bytes = 0;
  };
  BytesHash hash_{1, 2};
  std::array<Seen, kRingFrames> ring_;
  size_t next_ = 0;
};

void run_ours(benchmark::State& state, uint32_t pool_frames, size_t frame_bytes) {
  const Dedup::Options options{.window_ns = kWindowNs, .frames_max = kRingFrames};
  Arena arena = std::move(Arena::create(Dedup::cost(options), Arena::Populate::Now).value());
  Dedup dedup(arena, options);
  Pool pool(pool_frames, frame_bytes);
  const auto burst = std::make_unique<Burst>();
  burst->count = kBurstPackets;
  for (auto _ : state) {
    for (uint32_t i = 0; i < kBurstPackets; ++i) burst->packet[i] = pool.next();
    dedup.mark_duplicates(*burst);
    benchmark::ClobberMemory();
  }
  state.counters["dropped"] =
      static_cast<double>(dedup.dropped()) / (static_cast<double>(state.iterations()) * 64);
  report_ns_per_packet(state, kBurstPackets);
}

void run_linear(benchmark::State& state, uint32_t pool_frames, size_t frame_bytes) {
  const auto ring = std::make_unique<LinearRing>();
  Pool pool(pool_frames, frame_bytes);
  for (auto _ : state) {
    for (uint32_t i = 0; i < kBurstPackets; ++i)
      benchmark::DoNotOptimize(ring->is_duplicate(pool.next()));
  }
  report_ns_per_packet(state, kBurstPackets);
}

template <class Block>
void run_hash(benchmark::State& state, uint32_t pool_frames, size_t frame_bytes) {
  const BasicBytesHash<Block> hash(1, 2);
  Pool pool(pool_frames, frame_bytes);
  for (auto _ : state) {
    for (uint32_t i = 0; i < kBurstPackets; ++i) benchmark::DoNotOptimize(hash(pool.next().frame));
  }
  report_ns_per_packet(state, kBurstPackets);
}

constexpr auto run_fast_hash = run_hash<AesBlock>;
constexpr auto run_portable_hash = run_hash<portable::AesBlock>;

BENCHMARK_CAPTURE(run_ours, unique_64, kPoolFrames, 64)->Name("dedup/ours/unique_64");
BENCHMARK_CAPTURE(run_ours, unique_1500, kPoolFrames, 1500)->Name("dedup/ours/unique_1500");
BENCHMARK_CAPTURE(run_ours, duplicate_1500, 1, 1500)->Name("dedup/ours/duplicate_1500");
BENCHMARK_CAPTURE(run_linear, unique_64, kPoolFrames, 64)->Name("dedup/linear_ring/unique_64");
BENCHMARK_CAPTURE(run_linear, unique_1500, kPoolFrames, 1500)
    ->Name("dedup/linear_ring/unique_1500");
BENCHMARK_CAPTURE(run_linear, duplicate_1500, 1, 1500)->Name("dedup/linear_ring/duplicate_1500");
BENCHMARK_CAPTURE(run_fast_hash, one_64, 1, 64)->Name("dedup/hash_alone/64");
BENCHMARK_CAPTURE(run_fast_hash, one_1500, 1, 1500)->Name("dedup/hash_alone/1500");
BENCHMARK_CAPTURE(run_portable_hash, one_1500, 1, 1500)->Name("dedup/hash_alone_portable/1500");

}  // namespace
}  // namespace flowscope::bench

BENCHMARK_MAIN();
