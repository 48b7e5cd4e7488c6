#include "dataplane/pipeline/ledger.h"

#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <thread>

namespace flowscope {
namespace {

std::array<uint32_t, kFates> fates(uint32_t tracked, uint32_t not_ip) {
  std::array<uint32_t, kFates> fates{};
  fates[static_cast<size_t>(Fate::Tracked)] = tracked;
  fates[static_cast<size_t>(Fate::NotIp)] = not_ip;
  return fates;
}

TEST(Ledger, IsBalancedWhereEveryPacketHasAFate) {
  Ledger ledger;
  EXPECT_TRUE(ledger.read().value().balanced());
  ledger.enter(3, fates(2, 1));
  const std::optional<Ledger::Reading> reading = ledger.read();
  ASSERT_TRUE(reading.has_value());
  EXPECT_EQ(reading->received, 3U);
  EXPECT_EQ(reading->fates.at(static_cast<size_t>(Fate::Tracked)), 2U);
  EXPECT_TRUE(reading->balanced());
}

TEST(Ledger, ShowsAPacketWithoutAFate) {
  Ledger ledger;
  ledger.enter(3, fates(2, 0));
  EXPECT_FALSE(ledger.read().value().balanced());
}

TEST(Ledger, IsNeverReadInTheMidstOfAnEntry) {
  Ledger ledger;
  std::atomic<bool> stop{false};
  std::thread worker([&] {
    while (!stop) ledger.enter(5, fates(3, 2));
  });
  uint64_t read = 0;
  while (read < 2000) {
    const std::optional<Ledger::Reading> reading = ledger.read();
    if (!reading) continue;
    ++read;
    if (!reading->balanced()) break;
  }
  stop = true;
  worker.join();
  EXPECT_EQ(read, 2000U);
  EXPECT_TRUE(ledger.read().value().balanced());
}

}  // namespace
}  // namespace flowscope
