#include "dataplane/app/watchdog.h"

#include <gtest/gtest.h>

#include <array>

namespace flowscope {
namespace {

using Lines = std::vector<std::string>;
constexpr uint64_t kSecond = 1'000'000'000;
constexpr uint64_t kLimit = 2 * kSecond;

// Two workers under a watchdog that looks at times of our choice.
class WatchdogOfTwo : public ::testing::Test {
 protected:
  Lines look(uint64_t now_ns) {
    const std::array<Pulse::Beat, 2> beats = {pulse_[0].beat(), pulse_[1].beat()};
    return watchdog_.look(now_ns, beats);
  }
  std::array<Pulse, 2> pulse_;
  Watchdog watchdog_{kLimit, {"worker 0 on lcore 3", "worker 1 on lcore 4"}};
};

TEST_F(WatchdogOfTwo, TellsOfAStallOnceAndOfItsEnd) {
  pulse_[0].enter(Stage::Idle);
  pulse_[1].enter(Stage::Streams);
  EXPECT_EQ(look(kSecond), Lines{});
  pulse_[0].enter(Stage::Idle);
  EXPECT_EQ(look(kSecond + kLimit - 1), Lines{});
  pulse_[0].enter(Stage::Idle);
  EXPECT_EQ(look(kSecond + kLimit + kSecond / 10),
            Lines{"worker 1 on lcore 4 has been in stage streams for 2.1 s"});
  pulse_[0].enter(Stage::Idle);
  EXPECT_EQ(look(2 * kSecond + kLimit), Lines{}) << "told of already";
  EXPECT_EQ(watchdog_.stalls(), 1U);
  pulse_[1].enter(Stage::Records);
  EXPECT_EQ(look(3 * kSecond + kLimit),
            Lines{"worker 1 on lcore 4 moves again, after 4.0 s in stage streams"});
  EXPECT_EQ(look(5 * kSecond + kLimit).size(), 2U) << "both stand still now";
  EXPECT_EQ(watchdog_.stalls(), 3U);
  EXPECT_EQ(watchdog_.stalls(0), 1U);
  EXPECT_EQ(watchdog_.stalls(1), 2U);
}

TEST_F(WatchdogOfTwo, LeavesWorkersAloneThatHaveNotBegunOrAreDone) {
  pulse_[1].enter(Stage::Done);
  for (uint64_t i = 0; i < 10; ++i) EXPECT_EQ(look(i * kLimit), Lines{});
}

TEST_F(WatchdogOfTwo, CountsFromTheFirstLookOn) {
  pulse_[0].enter(Stage::Update);
  EXPECT_EQ(look(100 * kLimit), Lines{}) << "it may have come there just now";
  EXPECT_EQ(look(101 * kLimit).size(), 1U);
}

TEST_F(WatchdogOfTwo, TakesAnotherLimitFromTheNextLookOn) {
  pulse_[0].enter(Stage::Update);
  pulse_[1].enter(Stage::Done);
  EXPECT_EQ(look(kSecond), Lines{});
  watchdog_.set_limit_ns(10 * kSecond);
  EXPECT_EQ(look(kSecond + 2 * kLimit), Lines{});
  watchdog_.set_limit_ns(kSecond);
  EXPECT_EQ(look(kSecond + 2 * kLimit).size(), 1U);
  EXPECT_FALSE(watchdog_.all_move());
  watchdog_.set_limit_ns(0);
  EXPECT_TRUE(watchdog_.all_move()) << "nobody would see it move again";
  EXPECT_EQ(look(100 * kSecond), Lines{});
  watchdog_.set_limit_ns(kLimit);
  EXPECT_EQ(look(100 * kSecond), Lines{}) << "it counts from here on";
  EXPECT_EQ(look(100 * kSecond + kLimit).size(), 1U);
}

TEST(Watchdog, WatchesNobodyWithoutALimit) {
  Pulse pulse;
  pulse.enter(Stage::Find);
  Watchdog watchdog(0, {"worker 0"});
  for (uint64_t i = 0; i < 3; ++i) {
    const std::array<Pulse::Beat, 1> beats = {pulse.beat()};
    EXPECT_EQ(watchdog.look(i * 1000 * kSecond, beats), Lines{});
  }
}

}  // namespace
}  // namespace flowscope
