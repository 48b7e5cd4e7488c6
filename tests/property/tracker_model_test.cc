// Random traffic through the tracker and through a model of it; and the same through the tracker in
// bursts of other sizes. FS_MODEL_ROUNDS=n asks for n times as many seeds.
#include "tests/property/tracker_model.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "tests/property/tracker_traffic.h"

namespace flowscope {
namespace {

using testing::TrackedPacket;
using testing::TrackerEvent;
using testing::TrackerModel;
using testing::TrackerRig;
using testing::TrackerTraffic;

constexpr uint64_t kSecond = 1'000'000'000;
constexpr IdlePolicy kShort{.tcp_new_ns = 6 * kSecond,
                            .tcp_established_ns = 30 * kSecond,
                            .tcp_closing_ns = 7 * kSecond,
                            .tcp_closed_ns = kSecond,
                            .udp_ns = 5 * kSecond,
                            .other_ns = 3 * kSecond};

uint32_t rounds() {
  const char* text = std::getenv("FS_MODEL_ROUNDS");  // NOLINT(concurrency-mt-unsafe)
  return text == nullptr ? 1 : static_cast<uint32_t>(std::strtoul(text, nullptr, 10));
}

// Something done to the tracker between two packets.
struct Act {
  enum class Kind : uint8_t { Forget, Shrink, Grow };
  Kind kind = Kind::Forget;
  size_t before_packet = 0;
  TrackedPacket packet{};  // whose flow is to be forgotten
};

struct Script {
  BurstTracker::Options options;
  std::vector<TrackedPacket> packets;
  std::vector<Act> acts;

