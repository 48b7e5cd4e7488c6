#include "dataplane/pipeline/pulse.h"

#include <gtest/gtest.h>

namespace flowscope {
namespace {

// Each reading is ten cycles later.
uint64_t ten_cycles_later() {
  static uint64_t cycles = 0;
  return cycles += 10;
}

TEST(Pulse, TellsItsStageAndMovesWithEachOfThem) {
  Pulse pulse;
  EXPECT_EQ(pulse.beat().stage(), Stage::Starting);
  for (const Stage stage : {Stage::Receive, Stage::Decode, Stage::Decode, Stage::Done}) {
    const Pulse::Beat before = pulse.beat();
    pulse.enter(stage);
    EXPECT_EQ(pulse.beat().stage(), stage);
    EXPECT_NE(pulse.beat(), before);
  }
}

TEST(Pulse, CountsCyclesOnDemandOnly) {
  Pulse pulse;
  pulse.enter(Stage::Receive);
  pulse.enter(Stage::Decode);
  EXPECT_EQ(pulse.cycles(Stage::Receive), 0U);
  pulse.measure_by(ten_cycles_later);
  pulse.enter(Stage::Receive);
  pulse.enter(Stage::Decode);
  pulse.enter(Stage::Receive);
  pulse.enter(Stage::Decode);
  EXPECT_EQ(pulse.cycles(Stage::Receive), 20U);
  EXPECT_EQ(pulse.cycles(Stage::Decode), 10U) << "where it was when counting began has no length";
}

TEST(Pulse, LeavesOutTheTimeInWhichCyclesAreNotCounted) {
  Pulse pulse;
  EXPECT_FALSE(pulse.is_measured());
  for (int i = 0; i < 3; ++i) {
    pulse.measure_by(ten_cycles_later);
    EXPECT_TRUE(pulse.is_measured());
    pulse.enter(Stage::Decode);
    pulse.enter(Stage::Key);
    pulse.measure_no_more();
    EXPECT_FALSE(pulse.is_measured());
    for (int k = 0; k < 5; ++k) (void)ten_cycles_later();
    pulse.enter(Stage::Find);
  }
  EXPECT_EQ(pulse.cycles(Stage::Decode), 30U);
  EXPECT_EQ(pulse.cycles(Stage::Key), 0U);
  EXPECT_EQ(pulse.cycles(Stage::Find), 0U);
}

TEST(Pulse, CountsAnEmptyPollAsIdleTime) {
  Pulse pulse;
  pulse.measure_by(ten_cycles_later);
  pulse.enter(Stage::Idle);
  const uint64_t idle_before = pulse.cycles(Stage::Idle);
  for (int i = 0; i < 3; ++i) {
    pulse.enter(Stage::Receive);
    pulse.enter_idle();
  }
  EXPECT_EQ(pulse.cycles(Stage::Receive), 0U);
  EXPECT_EQ(pulse.cycles(Stage::Idle) - idle_before, 60U);
}

TEST(Pulse, NamesEveryStage) {
  EXPECT_EQ(name_of(Stage::Starting), "starting");
  EXPECT_EQ(name_of(Stage::Streams), "streams");
  EXPECT_EQ(name_of(Stage::Done), "done");
}

}  // namespace
}  // namespace flowscope
