// Whole pipelines that pass packets on to each other, against one pipeline that gets them all.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "dataplane/export/eve_writer.h"
#include "dataplane/pipeline/worker.h"
#include "perf/traffic/traffic.h"
#include "tests/support/held_packets.h"
#include "tests/support/tunnel_traffic.h"

namespace flowscope {
namespace {

enum class Frames : uint8_t { Lent, Copied, Both };

// A queue that a test puts packets into.
class QueuePort {
 public:
  explicit QueuePort(Frames frames) : frames_(frames) {}

  void put(const PacketView& packet) { waiting_.push_back(packet); }
  void put_end() { has_end_ = true; }

  void receive(Burst& burst) {
    while (burst.count < 64 && next_ < waiting_.size()) {
      // Owners are never null here, so that a release of one that is not ours shows.
      burst.owner[burst.count] = this;
      burst.packet[burst.count++] = waiting_[next_++];
    }
    taken_ += burst.count;
  }
  void release(Burst& burst) {
    for (uint32_t i = 0; i < burst.count; ++i) released_ += burst.owner[i] != nullptr;
    burst.count = 0;
  }
  void idle() { std::this_thread::yield(); }
  [[nodiscard]] bool ended() const { return has_end_ && next_ == waiting_.size(); }
  [[nodiscard]] bool lends(const PacketView& packet) const {
    return frames_ == Frames::Lent || (frames_ == Frames::Both && packet.frame.size() % 2 == 0);
  }
  [[nodiscard]] uint64_t taken() const { return taken_; }
  [[nodiscard]] uint64_t released() const { return released_; }

 private:
  Frames frames_;
  std::vector<PacketView> waiting_;
  size_t next_ = 0;
  bool has_end_ = false;
  uint64_t taken_ = 0;
  uint64_t released_ = 0;
};

PipelineOptions pipeline_options() {
  PipelineOptions options;
  options.decap = Decap::all();
  options.checksums = ChecksumMode::Count;
  options.tracker.flows_max = 8192;
  options.tracker.details_max = 4096;
  options.streams.streams_max = 4096;
  options.streams.buffers_bytes = size_t{4} << 20;
  return options;
}

// Some workers that pass packets on to each other; one alone when there is but one.
struct Workers {
  Workers(uint32_t count, Frames frames, Resteer::Options options = {}) {
    options.workers = count;
    if (count > 1) resteer = std::move(Resteer::create(options, Arena::Populate::Lazily).value());
    for (uint32_t i = 0; i < count; ++i) {
      pipelines.push_back(
          std::move(Pipeline::create(pipeline_options(), Arena::Populate::Lazily).value()));
      if (resteer) pipelines.back()->steer_by(resteer->end(i));
      ports.push_back(std::make_unique<QueuePort>(frames));
      workers.push_back(std::make_unique<Worker<QueuePort>>(*ports[i], *pipelines[i]));
    }
  }
  // Until nobody has anything to do.
  void settle() {
    for (uint32_t quiet = 0; quiet < workers.size();) {
      for (auto& worker : workers) quiet = worker->poll_once() == 0 ? quiet + 1 : 0;
    }
  }
  void finish(uint64_t time_ns) {
    for (auto& pipeline : pipelines) {
      pipeline->sweep(time_ns);
      pipeline->finish();
    }
  }
  void drain() {
    for (auto& pipeline : pipelines) {
      RecordRing& ring = pipeline->ring();
      for (Bytes front = ring.front(); !front.empty(); front = ring.front()) {
        TextBuffer text(size_t{1} << 16);
        eve.write(RecordReader(front, heads), text);
        lines.emplace_back(text.text());
        ring.pop();
      }
      ring.release();
    }
  }
  template <class F>
  [[nodiscard]] uint64_t sum(const F& of) const {
    uint64_t all = 0;
    for (const auto& pipeline : pipelines) all += of(*pipeline);
    return all;
  }
  [[nodiscard]] uint64_t fate(Fate fate) const {
    return sum([fate](const Pipeline& pipeline) { return pipeline.ledger().of(fate); });
  }
  [[nodiscard]] uint64_t received() const {
    return sum([](const Pipeline& pipeline) { return pipeline.ledger().received(); });
  }
  [[nodiscard]] bool balanced() const {
    return std::all_of(pipelines.begin(), pipelines.end(), [](const auto& pipeline) {
      return pipeline->ledger().read().value().balanced();
    });
  }

  std::unique_ptr<Resteer> resteer;
  std::vector<std::unique_ptr<Pipeline>> pipelines;
  std::vector<std::unique_ptr<QueuePort>> ports;
  std::vector<std::unique_ptr<Worker<QueuePort>>> workers;
  FlowHeads heads;
  EveWriter eve{EveOptions{}};
  std::vector<std::string> lines;
};

class ResteeredFlows : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::string path =
        ::testing::TempDir() + "/resteer_" + std::to_string(getpid()) + ".pcap";
    ASSERT_TRUE(
        traffic::write_mix({.path = path}, {.http = 60, .tls = 30, .dns = 60, .live = 40}).ok());
    traffic_.add_capture(path);
    std::filesystem::remove(path);
    // Tunnels, fragments, ICMP errors.
    traffic_.add(testing::tunnel_traffic());
  }
  // Each packet comes by a queue chosen by chance, and all is done that it causes before the next
  // one comes: so the order of all packets is that of one worker.
  void replay(Workers& all, uint32_t seed) {
    std::mt19937 random(seed);
    for (const PacketView& packet : traffic_.packets()) {
      all.ports.at(random() % all.ports.size())->put(packet);
      all.settle();
      all.drain();
    }
    all.finish(traffic_.packets().back().time.ns);
    all.drain();
    std::sort(all.lines.begin(), all.lines.end());
  }

