#include "flowcore/track/dedup.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <random>
#include <utility>
#include <vector>

#include "flowcore/packet/decap.h"
#include "flowcore/packet/decode.h"
#include "tests/support/exact_frame.h"
#include "tests/support/packet_builder.h"

namespace flowscope {
namespace {

using testing::Frame;
using testing::PacketBuilder;

constexpr uint64_t kUs = 1'000;
constexpr uint64_t kMs = 1'000'000;
constexpr uint64_t kSeedLow = 7;
constexpr uint64_t kSeedHigh = 8;

PacketView packet_of(const Frame& frame, uint64_t time_ns) {
  return {.frame = {frame.data(), frame.size()},
          .time = {time_ns},
          .wire_bytes = static_cast<uint32_t>(frame.size())};
}

// A Dedup with memory of its own, which takes tunnels off as the application does.
class Rig {
 public:
  explicit Rig(Dedup::Options options)
      : arena_(std::move(Arena::create(Dedup::cost(options), Arena::Populate::Lazily).value())),
        dedup_(arena_, with_seed(options)) {}

  Dedup& operator*() { return dedup_; }
  Dedup* operator->() { return &dedup_; }

  bool is_duplicate(const Frame& frame, uint64_t time_ns) {
    const PacketView packet = packet_of(frame, time_ns);
    return dedup_.is_duplicate(packet, decode_frame(packet, decap_));
  }

 private:
  static Dedup::Options with_seed(Dedup::Options options) {
    options.hash_seed_low = kSeedLow;
    options.hash_seed_high = kSeedHigh;
    return options;
  }

