#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <new>
#include <vector>

#include "dataplane/pcap/capture_reader.h"
#include "dataplane/pipeline/worker.h"
#include "perf/traffic/traffic.h"

namespace {

// Calls of any form of operator new since the program began.
std::atomic<uint64_t>& allocations() {
  static constinit std::atomic<uint64_t> count{0};
  return count;
}

void* counted(size_t bytes, size_t alignment) {
  allocations().fetch_add(1, std::memory_order_relaxed);
  void* place = nullptr;
  if (posix_memalign(&place, std::max(alignment, sizeof(void*)), bytes) != 0) std::abort();
  return place;
}

}  // namespace

// The array and nothrow forms of the library call these.
void* operator new(size_t bytes) { return counted(bytes, __STDCPP_DEFAULT_NEW_ALIGNMENT__); }
void* operator new(size_t bytes, std::align_val_t alignment) {
  return counted(bytes, static_cast<size_t>(alignment));
}
void operator delete(void* place) noexcept { std::free(place); }
void operator delete(void* place, size_t) noexcept { std::free(place); }
void operator delete(void* place, std::align_val_t) noexcept { std::free(place); }
void operator delete(void* place, size_t, std::align_val_t) noexcept { std::free(place); }

namespace flowscope {
namespace {

constexpr uint32_t kBurst = 64;
// Longer than every idle time-out, so that each round of the same packets is made of new flows.
constexpr uint64_t kRoundNs = 400'000'000'000;

// The frames of some captures, kept in memory.
class Frames {
 public:
  void add_capture(const std::string& path) {
    Result<CaptureReader> reader = CaptureReader::open(path);
    FS_CHECK(reader.ok());
    auto burst = std::make_unique<Burst>();
    while (reader.value().read(*burst, kBurst) != 0) {
      for (uint32_t i = 0; i < burst->count; ++i) {
        const PacketView& packet = burst->packet[i];
        bytes_.emplace_back(packet.frame.begin(), packet.frame.end());
        packets_.push_back(packet);
      }
    }
    for (size_t i = 0; i < packets_.size(); ++i) {
      packets_[i].frame = {bytes_[i].data(), bytes_[i].size()};
    }
  }
  [[nodiscard]] const std::vector<PacketView>& packets() const { return packets_; }

 private:
  std::vector<std::vector<uint8_t>> bytes_;
  std::vector<PacketView> packets_;
};

// A port that brings the same packets again and again, each round later than the one before.
class RoundPort {
 public:
  explicit RoundPort(const Frames& frames) : packets_(frames.packets()) {}

  size_t receive(Burst& burst) {
    burst.count = 0;
    while (burst.count < kBurst && next_ < packets_.size()) {
      PacketView& packet = burst.packet[burst.count++];
      packet = packets_[next_++];
      packet.time.ns += round_ * kRoundNs;
    }
    return burst.count;
  }
  void release(Burst& burst) { burst.count = 0; }
  [[nodiscard]] bool ended() const { return next_ == packets_.size(); }
  void begin_round() {
    next_ = 0;
    ++round_;
  }

 private:
  const std::vector<PacketView>& packets_;
  size_t next_ = 0;
  uint64_t round_ = 0;
};

// Takes every record out, as the exporter does.
uint64_t drain(RecordRing& ring) {
  uint64_t records = 0;
  while (!ring.front().empty()) {
    ring.pop();
    ++records;
  }
  ring.release();
  return records;
}

uint64_t run_round(RoundPort& port, Worker<RoundPort>& worker, Pipeline& pipeline) {
  uint64_t records = 0;
  port.begin_round();
  while (worker.poll_once() != 0) records += drain(pipeline.ring());
  return records;
}

class WorkerAllocation : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::string path = ::testing::TempDir() + "/allocation_test.pcap";
    ASSERT_TRUE(traffic::write_sample(path).ok());
    frames_.add_capture(path);
    ASSERT_TRUE(
        traffic::write_mix({.path = path}, {.http = 300, .tls = 100, .dns = 300, .live = 200})
            .ok());
    frames_.add_capture(path);
    ASSERT_TRUE(traffic::write_synflood({.path = path}, 3000).ok());
    frames_.add_capture(path);
    ASSERT_TRUE(traffic::write_elephant({.path = path}, 500).ok());
    frames_.add_capture(path);
    std::filesystem::remove(path);

    PipelineOptions options;
    options.tracker.flows_max = 512;
    options.streams = {.streams_max = 256, .buffers_bytes = size_t{4} << 20};
    auto created = Pipeline::create(options, Arena::Populate::Lazily);
    ASSERT_TRUE(created.ok());
    pipeline_ = std::move(created.value());
  }

  Frames frames_;
  std::unique_ptr<Pipeline> pipeline_;
};

TEST_F(WorkerAllocation, NeverHappensOnceTheFirstPacketsWereSeen) {
  RoundPort port(frames_);
  auto worker = std::make_unique<Worker<RoundPort>>(port, *pipeline_);
  run_round(port, *worker, *pipeline_);
  const uint64_t created_before = pipeline_->tracker().created();
  const uint64_t evicted_before = pipeline_->tracker().evicted();

  const uint64_t allocations_before = allocations().load();
  uint64_t records = 0;
  for (int round = 0; round < 3; ++round) records += run_round(port, *worker, *pipeline_);
  pipeline_->finish();
  records += drain(pipeline_->ring());
  EXPECT_EQ(allocations().load() - allocations_before, 0U);

  // The rounds were what they should be: new flows, evictions, messages of every protocol.
  EXPECT_GT(pipeline_->tracker().created() - created_before, 10'000U);
  EXPECT_GT(pipeline_->tracker().evicted() - evicted_before, 1'000U);
  EXPECT_GT(records, pipeline_->tracker().ended() - created_before + 1'000U);
  EXPECT_TRUE(pipeline_->ledger().balanced());
}

TEST(CountedAllocation, SeesOperatorNew) {
  const uint64_t before = allocations().load();
  auto number = std::make_unique<int>(1);
  std::vector<std::string> texts(3, std::string(100, 'x'));
  EXPECT_EQ(*number + texts.size(), 4U);
  EXPECT_GE(allocations().load() - before, 5U);
}

}  // namespace
}  // namespace flowscope
