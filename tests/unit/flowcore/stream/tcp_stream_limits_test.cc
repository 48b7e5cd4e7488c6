// What a TcpStream may take at most, whatever comes, and that it gives it back.
#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "flowcore/base/buffer_pool.h"
#include "flowcore/stream/reassembler.h"
#include "tests/support/handed_on.h"

namespace flowscope {
namespace {

using testing::HandedOn;

static_assert(Reassembler<TcpStream, HandedOn>);

constexpr size_t kPoolBytes = size_t{16} << 20;

// A worker's store and pool.
class Worker {
 public:
  explicit Worker(const SegmentStore::Options& options, size_t pool_bytes = kPoolBytes)
      : arena_(std::move(Arena::create(BufferPool::cost(pool_bytes) + SegmentStore::cost(options),
                                       Arena::Populate::Lazily)
                             .value())),
        pool(arena_, pool_bytes),
        store(arena_, pool, options) {}

 private:
  Arena arena_;

 public:
  BufferPool pool;
  SegmentStore store;
};

// A side that only counts what it was given.
struct Side {
  TcpStream stream;
  uint64_t bytes = 0;
  uint64_t gaps = 0;
  uint64_t missing = 0;
  void on_bytes(Bytes run) { bytes += run.size(); }
  void on_gap(uint32_t missing_bytes) {
    ++gaps;
    missing += missing_bytes;
  }
  void give(uint32_t seq, Bytes payload, SegmentStore& store, uint32_t peer_bytes = 0) {
    stream.segment({.seq = seq,
                    .payload = payload,
                    .missing_tail = 0,
                    .clock_ns = 0,
                    .peer_held_bytes = peer_bytes},
                   store, *this);
  }
};

constexpr uint32_t kTiny = 300'000;

TEST(TcpStreamLimits, HoldsAFloodOfOneByteSegmentsInAscendingOrder) {
  Worker worker({});
  Side side;
  side.stream.anchor(0);
  for (uint32_t i = 1; i <= kTiny; ++i) side.give(i, Bytes::of("x"), worker.store);
  EXPECT_LE(side.stream.high_watermark(), 256U << 10);
  EXPECT_EQ(side.missing, 1U);
  side.stream.flush(worker.store, side);
  EXPECT_EQ(side.bytes, kTiny) << "only the hole is lost";
  EXPECT_EQ(worker.pool.bytes_in_use(), 0U);
}

TEST(TcpStreamLimits, HoldsAFloodOfOneByteSegmentsInDescendingOrder) {
  Worker worker({});
  Side side;
  side.stream.anchor(0);
  for (uint32_t i = kTiny; i >= 1; --i) side.give(i, Bytes::of("x"), worker.store);
  EXPECT_LE(side.stream.high_watermark(), 256U << 10);
  side.stream.flush(worker.store, side);
  EXPECT_EQ(side.bytes + side.missing, uint64_t{kTiny} + 1);
  EXPECT_GE(side.bytes, (256U << 10) - 2 * 2048) << "all but the blocks at both ends is handed on";
  EXPECT_EQ(worker.pool.bytes_in_use(), 0U);
}

TEST(TcpStreamLimits, KeepsManyHolesInMemoryThatDoesNotDependOnThem) {
  constexpr uint32_t kHoles = 100'000;
  Worker worker({.bytes_per_side_max = 1 << 20});
  Side side;
  side.stream.anchor(0);
  for (uint32_t i = 0; i < kHoles; ++i) side.give(1 + 2 * i, Bytes::of("x"), worker.store);
  EXPECT_EQ(side.gaps, 0U);
  EXPECT_EQ(side.stream.held_bytes(), (2 * kHoles / 2048 + 1) * 2048);
  side.stream.flush(worker.store, side);
  EXPECT_EQ(side.gaps, kHoles);
  EXPECT_EQ(side.bytes, kHoles);
}

// Two sides of many flows send whatever hurts most; no cap is ever passed, for any policy.
TEST(TcpStreamLimits, NeverPassesACapWhateverComes) {
  for (const SegmentOverlap overlap : {SegmentOverlap::First, SegmentOverlap::Linux}) {
    for (const OverflowPolicy overflow :
         {OverflowPolicy::SlidingWindow, OverflowPolicy::DropFlow}) {
      const SegmentStore::Options options{.segments_max = 700,
                                          .bytes_per_side_max = 40 << 10,
                                          .bytes_per_flow_max = 60 << 10,
                                          .overlap = overlap,
                                          .overflow = overflow};
      Worker worker(options, size_t{1} << 20);
      std::mt19937 random(20261126);
      std::array<std::array<Side, 2>, 30> flows;
      const std::vector<uint8_t> payload(4000, 'x');
      for (int i = 0; i < 60'000; ++i) {
        auto& flow = flows[random() % flows.size()];
        const size_t which = random() % 2;
        Side& side = flow[which];
        const size_t size = random() % 3 == 0 ? 1 + random() % payload.size() : 1;
        const auto seq = static_cast<uint32_t>(side.stream.offset() + random() % 200'000);
        if (!side.stream.anchored()) side.stream.anchor(0);
        side.give(seq, {payload.data(), size}, worker.store, flow[1 - which].stream.held_bytes());
        ASSERT_LE(side.stream.held_bytes(), options.bytes_per_side_max);
        ASSERT_LE(flow[0].stream.held_bytes() + flow[1].stream.held_bytes(),
                  options.bytes_per_flow_max);
        ASSERT_LE(worker.pool.bytes_in_use(), size_t{1} << 20);
        if (side.stream.is_poisoned()) {
          ASSERT_EQ(side.stream.held_bytes(), 0U);
          side = Side();
        }
      }
      for (auto& flow : flows)
        for (Side& side : flow) side.stream.drop(worker.store);
      EXPECT_EQ(worker.pool.bytes_in_use(), 0U);
      EXPECT_EQ(worker.store.live(), 0U);
    }
  }
}

TEST(TcpStreamLimits, GivesAllMemoryBackAfterManyShortSessions) {
  Worker worker({});
  for (int round = 0; round < 10; ++round) {
    std::vector<std::unique_ptr<Side>> sides;
    for (uint32_t i = 0; i < 2000; ++i) {
      sides.push_back(std::make_unique<Side>());
      Side& side = *sides.back();
      side.stream.anchor(i);
      side.give(i + 5, Bytes::of("later"), worker.store);
      if (i % 3 == 0) side.give(i, Bytes::of("first"), worker.store);
      if (i % 3 == 1) side.stream.flush(worker.store, side);
    }
    for (const auto& side : sides) side->stream.drop(worker.store);
    ASSERT_EQ(worker.pool.bytes_in_use(), 0U) << "round " << round;
    ASSERT_EQ(worker.store.live(), 0U);
  }
}

TEST(TcpStreamLimits, LeavesLargeBlocksToOthers) {
  Worker worker({.segments_max = 1 << 15, .bytes_per_side_max = UINT32_MAX});
  Side side;
  side.stream.anchor(0);
  for (uint32_t i = 1; i < 30'000; ++i) side.give(i * 512, Bytes::of("x"), worker.store);
  EXPECT_FALSE(worker.pool.take(16384).empty());
  EXPECT_FALSE(worker.pool.take(65536).empty());
  side.stream.drop(worker.store);
}

TEST(TcpStreamLimits, ThrowsEverythingAwayWhereTheFlowIsToBeDropped) {
  Worker worker({.bytes_per_side_max = 1024, .overflow = OverflowPolicy::DropFlow});
  HandedOn out;
  TcpStream stream;
  stream.anchor(0);
  const std::string text(600, 'x');
  const auto give = [&](uint32_t seq) {
    stream.segment({.seq = seq, .payload = Bytes::of(text), .missing_tail = 0, .clock_ns = 0},
                   worker.store, out);
  };
  give(100);
  EXPECT_FALSE(stream.is_poisoned());
  give(1500);
  EXPECT_TRUE(stream.is_poisoned());
  EXPECT_EQ(stream.dropped_bytes(), 1200U);
  EXPECT_EQ(stream.high_watermark(), 1024U);
  EXPECT_EQ(worker.pool.bytes_in_use(), 0U);
  give(0);
  stream.peer_acknowledged(5000, 0, worker.store, out);
  stream.flush(worker.store, out);
  EXPECT_EQ(out, HandedOn()) << "a poisoned stream says nothing";
}

TEST(TcpStreamLimits, CountsTheHoleThatWasGivenUpForRoom) {
  Worker worker({.bytes_per_side_max = 512});
  HandedOn out;
  TcpStream stream;
  stream.anchor(0);
  for (const uint32_t seq : {10U, 2000U})
    stream.segment({.seq = seq, .payload = Bytes::of("abc"), .missing_tail = 0, .clock_ns = 0},
                   worker.store, out);
  EXPECT_EQ(out.bytes, "abc");
  EXPECT_EQ(stream.dropped_bytes(), 10U);
  EXPECT_TRUE(stream.holds()) << "there was room for the second then";
  stream.drop(worker.store);
}

}  // namespace
}  // namespace flowscope