  testing::HeldPackets traffic_;
};

TEST_F(ResteeredFlows, GiveTheRecordsOfOneWorkerWhicheverQueuePacketsComeBy) {
  Workers one(1, Frames::Lent);
  replay(one, 0);
  ASSERT_GT(one.lines.size(), 300U);
  ASSERT_GT(one.pipelines[0]->fragments()->whole.value(), 2U);
  for (const uint32_t workers : {2U, 3U, 5U}) {
    for (const Frames frames : {Frames::Lent, Frames::Copied, Frames::Both}) {
      const uint32_t seed = workers * 10 + static_cast<uint32_t>(frames);
      SCOPED_TRACE("seed " + std::to_string(seed) + ", workers " + std::to_string(workers));
      Workers several(workers, frames);
      replay(several, seed);
      EXPECT_EQ(several.lines, one.lines);
      EXPECT_EQ(several.received(), traffic_.packets().size());
      EXPECT_TRUE(several.balanced());
      for (size_t fate = 0; fate < kFates; ++fate) {
        EXPECT_EQ(several.fate(static_cast<Fate>(fate)), one.fate(static_cast<Fate>(fate)))
            << name_of(static_cast<Fate>(fate));
      }
      const auto bytes = [](const Pipeline& p) { return p.traffic().bytes.value(); };
      EXPECT_EQ(several.sum(bytes), one.sum(bytes));
      const auto whole = [](const Pipeline& p) { return p.fragments()->whole.value(); };
      EXPECT_EQ(several.sum(whole), one.sum(whole));
      uint64_t taken = 0;
      uint64_t released = 0;
      for (const auto& port : several.ports) {
        taken += port->taken();
        released += port->released();
      }
      EXPECT_EQ(released, taken) << "every frame goes back once";
    }
  }
}

// One worker receives everything and runs ahead of the others; the times of some packets are
// minutes ahead of those behind them, so that flows end by them.
TEST_F(ResteeredFlows, OfOnePortAreThoseOfOneWorkerHoweverTimesJump) {
  const auto lines_of = [&](Workers& all) {
    for (size_t i = 0; i < traffic_.packets().size(); ++i) {
      PacketView packet = traffic_.packets()[i];
      if (i % 41 == 0) packet.time.ns += (i % 3) * 200 * uint64_t{1'000'000'000};
      all.ports[0]->put(packet);
    }
    {
      std::vector<std::jthread> threads;
      for (size_t i = 0; i < all.workers.size(); ++i) {
        all.ports[i]->put_end();
        threads.emplace_back([&all, i] { all.workers[i]->run(); });
      }
    }
    all.drain();
    std::sort(all.lines.begin(), all.lines.end());
    return all.lines;
  };
  Workers one(1, Frames::Lent);
  const std::vector<std::string> expected = lines_of(one);
  EXPECT_GT(expected.size(), 300U);
  for (const uint32_t workers : {2U, 3U}) {
    for (const Frames frames : {Frames::Lent, Frames::Both}) {
      SCOPED_TRACE("workers " + std::to_string(workers));
      Workers several(
          workers, frames,
          {.frames_max = 64, .burst = 64, .when_full = WhenFull::Wait, .readers = Readers::One});
      EXPECT_EQ(lines_of(several), expected);
      EXPECT_TRUE(several.balanced());
      EXPECT_EQ(several.fate(Fate::ResteerFull), 0U);
      uint64_t released = 0;
      for (const auto& port : several.ports) released += port->released();
      EXPECT_EQ(released, traffic_.packets().size()) << "every frame goes back once";
    }
  }
}

TEST_F(ResteeredFlows, CountWhatAFullRingDroppedAndKeepTheLedger) {
  Workers two(2, Frames::Lent, {.frames_max = 64, .burst = 64});
  // Worker 1 takes nothing, as if it were stalled.
  for (const PacketView& packet : traffic_.packets()) two.ports[0]->put(packet);
  while (two.workers[0]->poll_once() != 0) two.drain();
  const uint64_t full = two.fate(Fate::ResteerFull);
  EXPECT_GT(full, 100U);
  EXPECT_EQ(full, two.resteer->end(0).counters().full.value());
  two.settle();
  EXPECT_EQ(two.fate(Fate::ResteerFull), full);
  EXPECT_EQ(two.received(), traffic_.packets().size());
  EXPECT_TRUE(two.balanced());
  EXPECT_EQ(two.ports[0]->released() + two.ports[1]->released(), traffic_.packets().size());
}

// Two threads, each with packets of all flows; the first has nothing left to receive long before
// the other one is done.
TEST_F(ResteeredFlows, AreAllTakenBeforeAWorkerLeaves) {
  Workers two(2, Frames::Both, {.frames_max = 64, .burst = 64, .when_full = WhenFull::Wait});
  for (size_t i = 0; i < traffic_.packets().size(); ++i)
    two.ports[i % 8 == 0 ? 0 : 1]->put(traffic_.packets()[i]);
  for (auto& port : two.ports) port->put_end();
  {
    const std::jthread first([&] { two.workers[0]->run(); });
    const std::jthread second([&] { two.workers[1]->run(); });
  }
  EXPECT_EQ(two.received(), traffic_.packets().size());
  EXPECT_EQ(two.fate(Fate::ResteerFull), 0U);
  EXPECT_TRUE(two.balanced());
  EXPECT_EQ(two.ports[0]->released() + two.ports[1]->released(), traffic_.packets().size());
  EXPECT_GT(two.resteer->end(0).counters().taken.value(), 100U);
  EXPECT_EQ(two.resteer->end(0).counters().taken.value(),
            two.resteer->end(1).counters().sent.value());
}

}  // namespace
}  // namespace flowscope
