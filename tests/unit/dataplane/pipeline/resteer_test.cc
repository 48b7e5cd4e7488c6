#include "dataplane/pipeline/resteer.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <thread>
#include <vector>

#include "dataplane/pipeline/share.h"

namespace flowscope {
namespace {

constexpr uint32_t kFramesMax = 64;
// Large enough to be lent.
constexpr std::array<uint8_t, 200> kFrame{};
static_assert(kFrame.size() > Resteer::kSmallBytesMax);

std::unique_ptr<Resteer> two_workers(WhenFull when_full = WhenFull::Drop) {
  return std::move(
      Resteer::create({.workers = 2, .frames_max = kFramesMax, .burst = 16, .when_full = when_full},
                      Arena::Populate::Lazily)
          .value());
}

// Stands for an mbuf: an address that tells packets apart.
void* mbuf(uint64_t number) {
  static std::array<uint8_t, 4096> mbufs;
  return &mbufs.at(number % mbufs.size());
}

PacketView packet_of(uint64_t number) {
  return {.frame = {kFrame.data(), kFrame.size()}, .time = {number}, .wire_bytes = kFrame.size()};
}

// Sends packets `first` to `first + count`, all to worker 1; returns how many were dropped.
uint32_t send(ResteerEnd& end, uint64_t first, uint32_t count, bool is_lent = true) {
  static Burst burst;
  std::array<uint32_t, kBurstMax> owners{};
  std::array<uint64_t, kBurstMax> clocks{};
  burst.count = count;
  for (uint32_t i = 0; i < count; ++i) {
    clocks[i] = 1000 + first + i;
    burst.packet[i] = packet_of(first + i);
    burst.owner[i] = mbuf(first + i);
    owners[i] = 1 - end.index();
  }
  uint32_t dropped = 0;
  end.pass_on(
      burst, {.owners = owners, .clock_ns = clocks}, [&](const PacketView&) { return is_lent; },
      [&](const PacketView&) { ++dropped; });
  end.publish();
  return dropped;
}

TEST(Resteer, WaitsWithMoreLargeFramesThanARingHoldsWhereOneWorkerReceives) {
  const auto resteer = std::move(Resteer::create({.workers = 2,
                                                  .frames_max = kFramesMax,
                                                  .burst = 16,
                                                  .when_full = WhenFull::Wait,
                                                  .readers = Readers::One},
                                                 Arena::Populate::Lazily)
                                     .value());
  const std::vector<uint8_t> large(65'000);
  constexpr uint32_t kSent = 12;
  std::atomic<bool> gives_up{false};
  std::thread receiver([&] {
    Burst burst;
    ResteerRows rows;
    for (uint32_t taken = 0; taken < kSent && !gives_up;) {
      taken += resteer->end(1).take(burst, rows);
      resteer->end(1).release();
    }
  });
  Burst burst;
  burst.count = kSent;
  std::array<uint32_t, kBurstMax> owners{};
  std::array<uint64_t, kBurstMax> clocks{};
  owners.fill(1);
  for (uint32_t i = 0; i < kSent; ++i)
    burst.packet[i] = {.frame = {large.data(), large.size()}, .wire_bytes = 65'000};
  uint32_t dropped = 0;
  resteer->end(0).pass_on(
      burst, {.owners = owners, .clock_ns = clocks}, [](const PacketView&) { return false; },
      [&](const PacketView&) { ++dropped; });
  resteer->end(0).publish();
  gives_up = dropped != 0;
  receiver.join();
  EXPECT_EQ(dropped, 0U);
}

class ResteerRings : public ::testing::Test {
 protected:
  uint32_t take() { return resteer_->end(1).take(burst_, rows_); }

  std::unique_ptr<Resteer> resteer_ = two_workers();
  Burst burst_;
  ResteerRows rows_;
};

TEST(OwnerOf, SpreadsHashesEvenlyAndStaysBelowTheNumberOfWorkers) {
  for (const uint32_t workers : {1U, 2U, 3U, 7U, 256U}) {
    std::vector<uint32_t> owned(workers);
    for (uint64_t i = 0; i < 65536; ++i) ++owned.at(owner_of(i << 32, workers));
    for (const uint32_t each : owned) EXPECT_NEAR(each, 65536.0 / workers, 1.0);
  }
}

TEST_F(ResteerRings, BringPacketsInTheOrderTheyWereSentWithTheirTimesAndOwners) {
  EXPECT_EQ(send(resteer_->end(0), 100, 10), 0U);
  EXPECT_EQ(send(resteer_->end(0), 110, 10, false), 0U);
  ASSERT_EQ(take(), 20U);
  EXPECT_FALSE(rows_.are_decoded);
  for (uint32_t i = 0; i < 20; ++i) {
    EXPECT_EQ(burst_.packet[i].time.ns, 100U + i);
    EXPECT_EQ(burst_.packet[i].wire_bytes, kFrame.size());
    EXPECT_EQ(rows_.clock_ns[i], 1100U + i);
    // A copied frame has no owner, and lies elsewhere.
    EXPECT_EQ(burst_.owner[i], i < 10 ? mbuf(100 + i) : nullptr);
    EXPECT_EQ(burst_.packet[i].frame.begin() == kFrame.data(), i < 10);
    EXPECT_EQ(burst_.packet[i].frame.size(), kFrame.size());
  }
  resteer_->end(1).release();
  EXPECT_EQ(take(), 0U);
  EXPECT_EQ(resteer_->end(0).counters().sent.value(), 20U);
  EXPECT_EQ(resteer_->end(1).counters().taken.value(), 20U);
}

TEST_F(ResteerRings, DropAndCountWhatDoesNotFitUntilFramesAreReleased) {
  EXPECT_EQ(send(resteer_->end(0), 0, kFramesMax + 5), 5U);
  EXPECT_EQ(resteer_->end(0).counters().full.value(), 5U);
  ASSERT_EQ(take(), kFramesMax);
  EXPECT_EQ(burst_.packet[kFramesMax - 1].time.ns, kFramesMax - 1);
  EXPECT_EQ(send(resteer_->end(0), 200, 1), 1U) << "taken is not yet released";
  resteer_->end(1).release();
  EXPECT_EQ(send(resteer_->end(0), 300, 1), 0U);
  EXPECT_EQ(take(), 1U);
}

TEST_F(ResteerRings, DropCopiesThatTheirBytesDoNotReachFor) {
  uint64_t sent = 0;
  while (send(resteer_->end(0), sent, 64, false) == 0) sent += 64;
  EXPECT_GT(sent, 500U);
  EXPECT_GT(resteer_->end(0).counters().full.value(), 0U);
}

TEST_F(ResteerRings, CopySmallFramesWhereverTheyLieSoThatTheyHoldNoBuffers) {
  constexpr uint32_t kSmall = 2 * kFramesMax;
  burst_.count = kSmall;
  std::array<uint32_t, kBurstMax> owners{};
  std::array<uint64_t, kBurstMax> clocks{};
  owners.fill(1);
  for (uint32_t i = 0; i < kSmall; ++i) {
    burst_.packet[i] = {.frame = {kFrame.data(), Resteer::kSmallBytesMax}, .time = {i}};
    burst_.owner[i] = mbuf(i);
  }
  const auto lends = [](const PacketView&) { return true; };
  const auto dropped = [](const PacketView&) {};
  EXPECT_EQ(
      resteer_->end(0).pass_on(burst_, {.owners = owners, .clock_ns = clocks}, lends, dropped),
      kSmall);
  EXPECT_EQ(burst_.owner[kSmall - 1], mbuf(kSmall - 1)) << "still to be released";
  resteer_->end(0).publish();
  ASSERT_EQ(take(), kSmall);
  for (uint32_t i = 0; i < kSmall; ++i) {
    EXPECT_EQ(burst_.packet[i].time.ns, i);
    EXPECT_EQ(burst_.owner[i], nullptr);
    EXPECT_NE(burst_.packet[i].frame.begin(), kFrame.data());
    EXPECT_EQ(burst_.packet[i].frame.size(), Resteer::kSmallBytesMax);
  }
}

// What was sent at once is one record of the ring, of which a burst may take a part.
TEST_F(ResteerRings, GiveToTheNextBurstWhatDidNotFitIntoOne) {
  for (uint32_t i = 0; i < 3 * kBurstMax; ++i) {
    const PacketView packet = packet_of(i);
    ASSERT_TRUE(resteer_->end(0).send_decoded(
        1, {.packet = packet, .layers = Layers{}, .wire_bytes = i, .clock_ns = i}));
  }
  resteer_->end(0).publish();
  for (uint32_t i = 0; i < 3 * kBurstMax; ++i) {
    const uint32_t row = i % kBurstMax;
    if (row == 0) {
      ASSERT_EQ(take(), kBurstMax);
    }
    EXPECT_EQ(burst_.packet[row].time.ns, i);
    EXPECT_EQ(burst_.packet[row].frame, packet_of(i).frame);
    EXPECT_EQ(rows_.wire_bytes[row], i);
    if (row == kBurstMax - 1) resteer_->end(1).release();
  }
  EXPECT_EQ(take(), 0U);
}

TEST_F(ResteerRings, KeepRowsThatAreOursTogetherAndWhatWasNotLentBehindThem) {
  burst_.count = 6;
  const std::array<uint32_t, 6> owners = {0, 1, 1, 0, 1, 0};
  std::array<uint64_t, 6> clocks = {0, 1, 2, 3, 4, 5};
  for (uint32_t i = 0; i < 6; ++i) {
    burst_.packet[i] = packet_of(i);
    burst_.owner[i] = mbuf(i);
    burst_.layers[i].ttl = static_cast<uint8_t>(i);
  }
  const uint32_t parted = resteer_->end(0).pass_on(
      burst_, {.owners = owners, .clock_ns = clocks, .are_decoded = true},
      [](const PacketView& packet) { return packet.time.ns != 2; }, [](const PacketView&) {});
  EXPECT_EQ(burst_.count, 3U);
  EXPECT_EQ(parted, 1U);
  for (const auto& [row, from] : {std::pair{0U, 0U}, {1U, 3U}, {2U, 5U}}) {
    EXPECT_EQ(burst_.packet.at(row).time.ns, from);
    EXPECT_EQ(burst_.layers.at(row).ttl, from);
    EXPECT_EQ(burst_.owner.at(row), mbuf(from));
    EXPECT_EQ(clocks.at(row), from);
  }
  EXPECT_EQ(burst_.owner[3], mbuf(2)) << "copied, so still to be released";
}

TEST_F(ResteerRings, NeverMixDecodedPacketsWithFramesInOneBurst) {
  Layers layers;
  layers.ttl = 77;
  send(resteer_->end(0), 0, 2);
  const PacketView datagram = packet_of(2);
  const PacketView quote = packet_of(3);
  ASSERT_TRUE(resteer_->end(0).send_decoded(1, {.packet = datagram,
                                                .layers = layers,
                                                .wire_bytes = 11,
                                                .clock_ns = 22,
                                                .fault = ChecksumFault::Transport}));
  ASSERT_TRUE(resteer_->end(0).send_decoded(
      1, {.kind = Resteered::Quote, .packet = quote, .layers = layers}));
  send(resteer_->end(0), 4, 1);
  ASSERT_EQ(take(), 2U);
  EXPECT_FALSE(rows_.are_decoded);
  resteer_->end(1).release();
  ASSERT_EQ(take(), 2U);
  EXPECT_TRUE(rows_.are_decoded);
  EXPECT_EQ(burst_.layers[0].ttl, 77);
  EXPECT_EQ(rows_.wire_bytes[0], 11U);
  EXPECT_EQ(rows_.clock_ns[0], 22U);
  EXPECT_EQ(rows_.faults[0], ChecksumFault::Transport);
  EXPECT_EQ(rows_.kind[1], Resteered::Quote);
  resteer_->end(1).release();
  ASSERT_EQ(take(), 1U);
  EXPECT_EQ(burst_.packet[0].time.ns, 4U);
  EXPECT_EQ(resteer_->end(1).counters().taken.value(), 4U) << "a quote is no packet";
}

TEST(ResteerWait, HoldsThePortBackWhileARingHasNoRoomForABurst) {
  const auto resteer = two_workers(WhenFull::Wait);
  auto burst = std::make_unique<Burst>();
  ResteerRows rows;
  EXPECT_FALSE(resteer->end(0).holds_back());
  send(resteer->end(0), 0, kFramesMax - 15);
  EXPECT_TRUE(resteer->end(0).holds_back());
  EXPECT_FALSE(resteer->end(1).holds_back()) << "its own ring is empty";
  resteer->end(1).take(*burst, rows);
  EXPECT_TRUE(resteer->end(0).holds_back());
  resteer->end(1).release();
  EXPECT_FALSE(resteer->end(0).holds_back());
}

// Both workers send to each other at the same time, until both have closed.
TEST(ResteerThreads, LoseNothingAndKeepTheOrder) {
  constexpr uint64_t kPackets = 20'000;
  const auto resteer = two_workers(WhenFull::Wait);
  std::array<uint64_t, 2> received{};
  std::array<uint64_t, 2> out_of_order{};
  const auto run = [&](uint32_t index) {
    ResteerEnd& end = resteer->end(index);
    auto burst = std::make_unique<Burst>();
    ResteerRows rows;
    const auto take = [&] {
      const uint32_t count = end.take(*burst, rows);
      for (uint32_t i = 0; i < count; ++i)
        out_of_order.at(index) += burst->packet[i].time.ns != received.at(index)++;
      end.release();
      return count;
    };
    std::array<uint32_t, kBurstMax> owners{};
    std::array<uint64_t, kBurstMax> clocks{};
    owners.fill(1 - index);
    auto own = std::make_unique<Burst>();
    for (uint64_t sent = 0; sent < kPackets;) {
      if (take() == 0) std::this_thread::yield();
      if (end.holds_back()) continue;
      own->count = 16;
      for (uint32_t i = 0; i < own->count; ++i) own->packet[i] = packet_of(sent++);
      end.pass_on(
          *own, {.owners = owners, .clock_ns = clocks},
          [](const PacketView& packet) { return packet.time.ns % 3 != 0; },
          [](const PacketView&) {});
      end.publish();
    }
    end.close(ResteerEnd::Step::Ports, 7 * index);
    for (bool is_closed = false; !is_closed;) {
      is_closed = end.is_closed(ResteerEnd::Step::Ports);
      while (take() != 0) {
      }
      std::this_thread::yield();
    }
  };
  {
    const std::jthread one(run, 0);
    const std::jthread other(run, 1);
  }
  for (uint32_t worker = 0; worker < 2; ++worker) {
    EXPECT_EQ(received.at(worker), kPackets);
    EXPECT_EQ(out_of_order.at(worker), 0U);
    EXPECT_EQ(resteer->end(worker).closed_clock_ns(), 7U);
    EXPECT_EQ(resteer->end(worker).counters().full.value(), 0U);
  }
}

}  // namespace
}  // namespace flowscope