  [[nodiscard]] uint32_t flows_max_after(Act::Kind kind) const {
    return kind == Act::Kind::Shrink ? std::max(options.flows_max / 3, 1U) : options.flows_max;
  }
};

Script make_script(uint32_t seed, uint32_t flows_max, const TrackerTraffic::Shape& shape,
                   size_t count) {
  TrackerTraffic traffic(seed, shape);
  Script script{.options = {.flows_max = flows_max, .idle = kShort, .hash_seed_low = seed},
                .packets = traffic.packets(count),
                .acts = {}};
  size_t at = 0;
  while ((at += 1 + traffic.below(200)) < count) {
    const uint32_t dice = traffic.below(40);
    const auto kind = dice == 0   ? Act::Kind::Shrink
                      : dice <= 4 ? Act::Kind::Grow
                                  : Act::Kind::Forget;
    script.acts.push_back(
        {kind, at,
         script.packets[at - traffic.below(static_cast<uint32_t>(std::min<size_t>(at, 40)))]});
  }
  return script;
}

// One packet after the other through both.
void expect_model_agrees(const Script& script, bool is_one_set) {
  TrackerRig rig(script.options);
  TrackerModel model(script.options.flows_max, script.options.idle, is_one_set);
  ASSERT_EQ(rig.tracker().set_count() == 1, is_one_set);
  auto act = script.acts.begin();
  for (size_t i = 0; i < script.packets.size(); ++i) {
    for (; act != script.acts.end() && act->before_packet == i; ++act) {
      rig.clear_log();
      if (act->kind == Act::Kind::Forget) {
        const bool did = rig.forget(act->packet.flow, act->packet.protocol);
        model.see_forget(act->packet, did, rig.log());
      } else {
        rig.set_flows_max(script.flows_max_after(act->kind));
        model.see_flows_max(script.flows_max_after(act->kind), rig.log());
      }
    }
    const TrackedPacket& packet = script.packets[i];
    rig.clear_log();
    rig.sweep_step(packet.time_ns);
    model.see_sweep(rig.clock_ns(), rig.log());
    rig.clear_log();
    rig.give_unswept(packet);
    model.see_packet(packet, rig.log());
    ASSERT_EQ(model.fault(), "") << "at packet " << i;
    ASSERT_EQ(rig.fault(), "") << "at packet " << i;
    ASSERT_EQ(rig.tracker().live(), model.live()) << "at packet " << i;
  }
  rig.clear_log();
  rig.finish();
  model.see_finish(rig.log());
  EXPECT_EQ(model.fault(), "");
  EXPECT_GT(model.evictions(), 10U) << "the table was full at times";
}

TEST(TrackerModel, AgreesOnTablesOfOneSet) {
  for (uint32_t seed = 1; seed <= 12 * rounds(); ++seed) {
    const uint32_t flows_max = 2 + seed % 10;
    SCOPED_TRACE("seed " + std::to_string(seed));
    expect_model_agrees(make_script(seed, flows_max, {.endpoints = 4 + seed % 17}, 12'000), true);
    if (HasFatalFailure()) return;
  }
}

TEST(TrackerModel, AgreesOnTablesOfManySets) {
  for (uint32_t seed = 101; seed <= 100 + 5 * rounds(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const TrackerTraffic::Shape shape{.endpoints = 150, .gap_ns_max = 1'000'000};
    expect_model_agrees(make_script(seed, 60 + seed % 80, shape, 20'000), false);
    if (HasFatalFailure()) return;
  }
}

struct Told {
  std::vector<TrackerEvent> log;
  uint64_t moved = 0;
  uint64_t evicted = 0;
  uint64_t runs = 0;
  std::array<uint64_t, kEvictionCauses> by_cause{};
};

Told run(const Script& script, size_t burst_size) {
  TrackerRig rig(script.options);
  const std::span<const TrackedPacket> packets(script.packets);
  size_t done = 0;
  for (const Act& act : script.acts) {
    rig.give(packets.subspan(done, act.before_packet - done), burst_size);
    done = act.before_packet;
    if (act.kind == Act::Kind::Forget) {
      rig.forget(act.packet.flow, act.packet.protocol);
    } else {
      rig.set_flows_max(script.flows_max_after(act.kind));
    }
  }
  rig.give(packets.subspan(done), burst_size);
  rig.finish();
  EXPECT_EQ(rig.fault(), "");
  Told told{.log = rig.log(),
            .moved = rig.moved(),
            .evicted = rig.tracker().evicted(),
            .runs = rig.runs()};
  for (size_t i = 0; i < kEvictionCauses; ++i)
    told.by_cause.at(i) = rig.tracker().evicted(static_cast<EvictionCause>(i));
  return told;
}

// The whole log of one script, for every burst size.
Told expect_same_for_every_burst_size(const Script& script) {
  const Told one = run(script, 1);
  for (const size_t burst_size : {2, 3, 7, 31, 32, 64, 127, 256}) {
    const Told many = run(script, burst_size);
    EXPECT_EQ(many.log.size(), one.log.size()) << "burst size " << burst_size;
    for (size_t i = 0; i < std::min(many.log.size(), one.log.size()); ++i) {
      if (many.log[i] == one.log[i]) continue;
      ADD_FAILURE() << "burst size " << burst_size << ", event " << i << "\n  " << many.log[i]
                    << "\n  one by one: " << one.log[i];
      break;
    }
    EXPECT_EQ(many.by_cause, one.by_cause);
  }
  return one;
}

TEST(TrackerBursts, TellTheSameOnSmallTables) {
  for (uint32_t seed = 201; seed <= 200 + 4 * rounds(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    expect_same_for_every_burst_size(make_script(seed, 11, {.endpoints = 20}, 6'000));
    expect_same_for_every_burst_size(make_script(seed, 70, {.endpoints = 100}, 6'000));
  }
}

// Thousands of entries at flows_max: entries move, newcomers go, the oldest go, sweeps in between.
TEST(TrackerBursts, TellTheSameOnFullTables) {
  constexpr uint32_t kFlowsMax = 3'000;
  for (uint32_t seed = 301; seed <= 300 + rounds(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Script script = make_script(seed, kFlowsMax,
                                {.endpoints = 3'400,
                                 .pause_permille = 1,
                                 .flood_permille = 1,
                                 .flood_packets = 600,
                                 .tcp_percent = 60,
                                 .gap_ns_max = 400'000},
                                60'000);
    script.acts.clear();
    const Told one = expect_same_for_every_burst_size(script);
    EXPECT_GT(one.moved, 20U);
    EXPECT_GT(one.by_cause[static_cast<size_t>(EvictionCause::HalfOpen)], 100U);
    EXPECT_GT(one.by_cause[static_cast<size_t>(EvictionCause::OnePacket)], 100U);
    EXPECT_GT(one.by_cause[static_cast<size_t>(EvictionCause::Over)], 10U);
    const Told many = run(script, 256);
    EXPECT_GT(many.runs, script.packets.size() / 256 * 2) << "bursts were cut";
  }
}

// A table full of flows worth keeping, and new ones of all kinds: the oldest must go, or a newcomer
// for whom a way is made.
TEST(TrackerBursts, TellTheSameWhereOnlyWorthyFlowsLive) {
  constexpr uint32_t kFlowsMax = 3'000;
  for (uint32_t seed = 401; seed <= 400 + rounds(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    Script script{.options = {.flows_max = kFlowsMax, .idle = kShort, .hash_seed_low = seed},
                  .packets = {},
                  .acts = {}};
    uint64_t time_ns = kSecond;
    // Close together, so that few sweeps cut the bursts.
    for (uint32_t i = 0; i < 60'000; ++i) {
      time_ns += random() % 200;
      // Two packets are worth keeping, one is not.
      const bool is_fresh = i >= 2 * kFlowsMax && random() % 12 == 0;
      const auto flow = static_cast<uint32_t>(i < 2 * kFlowsMax ? i / 2
                                              : is_fresh        ? kFlowsMax + random() % 8'000
                                                                : random() % kFlowsMax);
      script.packets.push_back({.time_ns = time_ns, .flow = flow});
      if (is_fresh && random() % 8 == 0) script.packets.push_back(script.packets.back());
    }
    const Told one = expect_same_for_every_burst_size(script);
    EXPECT_GT(one.moved, 20U);
    EXPECT_GT(one.by_cause[static_cast<size_t>(EvictionCause::Oldest)], 20U);
    EXPECT_GT(one.by_cause[static_cast<size_t>(EvictionCause::OnePacket)], 100U);
  }
}

// With extended counters every packet goes the whole way; without them steady segments and opening
// SYNs take shortcuts. Entries must not tell which.
TEST(TrackerModel, ShortcutsLeaveWhatTheWholeWayDoes) {
  for (uint32_t seed = 1; seed <= 4 * rounds(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    TrackerTraffic traffic(seed, {.endpoints = 12, .tcp_percent = 95});
    BurstTracker::Options options{.flows_max = 200, .idle = kShort, .hash_seed_low = seed};
    TrackerRig shortcuts(options);
    options.meters.counters = FlowCounters::Full;
    TrackerRig whole_way(options);
    uint64_t compared = 0;
    for (const TrackedPacket& packet : traffic.packets(20'000)) {
      shortcuts.give({&packet, 1});
      whole_way.give({&packet, 1});
      const FlowEntry* const entry = shortcuts.find(packet.flow, packet.protocol);
      const FlowEntry* const expected = whole_way.find(packet.flow, packet.protocol);
      ASSERT_EQ(entry == nullptr, expected == nullptr);
      if (entry == nullptr) continue;
      ++compared;
      ASSERT_EQ(std::memcmp(entry, expected, sizeof *entry), 0) << "flow " << packet.flow;
      ASSERT_EQ(shortcuts.tracker().class_of(*entry), whole_way.tracker().class_of(*expected));
    }
    EXPECT_GT(compared, 10'000U);
    EXPECT_EQ(shortcuts.log(), whole_way.log());
  }
}

}  // namespace
}  // namespace flowscope
