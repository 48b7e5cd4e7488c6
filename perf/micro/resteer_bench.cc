// Packets from one worker to another and back to their port. `resteer/lent`, `copied`, `none`: the
// rings alone within one thread, without the lines that move between cores. `resteer/workers`:
// whole workers that each receive half of every flow, by turns on one thread (for counting
// instructions) or on two threads, each pinned to a core of its own; `apart` passes nothing on, so
// that the difference is the cost of it.
#include <benchmark/benchmark.h>
#include <pthread.h>
#include <sched.h>

#include <array>
#include <chrono>
#include <cstring>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "dataplane/pipeline/worker.h"
#include "perf/micro/frame_stock.h"

namespace flowscope::bench {
namespace {

constexpr uint32_t kBurst = 64;

enum class Frame : uint8_t { Lent, Copied };

void run_resteer(benchmark::State& state, Frame frame, uint32_t foreign_of_64) {
  const auto resteer = std::move(
      Resteer::create({.workers = 2, .frames_max = 512, .burst = kBurst}, Arena::Populate::Now)
          .value());
  const std::array<uint8_t, 64> bytes{};
  auto burst = std::make_unique<Burst>();
  auto taken = std::make_unique<Burst>();
  auto rows = std::make_unique<ResteerRows>();
  std::array<uint32_t, kBurstMax> owners{};
  std::array<uint64_t, kBurstMax> clocks{};
  for (uint32_t i = 0; i < kBurst; ++i) owners[i * 37 % kBurst] = i < foreign_of_64 ? 1 : 0;
  for (auto _ : state) {
    burst->count = kBurst;
    for (uint32_t i = 0; i < kBurst; ++i) {
      burst->packet[i] = {.frame = {bytes.data(), bytes.size()}, .time = {i}, .wire_bytes = 64};
    }
    resteer->end(0).pass_on(
        *burst, {.owners = owners, .clock_ns = clocks},
        [frame](const PacketView&) { return frame == Frame::Lent; }, [](const PacketView&) {});
    resteer->end(0).publish();
    benchmark::DoNotOptimize(resteer->end(1).take(*taken, *rows));
    resteer->end(1).release();
    benchmark::ClobberMemory();
  }
  const auto packets = static_cast<double>(state.iterations()) * kBurst;
  state.counters["ns_per_packet"] =
      benchmark::Counter(packets * 1e-9, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

// What a packet pool gives out: as with mbufs, two lines of which are written when a packet comes
// and read when it is released, and the frame behind them.
struct alignas(kCacheLineBytes) PacketBuffer {
  std::array<uint64_t, 2 * kCacheLineBytes / sizeof(uint64_t)> head{};
  std::array<uint8_t, FrameStock::kSlotBytes> frame{};
};

// Where ports leave buffers that they have too many of, for those that have none.
class Depot {
 public:
  static constexpr size_t kMoved = 256;
  void give(std::vector<PacketBuffer*>& stack) {
    const std::lock_guard lock(mutex_);
    buffers_.insert(buffers_.end(), stack.end() - kMoved, stack.end());
    stack.resize(stack.size() - kMoved);
  }
  void take(std::vector<PacketBuffer*>& stack) {
    const std::lock_guard lock(mutex_);
    const size_t count = std::min(kMoved, buffers_.size());
    stack.insert(stack.end(), buffers_.end() - static_cast<std::ptrdiff_t>(count), buffers_.end());
    buffers_.resize(buffers_.size() - count);
  }

 private:
  std::mutex mutex_;
  std::vector<PacketBuffer*> buffers_;
};

// A queue that copies frames of the stock into buffers of its pool, as vdevs do.
class PoolPort {
 public:
  PoolPort(uint64_t packets, Depot& depot) : packets_(packets), depot_(depot), buffers_(kBuffers) {
    for (PacketBuffer& buffer : buffers_) free_.push_back(&buffer);
  }

  void receive(Burst& burst) {
    if (received_ >= packets_) return;
    if (free_.size() < kBurst) depot_.take(free_);
    if (free_.size() < kBurst) return;
    stock_.fill_next(burst);
    for (uint32_t i = 0; i < kBurst; ++i) {
      PacketBuffer* const buffer = free_.back();
      free_.pop_back();
      buffer->head.front() = 1;
      buffer->head.back() = 0;
      PacketView& packet = burst.packet[i];
      std::memcpy(buffer->frame.data(), packet.frame.begin(), packet.frame.size());
      packet.frame = {buffer->frame.data(), packet.frame.size()};
      packet.time.ns = kStart_ns + received_ * 100;
      burst.owner[i] = buffer;
    }
    received_ += kBurst;
  }
  void release(Burst& burst) {
    for (uint32_t i = 0; i < burst.count; ++i) {
      auto* const buffer = static_cast<PacketBuffer*>(burst.owner[i]);
      if (buffer == nullptr) continue;
      if (buffer->head.front() == 1 && buffer->head.back() == 0) free_.push_back(buffer);
    }
    burst.count = 0;
    while (free_.size() > kBuffers + Depot::kMoved) depot_.give(free_);
  }
  [[nodiscard]] bool ended() const { return received_ >= packets_; }
  [[nodiscard]] bool lends(const PacketView&) const { return true; }

 private:
  static constexpr size_t kBuffers = 4096;
  static constexpr uint64_t kStart_ns = 1'700'000'000'000'000'000;
  uint64_t packets_;
  Depot& depot_;
  uint64_t received_ = 0;
  FrameStock stock_{Traffic::V4Tcp, kCachedFrames};
  std::vector<PacketBuffer> buffers_;
  std::vector<PacketBuffer*> free_;
};

enum class Steering : uint8_t { On, Off };

// Two workers with a queue each; both queues bring packets of all flows.
struct TwoWorkers {
  TwoWorkers(Steering steering, uint64_t packets_each) {
    // Wait: a worker that is ahead of the other one leaves its port alone, and nothing is dropped.
    resteer = std::move(
        Resteer::create(
            {.workers = 2, .frames_max = 512, .burst = kBurst, .when_full = WhenFull::Wait},
            Arena::Populate::Now)
            .value());
    PipelineOptions options;
    options.decap = Decap::all();
    options.tracker.flows_max = 1 << 16;
    options.streams.buffers_bytes = size_t{1} << 20;
    for (uint32_t i = 0; i < 2; ++i) {
      pipelines.at(i) = std::move(Pipeline::create(options, Arena::Populate::Now).value());
      if (steering == Steering::On) pipelines.at(i)->steer_by(resteer->end(i));
      ports.at(i) = std::make_unique<PoolPort>(packets_each, depot);
      workers.at(i) = std::make_unique<Worker<PoolPort>>(*ports.at(i), *pipelines.at(i));
    }
  }

  Depot depot;
  std::unique_ptr<Resteer> resteer;
  std::array<std::unique_ptr<Pipeline>, 2> pipelines;
  std::array<std::unique_ptr<PoolPort>, 2> ports;
  std::array<std::unique_ptr<Worker<PoolPort>>, 2> workers;
};

void count_worker_packets(benchmark::State& state, double each_iteration) {
  state.counters["ns_per_packet"] =
      benchmark::Counter(static_cast<double>(state.iterations()) * each_iteration * 1e-9,
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void run_by_turns(benchmark::State& state, Steering steering) {
  constexpr uint64_t kEndless = UINT64_MAX;
  TwoWorkers two(steering, kEndless);
  for (auto _ : state) {
    for (auto& worker : two.workers) benchmark::DoNotOptimize(worker->poll_once());
  }
  count_worker_packets(state, 2 * kBurst);
}

void pin_to(uint32_t core) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET(core, &cores);
  (void)pthread_setaffinity_np(pthread_self(), sizeof cores, &cores);
}

// The time of a packet of either worker: of two that go at once, half of what each takes for one.
void run_on_two_cores(benchmark::State& state, Steering steering) {
  constexpr uint64_t kPacketsEach = uint64_t{1} << 20;
  uint64_t dropped = 0;
  for (auto _ : state) {
    TwoWorkers two(steering, kPacketsEach);
    const auto begin = std::chrono::steady_clock::now();
    {
      std::vector<std::jthread> threads;
      for (uint32_t i = 0; i < 2; ++i) {
        threads.emplace_back([&two, i] {
          pin_to(i);
          two.workers.at(i)->run();
        });
      }
    }
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
    state.SetIterationTime(seconds.count());
    for (uint32_t i = 0; i < 2; ++i) dropped += two.resteer->end(i).counters().full.value();
  }
  count_worker_packets(state, 2 * kPacketsEach);
  // Must be 0: of packets that are dropped only half of the work is done.
  state.counters["dropped"] = static_cast<double>(dropped);
}

// As many rounds each time, so that counts of instructions can be compared.
constexpr int kRounds = 1 << 13;
BENCHMARK_CAPTURE(run_by_turns, on, Steering::On)
    ->Name("resteer/workers/by_turns")
    ->Iterations(kRounds);
BENCHMARK_CAPTURE(run_by_turns, off, Steering::Off)
    ->Name("resteer/workers/by_turns/apart")
    ->Iterations(kRounds);
BENCHMARK_CAPTURE(run_on_two_cores, on, Steering::On)
    ->Name("resteer/workers/two_cores")
    ->UseManualTime();
BENCHMARK_CAPTURE(run_on_two_cores, off, Steering::Off)
    ->Name("resteer/workers/two_cores/apart")
    ->UseManualTime();
BENCHMARK_CAPTURE(run_resteer, none, Frame::Lent, 0)->Name("resteer/none_of_64");
BENCHMARK_CAPTURE(run_resteer, half, Frame::Lent, 32)->Name("resteer/lent/32_of_64");
BENCHMARK_CAPTURE(run_resteer, all, Frame::Lent, 64)->Name("resteer/lent/64_of_64");
BENCHMARK_CAPTURE(run_resteer, copied, Frame::Copied, 64)->Name("resteer/copied/64_of_64");

}  // namespace
}  // namespace flowscope::bench

BENCHMARK_MAIN();
