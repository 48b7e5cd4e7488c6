// TcpStream against a map from each byte to the segment that it came from, for random schedules of
// both sides of a flow: overlaps with other bytes, loss, reordering, duplicates, cut captures,
// wrap, acknowledgments, FINs, every policy, caps that are reached.
//   FLOWSCOPE_SCHEDULES=n  how many schedules (10000000 takes some minutes, 100000000 a night)
//   FS_PROPERTY_SEED=n     other ones
#include "tests/property/tcp_stream_model.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>

#include "flowcore/base/buffer_pool.h"
#include "flowcore/base/flow_side.h"
#include "flowcore/stream/tcp_stream.h"

namespace flowscope {
namespace {

using testing::HandedOn;
using testing::ModelRules;
using testing::StreamModel;

uint64_t number_from_environment(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): one thread
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

// Small and quick; schedules need many numbers and no great ones.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed * 0x9e3779b97f4a7c15U + 1) {}
  uint32_t below(uint32_t limit) { return static_cast<uint32_t>((next() >> 32) % limit); }
  uint32_t number() { return static_cast<uint32_t>(next() >> 32); }

 private:
  uint64_t next() {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return state_ * 0x2545f4914f6cdd1dU;
  }
  uint64_t state_;
};

// One worker's memory, made anew only where a schedule wants other rules.
class Worker {
 public:
  explicit Worker(const SegmentStore::Options& options)
      : arena_(std::move(Arena::create(BufferPool::cost(kPoolBytes) + SegmentStore::cost(options),
                                       Arena::Populate::Lazily)
                             .value())),
        pool_(arena_, kPoolBytes),
        store_(arena_, pool_, options) {}
  SegmentStore& store() { return store_; }
  [[nodiscard]] size_t bytes_in_use() const { return pool_.bytes_in_use(); }

 private:
  static constexpr size_t kPoolBytes = size_t{1} << 20;
  Arena arena_;
  BufferPool pool_;
  SegmentStore store_;
};

// One schedule: the same calls to a stream and to its model for each side of a flow.
class Schedule {
 public:
  Schedule(uint64_t seed, Worker& worker, const ModelRules& rules)
      : random_(seed),
        store_(worker.store()),
        first_number_(random_.below(3) == 0 ? 0xffffffffU - random_.below(1500) : random_.number()),
        is_long_(random_.below(400) == 0),
        text_bytes_(1
                    + random_.below(is_long_                ? 300'000
                                    : random_.below(8) == 0 ? 3000
                                                            : 60)),
        segment_bytes_(1 + random_.below(is_long_ ? std::min(text_bytes_, 200U) : text_bytes_)),
        sides_{Side{with(rules, first_number_)}, Side{with(rules, first_number_)}} {}

  void run() {
    for (Side& side : sides_) {
      side.text.resize(text_bytes_);
      for (char& letter : side.text) letter = static_cast<char>('a' + random_.below(26));
      if (random_.below(4) != 0) {
        side.stream.anchor(number(0));
        side.model.anchor(0);
      }
    }
    for (uint32_t steps = 1 + random_.below(is_long_ ? 600 : 24); steps > 0; --steps) step();
    for (Side& side : sides_) {
      if (random_.below(8) != 0) {
        side.stream.flush(store_, side.out);
        side.model.flush();
      }
      side.stream.drop(store_);
      compare(side);
    }
  }

 private:
  struct Side {
    explicit Side(const ModelRules& rules) : model(rules) {}
    TcpStream stream;
    HandedOn out;
    StreamModel model;
    std::string text;
  };

  static ModelRules with(ModelRules rules, uint32_t first_number) {
    // So that places before the first one have blocks of their own as well.
    rules.first_number = int64_t{first_number} + (int64_t{1} << 32);
    return rules;
  }
  [[nodiscard]] uint32_t number(int64_t place) const {
    return first_number_ + static_cast<uint32_t>(place);
  }

  void step() {
    const size_t which = random_.below(2);
    Side& side = sides_[which];
    pass_time();
    switch (random_.below(16)) {
      case 0:
      case 1:
      case 2: {
        const int64_t place = acknowledged_place();
        side.stream.peer_acknowledged(number(place), clock_ns_, store_, side.out);
        side.model.peer_acknowledged(place, clock_ns_);
        break;
      }
      case 3: {
        const auto place = static_cast<int64_t>(text_bytes_);
        side.stream.fin_at(number(place));
        side.model.fin_at(place);
        break;
      }
      default:
        segment(side, sides_[1 - which]);
    }
    ASSERT_EQ(side.stream.complete(), side.model.complete());
    ASSERT_EQ(side.stream.holds(), side.model.holds());
    ASSERT_EQ(side.stream.held_bytes(), side.model.memory_bytes());
  }

  void pass_time() {
    switch (random_.below(8)) {
      case 0:
        clock_ns_ += TcpStream::kAckGrace_ns;
        break;
      case 1:
        clock_ns_ += random_.below(8) == 0 ? TcpStream::kSilentPeerWait_ns : 0;
        break;
      case 2:
        clock_ns_ += TcpStream::kOneSidedWait_ns;
        break;
      default:
        clock_ns_ += random_.below(1000000);
    }
  }