  Decap decap_ = Decap::all();
  Arena arena_;
  Dedup dedup_;
};

Frame text(std::string_view bytes) { return {bytes.begin(), bytes.end()}; }

TEST(Dedup, DropsACopyInsideTheWindow) {
  Rig dedup(Dedup::loopback());
  EXPECT_FALSE(dedup.is_duplicate(text("hello"), 1000 * kMs));
  EXPECT_TRUE(dedup.is_duplicate(text("hello"), 1000 * kMs + 500 * kUs));
  EXPECT_EQ(dedup->dropped(), 1U);
}

TEST(Dedup, KeepsACopyOutsideTheWindow) {
  Rig dedup(Dedup::loopback());
  EXPECT_FALSE(dedup.is_duplicate(text("hello"), 1000 * kMs));
  EXPECT_FALSE(dedup.is_duplicate(text("hello"), 1002 * kMs));
  EXPECT_EQ(dedup->dropped(), 0U);
}

TEST(Dedup, CountsTheEndOfTheWindowToIt) {
  Rig dedup(Dedup::loopback());
  EXPECT_FALSE(dedup.is_duplicate(text("hello"), 1000 * kMs));
  EXPECT_TRUE(dedup.is_duplicate(text("hello"), 1001 * kMs));
  EXPECT_FALSE(dedup.is_duplicate(text("hello"), 1002 * kMs + 1));
}

TEST(Dedup, ADuplicateBeginsTheWindowAnew) {
  Rig dedup(Dedup::loopback());
  EXPECT_FALSE(dedup.is_duplicate(text("hello"), 0));
  for (uint64_t time_ns = 900 * kUs; time_ns < 10 * kMs; time_ns += 900 * kUs)
    EXPECT_TRUE(dedup.is_duplicate(text("hello"), time_ns)) << time_ns;
}

TEST(Dedup, KeepsOlderTimesOutsideTheWindow) {
  Rig dedup(Dedup::loopback());
  EXPECT_FALSE(dedup.is_duplicate(text("hello"), 1000 * kMs));
  EXPECT_FALSE(dedup.is_duplicate(text("hello"), 998 * kMs));
  EXPECT_TRUE(dedup.is_duplicate(text("hello"), 997 * kMs)) << "the most recent one counts";
  EXPECT_FALSE(dedup.is_duplicate(text("hello"), 0));
  EXPECT_FALSE(dedup.is_duplicate(text("hello"), UINT64_MAX));
}

TEST(Dedup, WindowOfZeroTakesTheSameTimeOnly) {
  Rig dedup({.window_ns = 0});
  EXPECT_FALSE(dedup.is_duplicate(text("hello"), 5));
  EXPECT_TRUE(dedup.is_duplicate(text("hello"), 5));
  EXPECT_FALSE(dedup.is_duplicate(text("hello"), 6));
}

TEST(Dedup, RingOfTwoForgetsTheThirdLast) {
  Rig dedup({.frames_max = 2});
  EXPECT_FALSE(dedup.is_duplicate(text("a"), 1));
  EXPECT_FALSE(dedup.is_duplicate(text("b"), 2));
  EXPECT_FALSE(dedup.is_duplicate(text("c"), 3));
  EXPECT_EQ(dedup->buffered(), 2U);
  EXPECT_TRUE(dedup.is_duplicate(text("b"), 4));
  EXPECT_FALSE(dedup.is_duplicate(text("a"), 5));
}

TEST(Dedup, DuplicatesTakeUpTheRingAsOthersDo) {
  Rig dedup({.frames_max = 2});
  EXPECT_FALSE(dedup.is_duplicate(text("a"), 1));
  EXPECT_FALSE(dedup.is_duplicate(text("b"), 2));
  EXPECT_TRUE(dedup.is_duplicate(text("b"), 3));
  EXPECT_FALSE(dedup.is_duplicate(text("a"), 4)) << "b stands there twice";
}

TEST(Dedup, CapacityZeroActsAsOne) {
  for (const uint32_t frames_max : {0U, 1U}) {
    Rig dedup({.frames_max = frames_max});
    EXPECT_EQ(dedup->buffered(), 0U);
    EXPECT_FALSE(dedup.is_duplicate(text("a"), 1));
    EXPECT_TRUE(dedup.is_duplicate(text("a"), 2));
    EXPECT_FALSE(dedup.is_duplicate(text("b"), 3));
    EXPECT_FALSE(dedup.is_duplicate(text("a"), 4));
    EXPECT_EQ(dedup->buffered(), 1U);
  }
}

TEST(Dedup, HoldsAsManyFramesAsItMay) {
  constexpr uint32_t kAll = Dedup::kFramesMax;
  Rig dedup({.window_ns = UINT64_MAX, .frames_max = kAll});
  const auto numbered = [](uint32_t i) {
    Frame frame;
    testing::append32(frame, i);
    return frame;
  };
  for (uint32_t i = 0; i < kAll; ++i) ASSERT_FALSE(dedup.is_duplicate(numbered(i), i));
  EXPECT_EQ(dedup->buffered(), kAll);
  EXPECT_TRUE(dedup.is_duplicate(numbered(0), kAll));
  EXPECT_FALSE(dedup.is_duplicate(numbered(1'000'000'000), kAll));
  EXPECT_FALSE(dedup.is_duplicate(numbered(1), kAll)) << "two came after the last of the first";
  EXPECT_EQ(dedup->buffered(), kAll);
}

// What was pushed out must leave nothing behind that gets in the way of those after it.
TEST(Dedup, FindsCopiesHoweverManyFramesHavePassed) {
  constexpr uint64_t kSeed = 20261202;
  constexpr uint32_t kRing = 128;
  std::mt19937_64 random(kSeed);
  SCOPED_TRACE(::testing::Message() << "seed " << kSeed);
  Rig dedup({.window_ns = UINT64_MAX, .frames_max = kRing});
  std::vector<Frame> frames;
  for (uint32_t i = 0; i < 100 * kRing; ++i) {
    const bool is_copy = i >= kRing && random() % 3 == 0;
    if (is_copy) {
      frames.push_back(frames[frames.size() - 1 - random() % kRing]);
    } else {
      frames.emplace_back();
      testing::append32(frames.back(), i);
    }
    ASSERT_EQ(dedup.is_duplicate(frames.back(), i), is_copy) << i;
  }
}

TEST(Dedup, LengthTellsFramesApart) {
  Rig dedup(Dedup::loopback());
  for (size_t size = 0; size <= 200; ++size)
    EXPECT_FALSE(dedup.is_duplicate(Frame(size), 0)) << size;
  for (size_t size = 0; size <= 200; ++size)
    EXPECT_TRUE(dedup.is_duplicate(Frame(size), 0)) << size;
}

TEST(Dedup, EveryBitOfAFrameTellsItApart) {
  Rig dedup({.frames_max = 1 << 12});
  Frame frame = PacketBuilder().ethernet().ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).build();
  EXPECT_FALSE(dedup.is_duplicate(frame, 0));
  for (uint8_t& byte : frame) {
    for (int bit = 0; bit < 8; ++bit) {
      byte ^= static_cast<uint8_t>(1U << bit);
      EXPECT_FALSE(dedup.is_duplicate(frame, 0));
      byte ^= static_cast<uint8_t>(1U << bit);
    }
  }
  EXPECT_TRUE(dedup.is_duplicate(frame, 0));
}

TEST(Dedup, MarksDuplicatesWhateverTheirStatus) {
  Rig dedup(Dedup::loopback());
  const Frame arp = text("no IP in it at all, but long enough");
  const Frame udp = PacketBuilder().ethernet().ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).build();
  const Frame cut(udp.begin(), udp.begin() + 20);
  const auto burst = std::make_unique<Burst>();
  for (const Frame* frame : {&arp, &udp, &cut, &udp, &cut, &arp})
    burst->packet[burst->count++] = packet_of(*frame, 1);
  decode_layers(*burst);
  const DecodeStatus of_arp = burst->layers[0].status;
  dedup->mark_duplicates(*burst);
  EXPECT_EQ(burst->layers[0].status, of_arp);
  EXPECT_EQ(burst->layers[1].status, DecodeStatus::Ip);
  EXPECT_EQ(burst->layers[2].status, DecodeStatus::Truncated);
  for (const size_t i : {3, 4, 5}) EXPECT_EQ(burst->layers[i].status, DecodeStatus::Duplicate);
  EXPECT_EQ(dedup->dropped(), 3U);
  EXPECT_EQ(dedup->buffered(), 6U);
}

// Frames that meet in one bucket, which only who knows the seed can choose.
std::vector<Frame> of_one_bucket(uint32_t count, uint64_t buckets) {
  const BytesHash hash(kSeedLow, kSeedHigh);
  std::vector<Frame> frames;
  for (uint32_t i = 0; frames.size() < count; ++i) {
    Frame frame;
    testing::append32(frame, i);
    if (hash({frame.data(), frame.size()}) % buckets == 0) frames.push_back(frame);
  }
  return frames;
}

TEST(Dedup, LooksAtNoMoreFramesOfABucketThanItsLimit) {
  Rig dedup({.frames_max = 64});
  const std::vector<Frame> frames = of_one_bucket(Dedup::kWalkMax + 1, 128);
  for (uint32_t i = 0; i < Dedup::kWalkMax; ++i) EXPECT_FALSE(dedup.is_duplicate(frames[i], 0));
  EXPECT_TRUE(dedup.is_duplicate(frames[0], 0)) << "the last one looked at";
  EXPECT_FALSE(dedup.is_duplicate(frames[Dedup::kWalkMax], 0));
  EXPECT_FALSE(dedup.is_duplicate(frames[1], 0)) << "one behind it";
  EXPECT_TRUE(dedup.is_duplicate(frames[1], 0));
}

// Frames that were not found stand in the ring twice, and leave it one by one.
TEST(Dedup, StaysInOrderWhenBucketsAreLongerThanItsLimit) {
  Rig dedup({.frames_max = 64});
  const std::vector<Frame> frames = of_one_bucket(40, 128);
  for (uint32_t round = 0; round < 10; ++round) {
    for (const Frame& frame : frames) EXPECT_FALSE(dedup.is_duplicate(frame, 0));
    for (uint32_t i = 1; i <= Dedup::kWalkMax; ++i)
      EXPECT_TRUE(dedup.is_duplicate(frames[frames.size() - i], 0)) << round << " " << i;
  }
}

// The rule, word for word.
class Model {
 public:
  explicit Model(const Dedup::Options& options) : options_(options) {}

  bool is_duplicate(const Frame& frame, uint64_t time_ns) {
    bool found = false;
    for (const auto& [seen, seen_ns] : frames_) {
      if (seen != frame) continue;
      const uint64_t apart = std::max(seen_ns, time_ns) - std::min(seen_ns, time_ns);
      found = apart <= options_.window_ns;
      break;
    }
    frames_.emplace_front(frame, time_ns);
    if (frames_.size() > std::max(options_.frames_max, 1U)) frames_.pop_back();
    return found;
  }
  [[nodiscard]] size_t buffered() const { return frames_.size(); }

 private:
  Dedup::Options options_;
  std::deque<std::pair<Frame, uint64_t>> frames_;  // the most recent one first
};

// Few different frames, so that most come again; times that go on, and back and far away at times.
class Stream {
 public:
  Stream(uint64_t seed, size_t kinds) : random_(seed), kinds_(kinds) {}

  std::pair<Frame, uint64_t> next() {
    now_ns_ += random_() % (200 * kUs);
    uint64_t time_ns = now_ns_;
    if (random_() % 8 == 0) time_ns -= std::min(time_ns, random_() % (3 * kMs));
    if (random_() % 64 == 0) time_ns = random_();
    const size_t kind = random_() % kinds_;
    return {Frame(kind % 5 * 40 + 3, static_cast<uint8_t>(kind)), time_ns};
  }

 private:
  std::mt19937_64 random_;
  size_t kinds_;
  uint64_t now_ns_ = 0;
};

class AgainstModel : public ::testing::TestWithParam<uint32_t> {};

TEST_P(AgainstModel, FindsTheSameDuplicatesAlone) {
  const Dedup::Options options{.frames_max = GetParam()};
  for (const size_t kinds : {2, 5, 40, 256}) {
    const uint64_t seed = uint64_t{1000} * GetParam() + kinds;
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    Rig dedup(options);
    Model model(options);
    Stream stream(seed, kinds);
    uint64_t dropped = 0;
    for (int i = 0; i < 5000; ++i) {
      const auto [frame, time_ns] = stream.next();
      const bool expected = model.is_duplicate(frame, time_ns);
      dropped += expected ? 1 : 0;
      ASSERT_EQ(dedup.is_duplicate(frame, time_ns), expected) << "frame " << i;
      ASSERT_EQ(dedup->buffered(), model.buffered());
    }
    EXPECT_EQ(dedup->dropped(), dropped);
    EXPECT_GT(dropped, 0U);
  }
}

TEST_P(AgainstModel, FindsTheSameDuplicatesInBursts) {
  const Dedup::Options options{.frames_max = GetParam()};
  for (const uint32_t burst_size : {1U, 2U, 64U, kBurstMax}) {
    const uint64_t seed = uint64_t{1000} * GetParam() + burst_size;
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    Rig dedup(options);
    Model model(options);
    Stream stream(seed, 30);
    const auto burst = std::make_unique<Burst>();
    for (int round = 0; round < 40; ++round) {
      std::vector<Frame> frames;
      std::vector<bool> expected;
      burst->count = burst_size;
      for (uint32_t i = 0; i < burst_size; ++i) {
        auto [frame, time_ns] = stream.next();
        expected.push_back(model.is_duplicate(frame, time_ns));
        frames.push_back(std::move(frame));
        burst->packet[i] = packet_of(frames.back(), time_ns);
      }
      decode_layers(*burst);
      dedup->mark_duplicates(*burst);
      for (uint32_t i = 0; i < burst_size; ++i)
        ASSERT_EQ(burst->layers[i].status == DecodeStatus::Duplicate, expected[i]) << i;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(RingSizes, AgainstModel, ::testing::Values(1, 2, 3, 16, 256),
                         ::testing::PrintToStringParamName());

constexpr Dedup::Options kPacketMatch{.match = DedupMatch::Packet};

// Whether `second` counts as a copy of `first`.
bool are_copies(const Frame& first, const Frame& second,
                const Dedup::Options& options = kPacketMatch) {
  Rig dedup(options);
  EXPECT_FALSE(dedup.is_duplicate(first, 0));
  return dedup.is_duplicate(second, 10 * kUs);
}

PacketBuilder ethernet() { return PacketBuilder().ethernet(); }
Frame v4(PacketBuilder link, const testing::Ipv4Fields& fields = {}) {
  return link.ipv4("10.0.0.1", "10.0.0.2", fields).tcp(1, 2).payload("hello").build();
}
Frame v6(PacketBuilder link, const testing::Ipv6Fields& fields = {}) {
  return link.ipv6("2001:db8::1", "2001:db8::2", fields).tcp(1, 2).payload("hello").build();
}

TEST(DedupPacket, RoutersMayChangeTtlAndChecksum) {
  EXPECT_TRUE(are_copies(v4(ethernet()), v4(ethernet(), {.ttl = 63})));
  EXPECT_TRUE(are_copies(v6(ethernet()), v6(ethernet(), {.hop_limit = 63})));
  Frame wrong = v4(ethernet());
  wrong[14 + 10] ^= 0xff;
  wrong[14 + 11] ^= 0xff;
  EXPECT_TRUE(are_copies(v4(ethernet()), wrong));
}

TEST(DedupPacket, SwitchesMayChangeTheLinkLayer) {
  Frame other_addresses = v4(ethernet());
  for (size_t i = 0; i < 12; ++i) other_addresses[i] ^= 0x5a;
  EXPECT_TRUE(are_copies(v4(ethernet()), other_addresses));
  EXPECT_TRUE(are_copies(v4(ethernet()), v4(ethernet().vlan(5))));
  EXPECT_TRUE(are_copies(v6(ethernet().vlan(5)), v6(ethernet().vlan(7).vlan(9))));
  EXPECT_TRUE(are_copies(v4(ethernet()), v4(ethernet().tunnel(testing::mpls({100})))));
}

TEST(DedupPacket, LinkPaddingDoesNotCount) {
  EXPECT_TRUE(are_copies(v4(ethernet()), v4(ethernet().pad_to(80))));
  EXPECT_TRUE(are_copies(v6(ethernet().pad_to(120)), v6(ethernet())));
}

TEST(DedupPacket, EverythingElseTellsPacketsApart) {
  for (const Frame& original : {v4(ethernet()), v6(ethernet())}) {
    const bool is_v4 = original[14] >> 4 == 4;
    for (size_t at = 14; at < original.size(); ++at) {
      const bool is_left_out =
          is_v4 ? at == 14 + 8 || at == 14 + 10 || at == 14 + 11 : at == 14 + 7;
      for (int bit = 0; bit < 8; ++bit) {
        Frame changed = original;
        changed[at] ^= static_cast<uint8_t>(1U << bit);
        EXPECT_EQ(are_copies(original, changed), is_left_out) << at << " " << bit;
      }
    }
  }
}

TEST(DedupPacket, FrameMatchTakesNoneOfThat) {
  const Dedup::Options options = Dedup::loopback();
  EXPECT_TRUE(are_copies(v4(ethernet()), v4(ethernet()), options));
  EXPECT_FALSE(are_copies(v4(ethernet()), v4(ethernet(), {.ttl = 63}), options));
  EXPECT_FALSE(are_copies(v4(ethernet()), v4(ethernet().vlan(5)), options));
  EXPECT_FALSE(are_copies(v4(ethernet()), v4(ethernet().pad_to(80)), options));
}

TEST(DedupPacket, IdentificationTellsWhatWasSentTwice) {
  EXPECT_FALSE(
      are_copies(v4(ethernet(), {.identification = 1}), v4(ethernet(), {.identification = 2})));
}

TEST(DedupPacket, WindowTellsWhatWasSentTwiceWithoutIdentification) {
  Rig dedup(kPacketMatch);
  EXPECT_FALSE(dedup.is_duplicate(v6(ethernet()), 0));
  EXPECT_FALSE(dedup.is_duplicate(v6(ethernet()), 200 * kMs));
}

TEST(DedupPacket, WithoutIpFramesAreComparedWhole) {
  Frame arp = PacketBuilder().ethernet({.ether_type = 0x0806}).payload(Frame(46, 1)).build();
  Frame other = arp;
  other[3] ^= 1;
  EXPECT_TRUE(are_copies(arp, arp));
  EXPECT_FALSE(are_copies(arp, other));
  const Frame cut(arp.begin(), arp.begin() + 20);
  EXPECT_FALSE(are_copies(arp, cut));
  const Frame malformed = v4(ethernet(), {.header_words = 4});
  EXPECT_TRUE(are_copies(malformed, malformed));
  other = malformed;
  other[3] ^= 1;
  EXPECT_FALSE(are_copies(malformed, other));
}

TEST(DedupPacket, FragmentsAreComparedEachForItself) {
  const auto part = [](uint16_t offset, uint8_t ttl) {
    return ethernet()
        .ipv4("10.0.0.1", "10.0.0.2",
              {.ttl = ttl, .fragment_offset = offset, .more_fragments = true, .protocol = 17})
        .payload(Frame(64, 'x'))
        .build();
  };
  EXPECT_TRUE(are_copies(part(64, 64), part(64, 60)));
  EXPECT_FALSE(are_copies(part(64, 64), part(128, 64)));
}

// A VXLAN packet with the named fields of its outer and inner header.
Frame vxlan(const testing::Ipv4Fields& outer, const testing::Ipv4Fields& inner, uint32_t vni = 5) {
  return v4(ethernet()
                .ipv4("192.0.2.1", "192.0.2.2", outer)
                .udp(50000, 0)
                .tunnel(testing::vxlan(vni))
                .ethernet(),
            inner);
}

TEST(DedupPacket, TunnelsAreComparedFromTheirOuterHeaderOn) {
  EXPECT_TRUE(are_copies(vxlan({}, {}), vxlan({.ttl = 60}, {})));
  EXPECT_FALSE(are_copies(vxlan({}, {}), vxlan({.identification = 1}, {})));
  EXPECT_FALSE(are_copies(vxlan({}, {}), vxlan({}, {.ttl = 60})));
  EXPECT_FALSE(are_copies(vxlan({}, {}), vxlan({}, {}, 6)));
  EXPECT_FALSE(are_copies(v4(ethernet()), vxlan({}, {})));
}

TEST(DedupPacket, MirroredPacketsAreComparedWithoutTheMirrorsTunnel) {
  const auto mirrored = [](const char* mirror, uint32_t sequence,
                           const testing::Ipv4Fields& inner) {
    return v4(ethernet()
                  .ipv4(mirror, "192.0.2.9")
                  .tunnel(testing::gre({.sequence = sequence}))
                  .tunnel(testing::erspan2(5))
                  .ethernet(),
              inner);
  };
  const Frame original = mirrored("192.0.2.1", 1, {});
  EXPECT_TRUE(are_copies(original, mirrored("192.0.2.1", 2, {})));
  EXPECT_TRUE(are_copies(original, mirrored("192.0.2.3", 900, {.ttl = 63})));
  EXPECT_TRUE(are_copies(original, v4(ethernet().vlan(7))));
  EXPECT_FALSE(are_copies(original, mirrored("192.0.2.1", 2, {.identification = 1})));
}

TEST(DedupPacket, CutFramesAreComparedAsFarAsTheyGo) {
  const Frame whole = v4(ethernet());
  const Frame cut(whole.begin(), whole.begin() + 50);
  EXPECT_TRUE(are_copies(cut, cut));
  EXPECT_FALSE(are_copies(whole, cut));
}

// Offsets that no decoder gave: whatever is compared, it lies in the frame.
TEST(DedupHostile, OffsetsMayPointAnywhere) {
  constexpr uint64_t kSeed = 20261201;
  std::mt19937_64 random(kSeed);
  SCOPED_TRACE(::testing::Message() << "seed " << kSeed);
  Rig dedup({.frames_max = 64, .match = DedupMatch::Packet});
  for (int i = 0; i < 50'000; ++i) {
    Frame bytes(random() % 90);
    for (uint8_t& byte : bytes)
      byte = static_cast<uint8_t>(random() % 4 == 0 ? random() : random() % 2 == 0 ? 0x45 : 0x60);
    const testing::ExactFrame frame({bytes.data(), bytes.size()});
    const auto offset = [&] {
      return static_cast<uint16_t>(random() % 16 == 0 ? random() : random() % (bytes.size() + 2));
    };
    Layers layers;
    layers.status = static_cast<DecodeStatus>(random() % 3 == 0 ? random() % 8 : 0);
    layers.ip_version = static_cast<uint8_t>(random() % 2 == 0 ? 4 : 6);
    layers.l3_offset = offset();
    layers.encap.kind = static_cast<EncapKind>(random() % kEncapKinds);
    if (random() % 2 == 0) layers.encap.outer_l3_offset = offset();
    const PacketView packet{.frame = frame.bytes(), .time = {static_cast<uint64_t>(i)}};
    const uint64_t before = dedup->dropped();
    const bool first = dedup->is_duplicate(packet, layers);
    EXPECT_TRUE(dedup->is_duplicate(packet, layers));
    EXPECT_EQ(dedup->dropped(), before + (first ? 2 : 1));
  }
  EXPECT_EQ(dedup->buffered(), 64U);
}

TEST(DedupHostile, FramesMayBeEmptyOrEndAtTheHeader) {
  const Frame whole = v4(ethernet());
  for (const DedupMatch match : {DedupMatch::Frame, DedupMatch::Packet}) {
    Rig dedup({.match = match});
    for (size_t size = 0; size <= whole.size(); ++size) {
      const testing::ExactFrame cut(Bytes{whole.data(), size});
      Layers layers;
      layers.status = DecodeStatus::Ip;
      layers.l3_offset = 14;
      const PacketView packet{.frame = cut.bytes(), .time = {1}};
      EXPECT_FALSE(dedup->is_duplicate(packet, layers)) << size;
      EXPECT_TRUE(dedup->is_duplicate(packet, layers)) << size;
    }
  }
}

}  // namespace
}  // namespace flowscope
