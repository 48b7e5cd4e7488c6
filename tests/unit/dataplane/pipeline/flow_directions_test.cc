#include "dataplane/pipeline/flow_directions.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <memory>
#include <random>
#include <vector>

#include "dataplane/pipeline/flow_book.h"

namespace flowscope {
namespace {

using tcp_flag::kAck;
using tcp_flag::kFin;
using tcp_flag::kPsh;
using tcp_flag::kRst;
using tcp_flag::kSyn;

FlowEntry flow_of(std::initializer_list<uint8_t> initiator,
                  std::initializer_list<uint8_t> responder, uint16_t port = 1) {
  FlowEntry entry;
  entry.key = {
      .a_address = {10}, .b_address = {11}, .a_port = port, .protocol = 6, .ip_version = 4};
  entry.l4 = 6;
  for (const uint8_t flags : initiator) {
    entry.side[0].count(60);
    entry.side[0].add_tcp_flags(flags);
  }
  for (const uint8_t flags : responder) {
    entry.side[1].count(60);
    entry.side[1].add_tcp_flags(flags);
  }
  return entry;
}

TEST(FlowDirections, AreBothWhereBothSidesSpoke) {
  EXPECT_EQ(directions_of(flow_of({kSyn}, {kRst | kAck})), Directions::Both);
  EXPECT_EQ(directions_of(flow_of({kSyn, kAck}, {kSyn | kAck})), Directions::Both);
}

TEST(FlowDirections, AreOneWhereAcksSayThatThereWasAnAnswer) {
  EXPECT_EQ(directions_of(flow_of({kSyn, kAck, kAck | kPsh, kFin | kAck}, {})), Directions::One);
  EXPECT_EQ(directions_of(flow_of({}, {kSyn | kAck, kAck, kAck | kPsh})), Directions::One);
  EXPECT_EQ(directions_of(flow_of({kAck, kAck, kAck}, {})), Directions::One) << "a download";
}

TEST(FlowDirections, OfScansAndEchoesSayNothing) {
  EXPECT_EQ(directions_of(flow_of({kSyn, kSyn, kSyn, kSyn}, {})), Directions::Unsaid);
  EXPECT_EQ(directions_of(flow_of({}, {kSyn | kAck, kSyn | kAck, kSyn | kAck})), Directions::Unsaid)
      << "answers to a forged SYN";
  EXPECT_EQ(directions_of(flow_of({kRst | kAck, kRst | kAck, kRst}, {})), Directions::Unsaid);
  EXPECT_EQ(directions_of(flow_of({kFin | kPsh, kFin | kPsh, kFin}, {})), Directions::Unsaid)
      << "probes without ACK";
  EXPECT_EQ(directions_of(flow_of({kAck}, {})), Directions::Unsaid) << "a single probe";
  EXPECT_EQ(directions_of(flow_of({kFin | kAck, kFin | kAck}, {})), Directions::Unsaid) << "late";
}

TEST(FlowBook, CountsDirectionsOfTcpAndUdp) {
  const KeyedHash hash(1, 2);
  const auto book = std::make_unique<FlowBook>();
  book->end(flow_of({kSyn, kAck, kAck | kPsh}, {}), EndReason::IdleTimeout, hash);
  book->end(flow_of({kSyn}, {kSyn | kAck}), EndReason::Fin, hash);
  book->end(flow_of({kSyn}, {}), EndReason::IdleTimeout, hash);
  FlowEntry udp = flow_of({0}, {});
  udp.l4 = udp.key.protocol = 17;
  book->end(udp, EndReason::IdleTimeout, hash);
  FlowEntry other = udp;
  other.l4 = other.key.protocol = 1;
  book->end(other, EndReason::IdleTimeout, hash);
  EXPECT_EQ(book->both_directions(FlowKind::Tcp), 1U);
  EXPECT_EQ(book->one_direction(FlowKind::Tcp), 1U);
  EXPECT_EQ(book->both_directions(FlowKind::Udp), 0U);
  EXPECT_EQ(book->one_direction(FlowKind::Udp), 1U);
}

TEST(FlowBook, CountsUdpWithoutTheAnswersThatItsPortsExpect) {
  const KeyedHash hash(1, 2);
  const auto book = std::make_unique<FlowBook>();
  const auto end_udp = [&](uint16_t a_port, uint16_t b_port, bool is_answered) {
    FlowEntry udp = is_answered ? flow_of({0}, {0}, a_port) : flow_of({0}, {}, a_port);
    udp.l4 = udp.key.protocol = 17;
    udp.key.b_port = b_port;
    book->end(udp, EndReason::IdleTimeout, hash);
  };
  for (const uint16_t port : std::to_array<uint16_t>({53, 123, 443})) {
    end_udp(port, 40'000, false);
    end_udp(40'000, port, false);
    end_udp(40'000, port, true);
  }
  end_udp(9, 40'000, false);
  book->end(flow_of({kSyn, kAck, kAck | kPsh}, {}, 443), EndReason::IdleTimeout, hash);
  EXPECT_EQ(book->unanswered(), 6U);
  EXPECT_EQ(book->one_direction(FlowKind::Udp), 7U);
}

// Halves of flows at workers of their own.
class SplitSamples : public ::testing::Test {
 protected:
  static constexpr size_t kWorkers = 4;
  static constexpr uint64_t kEpoch_ns = uint64_t{1} << SplitSample::kEpochLog;

  SplitSamples() { RecordProperty("seed", static_cast<int>(kSeed)); }
  [[nodiscard]] SplitEstimate compare() const {
    std::array<const SplitSample*, kWorkers> all{};
    for (size_t i = 0; i < kWorkers; ++i) all.at(i) = &samples_[i];
    return SplitSample::compare(all);
  }

  static constexpr uint64_t kSeed = 20'261;
  std::mt19937_64 random_{kSeed};
  std::vector<SplitSample> samples_ = std::vector<SplitSample>(kWorkers);
};

TEST_F(SplitSamples, FindTheSameFlowsAtTwoWorkersHoweverManyThereAre) {
  for (const size_t flows : {30U, 300'000U}) {
    for (size_t i = 0; i < flows; ++i) {
      const uint64_t hash = random_();
      samples_[hash >> 20 & 1].add(hash, 5 * kEpoch_ns);
      samples_[2 + (hash >> 21 & 1)].add(hash, 5 * kEpoch_ns + 1'000'000);
    }
    EXPECT_EQ(compare().share(), 1) << flows;
    EXPECT_GE(compare().sampled, 20U);
  }
}

TEST_F(SplitSamples, FindNothingWhereNoFlowIsSplit) {
  for (size_t i = 0; i < 100'000; ++i) samples_[i % kWorkers].add(random_(), 5 * kEpoch_ns);
  EXPECT_EQ(compare().split, 0U);
  EXPECT_EQ(compare().sampled, SplitSample::kSlots);
  EXPECT_EQ(SplitEstimate{}.share(), 0) << "of no flows";
}

TEST_F(SplitSamples, EstimateThePart) {
  for (size_t i = 0; i < 100'000; ++i) {
    const uint64_t hash = random_();
    samples_[0].add(hash, 5 * kEpoch_ns);
    if (i % 10 < 3) samples_[1].add(hash, 5 * kEpoch_ns);
  }
  EXPECT_NEAR(compare().share(), 0.3, 0.12);
}

TEST_F(SplitSamples, TakeNoNoticeOfTheOrderInWhichFlowsEnd) {
  std::vector<uint64_t> hashes(10'000);
  for (uint64_t& hash : hashes) hash = random_();
  for (const uint64_t hash : hashes) samples_[0].add(hash, 6 * kEpoch_ns);
  std::ranges::shuffle(hashes, random_);
  for (const uint64_t hash : hashes) {
    samples_[1].add(hash, 6 * kEpoch_ns);
    samples_[1].add(random_(), 4 * kEpoch_ns);  // late, of flows long over
  }
  EXPECT_EQ(compare().share(), 1);
}

TEST_F(SplitSamples, ForgetWhatIsOldAndAClockThatWentBack) {
  for (size_t i = 0; i < 10'000; ++i) {
    const uint64_t hash = random_();
    samples_[0].add(hash, 100 * kEpoch_ns);
    samples_[1].add(hash, 100 * kEpoch_ns);
  }
  for (size_t i = 0; i < 10'000; ++i) samples_[0].add(random_(), 102 * kEpoch_ns);
  EXPECT_EQ(compare().split, 0U);
  for (size_t i = 0; i < 10'000; ++i) {
    const uint64_t hash = random_();
    samples_[0].add(hash, 10 * kEpoch_ns);
    samples_[1].add(hash, 10 * kEpoch_ns);
  }
  EXPECT_EQ(compare().share(), 1);
}

}  // namespace
}  // namespace flowscope