  int64_t acknowledged_place() {
    if (random_.below(40) == 0) return int64_t{TcpStream::kAheadMax} + random_.below(2000000);
    return random_.below(text_bytes_ + 1);
  }

  void segment(Side& side, const Side& peer) {
    auto begin = static_cast<int64_t>(random_.below(text_bytes_));
    const uint32_t size =
        1 + random_.below(std::min(segment_bytes_, text_bytes_ - static_cast<uint32_t>(begin)));
    std::string bytes = side.text.substr(static_cast<size_t>(begin), size);
    if (random_.below(3) == 0) {
      for (char& letter : bytes)
        if (random_.below(2) == 0) letter = static_cast<char>('A' + random_.below(26));
    }
    if (random_.below(60) == 0) begin += int64_t{TcpStream::kAheadMax} + random_.below(2000000);
    const uint32_t missing_tail = random_.below(12) == 0 ? 1 + random_.below(20) : 0;
    const uint32_t peer_bytes = peer.stream.held_bytes();
    side.stream.segment({.seq = number(begin),
                         .payload = Bytes::of(bytes),
                         .missing_tail = missing_tail,
                         .clock_ns = clock_ns_,
                         .peer_held_bytes = peer_bytes},
                        store_, side.out);
    side.model.segment(begin, bytes, missing_tail, clock_ns_, peer_bytes);
  }

  static void compare(const Side& side) {
    const TcpStream& stream = side.stream;
    const StreamModel& model = side.model;
    ASSERT_EQ(side.out.bytes, model.out.bytes);
    ASSERT_TRUE(side.out == model.out) << "gaps are told of elsewhere";
    ASSERT_EQ(stream.is_poisoned(), model.poisoned);
    ASSERT_EQ(stream.high_watermark(), model.watermark);
    ASSERT_EQ(stream.dropped_bytes(), model.dropped);
    ASSERT_EQ(stream.strays(), model.strays);
    ASSERT_EQ(stream.retransmitted(), model.retransmitted);
    ASSERT_EQ(stream.overlapping(), model.overlapping);
    ASSERT_EQ(stream.out_of_order(), model.out_of_order);
    ASSERT_EQ(stream.keep_alives(), model.keep_alives);
    ASSERT_EQ(stream.conflicts(), model.conflicts);
  }

  Random random_;
  SegmentStore& store_;
  uint32_t first_number_;
  bool is_long_;  // many blocks, a deep tree
  uint32_t text_bytes_;
  uint32_t segment_bytes_;
  std::array<Side, 2> sides_;
  uint64_t clock_ns_ = 1;
};

struct Rules {
  SegmentStore::Options options;
  ModelRules model;
};

// Every policy of overlaps with caps that are out of reach, that are reached by one side, and that
// are reached by both together.
std::vector<Rules> all_rules() {
  std::vector<Rules> all;
  for (size_t overlap = 0; overlap < kSegmentOverlaps; ++overlap) {
    for (const uint32_t blocks : {1000U, 16U, 3U, 1U, 0U}) {
      for (const OverflowPolicy overflow :
           {OverflowPolicy::SlidingWindow, OverflowPolicy::DropFlow}) {
        Rules rules;
        rules.model.overlap = static_cast<SegmentOverlap>(overlap);
        rules.model.overflow = overflow;
        if (compares_ranges(rules.model.overlap)) {
          rules.model.block_bytes += 2048;
        } else if (blocks >= 16) {
          rules.model.block_numbers = 2048;
          rules.model.block_bytes = 2048;
        }
        rules.model.side_bytes_max = blocks * rules.model.block_bytes;
        rules.model.flow_bytes_max = rules.model.side_bytes_max + rules.model.block_bytes;
        rules.options = {.segments_max = 256,
                         .bytes_per_side_max = static_cast<uint32_t>(rules.model.side_bytes_max),
                         .bytes_per_flow_max = static_cast<uint32_t>(rules.model.flow_bytes_max),
                         .overlap = rules.model.overlap,
                         .overflow = overflow};
        all.push_back(rules);
        if (blocks == 1000 || blocks == 0) break;  // never reached, or always
      }
    }
  }
  return all;
}

TEST(TcpStreamModel, AgreesForEverySchedule) {
  const uint64_t schedules = number_from_environment("FLOWSCOPE_SCHEDULES", 210'000);
  const uint64_t seed = number_from_environment("FS_PROPERTY_SEED", 20261126);
  std::printf("FLOWSCOPE_SCHEDULES=%llu FS_PROPERTY_SEED=%llu\n",
              static_cast<unsigned long long>(schedules), static_cast<unsigned long long>(seed));
  const std::vector<Rules> all = all_rules();
  for (size_t i = 0; i < all.size(); ++i) {
    Worker worker(all[i].options);
    for (uint64_t number = i; number < schedules; number += all.size()) {
      SCOPED_TRACE("schedule " + std::to_string(number) + ", policy "
                   + std::string(name_of(all[i].model.overlap)));
      Schedule(seed + number, worker, all[i].model).run();
      if (HasFailure()) return;
      ASSERT_EQ(worker.bytes_in_use(), 0U);
      ASSERT_EQ(worker.store().live(), 0U);
    }
  }
}

}  // namespace
}  // namespace flowscope
