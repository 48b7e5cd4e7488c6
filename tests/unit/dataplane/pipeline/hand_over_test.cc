#include "dataplane/pipeline/hand_over.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "l7/signatures/rule_file.h"
#include "l7/signatures/signature_scan.h"

namespace flowscope {
namespace {

constexpr ScanOptions kOptions{.flows_max = 4, .depth_bytes = 1 << 20};

class HandOverTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!can_scan_patterns()) GTEST_SKIP() << "no Hyperscan in this build";
    set_ = std::move(
        SignatureSet::compile(
            parse_rules("alert tcp \"needle\" (sid:1; msg:\"m\")\n", {}).signatures, nullptr)
            .value());
  }
  std::unique_ptr<ScanSeat> seat() {
    return std::move(ScanSeat::create(*set_, SignatureScan::streams_max(kOptions)).value());
  }
  void serve() {
    seats_.serve(
        [this](std::unique_ptr<ScanSeat> next) { return scan_.exchange(std::move(next)); });
  }

  std::unique_ptr<SignatureSet> set_;
  Arena arena_ =
      std::move(Arena::create(SignatureScan::cost(kOptions), Arena::Populate::Lazily).value());
  SignatureScan scan_{arena_, kOptions};
  HandOver<ScanSeat> seats_;
};

TEST_F(HandOverTest, HandsASeatOverAndTheFormerOneBack) {
  serve();
  EXPECT_FALSE(scan_.scans_streams()) << "nothing was left";
  EXPECT_EQ(seats_.offer(seat()), nullptr);
  EXPECT_TRUE(seats_.is_waiting());
  serve();
  EXPECT_FALSE(seats_.is_waiting());
  EXPECT_TRUE(scan_.scans_streams());
  EXPECT_EQ(seats_.collect(), nullptr) << "there was none before";
  EXPECT_EQ(seats_.offer(seat()), nullptr);
  serve();
  EXPECT_NE(seats_.collect(), nullptr);
  EXPECT_EQ(seats_.collect(), nullptr);
}

TEST_F(HandOverTest, GivesASeatBackThatWasNeverTaken) {
  auto first = seat();
  const ScanSeat* const never_taken = first.get();
  EXPECT_EQ(seats_.offer(std::move(first)), nullptr);
  EXPECT_EQ(seats_.offer(seat()).get(), never_taken);
}

TEST_F(HandOverTest, TakesNoOtherBeforeTheFormerWasCollected) {
  for (int i = 0; i < 2; ++i) {
    (void)seats_.offer(seat());
    serve();
  }
  (void)seats_.offer(seat());
  serve();
  EXPECT_TRUE(seats_.is_waiting());
  EXPECT_NE(seats_.collect(), nullptr);
  serve();
  EXPECT_FALSE(seats_.is_waiting());
}

TEST_F(HandOverTest, ChangesSeatsUnderAWorkerThatScans) {
  constexpr uint64_t kChanges = 200;
  std::atomic<bool> stop{false};
  uint64_t alerts = 0;
  std::thread worker([&] {
    const auto flow = [] { return ScannedFlow{}; };
    const auto tell = [&alerts](FlowSide, const Alert&) { ++alerts; };
    while (!stop.load(std::memory_order_relaxed)) {
      serve();
      if (!scan_.scans_streams()) continue;
      SignatureScan::Handle handle = SignatureScan::kNone;
      scan_.on_bytes(handle, FlowSide::Initiator, Bytes::of("a needle"), 8, flow, tell);
      scan_.on_end(handle, flow, tell);
    }
  });
  uint64_t made = 0;
  uint64_t freed = 0;
  while (made < kChanges) {
    ++made;
    freed += seats_.offer(seat()) != nullptr;
    freed += seats_.collect() != nullptr;
    std::this_thread::yield();
  }
  while (seats_.is_waiting()) freed += seats_.collect() != nullptr;
  stop.store(true, std::memory_order_relaxed);
  worker.join();
  freed += seats_.collect() != nullptr;
  EXPECT_EQ(made, freed + 1) << "all came back but the one in use";
  EXPECT_EQ(scan_.exchange(nullptr)->streams.live(), 0U);
  EXPECT_EQ(alerts, scan_.counters().alerts.value());
}

}  // namespace
}  // namespace flowscope
