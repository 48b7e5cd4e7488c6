#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "flowcore/base/counter.h"
#include "flowcore/base/prefetch.h"

namespace flowscope {

// Where a worker is on the packet's way. Those from Receive to Release handle packets.
enum class Stage : uint8_t {
  Starting,
  Receive,  // from the port, or from other workers
  Decode,
  Steer,  // what is other workers' goes to them
  Join,   // duplicates, checksums, fragments
  Key,
  Find,
  Update,
  Streams,  // and the parsers
  Records,  // shown to the exporter
  Release,
  Idle,
  Finish,  // ends every flow
  Done,
};
inline constexpr size_t kStages = 14;

[[nodiscard]] constexpr std::string_view name_of(Stage stage) {
  constexpr std::array<std::string_view, kStages> kNames = {
      "starting", "receive", "decode",  "steer",   "join", "key",    "find",
      "update",   "streams", "records", "release", "idle", "finish", "done"};
  return kNames[static_cast<size_t>(stage)];
}

// What a worker tells of itself while it runs: that it moves, in which stage it is, and on demand
// how many processor cycles each stage takes. Thread rule: enter() and enter_idle() belong to the
// worker; beat(), cycles() and is_measured() to any thread; measure_by() and measure_no_more() to
// one other thread at a time, while the worker goes on. Cost: an addition, a relaxed store, a load
// and a branch for each stage of a burst; while cycles are counted, a reading of the counter too.
class Pulse {
 public:
  // Reads a counter of the processor's cycles.
  using ReadCycles = uint64_t (*)();

  // One moment as beat() gives it: differs from the one before whenever the worker moved.
  struct Beat {
    uint64_t word = 0;
    [[nodiscard]] Stage stage() const { return static_cast<Stage>(word % kStep); }
    friend bool operator==(const Beat&, const Beat&) = default;
  };

  void enter(Stage stage) {
    beats_ += kStep;
    // Relaxed: it orders nothing; its partner is the load in beat().
    beat_.store(beats_ | static_cast<uint64_t>(stage), std::memory_order_relaxed);
    // acquire: pairs with the release store in measure_by(); who sees the counter sees that it
    // begins.
    const ReadCycles read_cycles = read_cycles_.load(std::memory_order_acquire);
    if (read_cycles != nullptr) [[unlikely]]
      note_cycles(read_cycles());
    stage_ = stage;
  }
  // Nothing came: what asking for it took is idle time.
  void enter_idle() {
    stage_ = Stage::Idle;
    enter(Stage::Idle);
  }

  [[nodiscard]] Beat beat() const { return {beat_.load(std::memory_order_relaxed)}; }

  // From the worker's next step on cycles are counted; the stage that it is in then counts from
  // there.
  void measure_by(ReadCycles read_cycles) {
    // Relaxed: shown by the store behind it.
    beginnings_.fetch_add(1, std::memory_order_relaxed);
    // release: pairs with the acquire load in enter().
    read_cycles_.store(read_cycles, std::memory_order_release);
  }
  // What was counted stays.
  void measure_no_more() { read_cycles_.store(nullptr, std::memory_order_release); }
  [[nodiscard]] bool is_measured() const {
    return read_cycles_.load(std::memory_order_relaxed) != nullptr;
  }
  // Spent in a stage while cycles were counted, waiting for memory included.
  [[nodiscard]] uint64_t cycles(Stage stage) const {
    return cycles_[static_cast<size_t>(stage)].value();
  }

 private:
  static constexpr uint64_t kStep = 16;
  static_assert(kStages <= kStep);

  void note_cycles(uint64_t now) {
    // Relaxed: ordered by the acquire load in enter().
    const uint32_t beginnings = beginnings_.load(std::memory_order_relaxed);
    if (beginnings == beginnings_seen_) {
      cycles_[static_cast<size_t>(stage_)].add(now - since_);
    }
    beginnings_seen_ = beginnings;
    since_ = now;
  }

  // The control thread looks at it some twenty times a second.
  alignas(kCacheLineBytes) std::atomic<uint64_t> beat_{0};
  uint64_t beats_ = 0;
  std::atomic<ReadCycles> read_cycles_{nullptr};  // null: cycles are not counted
  std::atomic<uint32_t> beginnings_{0};           // of the counting
  uint32_t beginnings_seen_ = 0;
  uint64_t since_ = 0;
  Stage stage_ = Stage::Starting;
  std::array<Counter, kStages> cycles_;
};

}  // namespace flowscope
