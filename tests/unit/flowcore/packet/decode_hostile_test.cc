#include <gtest/gtest.h>

#include <memory>
#include <random>

#include "flowcore/packet/decode.h"
#include "flowcore/packet/decode_plain.h"
#include "flowcore/packet/read_ip.h"
#include "tests/support/exact_frame.h"
#include "tests/unit/flowcore/packet/golden_frames.h"

namespace flowscope {
namespace {

using testing::ExactFrame;
using testing::Frame;
using testing::golden_frames;
using testing::GoldenFrame;

constexpr uint32_t kSeed = 20240607;
constexpr uint32_t kLinkTypes = static_cast<uint32_t>(LinkType::Unknown) + 1;

void expect_offsets_inside(const Layers& layers, size_t frame_bytes) {
  EXPECT_LE(layers.l3_offset, frame_bytes);
  EXPECT_LE(layers.l4_offset, frame_bytes);
  EXPECT_LE(layers.payload_offset + layers.payload_captured, frame_bytes);
  EXPECT_LE(layers.payload_captured, layers.payload_bytes);
  EXPECT_EQ(layers.ip_version != 0, layers.status == DecodeStatus::Ip);
}

// A row whose link fields and encapsulation are known already, as inside a tunnel.
Layers row_before_ip(size_t l3_offset) {
  Layers layers;
  layers.l3_offset = static_cast<uint16_t>(l3_offset);
  layers.vlan_id = 7;
  layers.inner_vlan_id = 8;
  layers.vlan_count = 2;
  layers.ether_type = 9;
  layers.encap = {.kind = EncapKind::Gre, .depth = 1, .outer_l3_offset = 14, .id = 10};
  return layers;
}

// Whether the fast way takes the packet; then it must write what the general one writes, and leave
// alone what that leaves.
bool takes_plain_like_read_ip(Bytes frame, size_t l3_offset, uint8_t version) {
  Layers fast = row_before_ip(l3_offset);
  if (!decode_plain_ip(frame, l3_offset, version, fast)) return false;
  Layers slow = row_before_ip(l3_offset);
  read_ip(frame, version, static_cast<uint32_t>(frame.size() - l3_offset), slow);
  EXPECT_EQ(fast, slow);
  return true;
}

// Decodes the frame alone and as a burst of one, which may take the fast loop; both from an exact
// block.
void expect_both_ways_agree(Bytes bytes, LinkType link, uint32_t wire_bytes, Burst& burst) {
  const ExactFrame exact(bytes);
  burst.count = 1;
  burst.packet[0] = {.frame = exact.bytes(), .wire_bytes = wire_bytes, .link = link};
  decode_layers(burst);
  const Layers slow = decode_frame(burst.packet[0]);
  EXPECT_EQ(burst.layers[0], slow);
  expect_offsets_inside(slow, bytes.size());
  for (const uint8_t version : {uint8_t{4}, uint8_t{6}}) {
    takes_plain_like_read_ip(exact.bytes(), slow.l3_offset, version);
  }
}

TEST(DecodeHostile, EveryCutOfEveryGoldenFrameStaysInside) {
  const auto burst = std::make_unique<Burst>();
  for (const GoldenFrame& golden : golden_frames()) {
    SCOPED_TRACE(golden.name);
    const Bytes whole(golden.bytes.data(), golden.bytes.size());
    for (size_t cut = 0; cut <= whole.size(); ++cut) {
      SCOPED_TRACE(cut);
      expect_both_ways_agree(whole.first(cut), golden.link, static_cast<uint32_t>(whole.size()),
                             *burst);
    }
  }
}

TEST(DecodeHostile, FramesThatShrinkInIpTooStayInside) {
  // Here every cut looks whole: the IPv4 total length is cut with the frame.
  const auto burst = std::make_unique<Burst>();
  const Frame whole = testing::PacketBuilder()
                          .ethernet()
                          .ipv4("1.2.3.4", "5.6.7.8")
                          .tcp(1, 2, {.options = {1, 1, 1, 0}})
                          .payload("abc")
                          .build();
  for (size_t cut = 20; cut < whole.size(); ++cut) {
    SCOPED_TRACE(cut);
    Frame frame(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(cut));
    frame[17] = static_cast<uint8_t>(cut - 14);
    expect_both_ways_agree({frame.data(), frame.size()}, LinkType::Ethernet, 0, *burst);
  }
}

TEST(DecodeHostile, FastAndSlowAgreeOnMutatedFrames) {
  SCOPED_TRACE(kSeed);
  std::mt19937 random(kSeed);
  const auto burst = std::make_unique<Burst>();
  const std::vector<GoldenFrame> stock = golden_frames();
  for (int round = 0; round < 100'000 && !HasFailure(); ++round) {
    SCOPED_TRACE(round);
    const GoldenFrame& golden = stock[random() % stock.size()];
    Frame frame = golden.bytes;
    // Few bytes, near the front, sometimes only one bit: most mutants are still decoded far.
    for (uint32_t left = random() % 4; left > 0; --left) {
      const size_t place = random() % std::min<size_t>(frame.size(), 96);
      frame[place] = random() % 2 == 0 ? static_cast<uint8_t>(random())
                                       : static_cast<uint8_t>(frame[place] ^ (1U << random() % 8));
    }
    if (random() % 4 == 0) frame.resize(random() % (frame.size() + 1));
    if (random() % 8 == 0) frame.resize(frame.size() + random() % 64);
    const LinkType link =
        random() % 8 == 0 ? static_cast<LinkType>(random() % kLinkTypes) : golden.link;
    expect_both_ways_agree({frame.data(), frame.size()}, link,
                           static_cast<uint32_t>(frame.size() + random() % 2 * 40), *burst);
  }
}

TEST(DecodeHostile, FastAndSlowAgreeOnRandomBytes) {
  SCOPED_TRACE(kSeed);
  std::mt19937 random(kSeed);
  const auto burst = std::make_unique<Burst>();
  for (int round = 0; round < 20'000 && !HasFailure(); ++round) {
    SCOPED_TRACE(round);
    Frame frame(random() % 200);
    for (uint8_t& byte : frame) byte = static_cast<uint8_t>(random());
    expect_both_ways_agree({frame.data(), frame.size()},
                           static_cast<LinkType>(random() % kLinkTypes), 0, *burst);
  }
}

TEST(DecodePlain, TakesUsualPacketsAtAnyOffset) {
  const testing::Frame payload(12);
  const auto inner = [](size_t offset) { return testing::PacketBuilder().payload(Frame(offset)); };
  for (const size_t offset : {0UL, 1UL, 14UL, 50UL}) {
    SCOPED_TRACE(offset);
    const Frame v4_tcp = inner(offset).ipv4("1.2.3.4", "5.6.7.8").tcp(1, 2).build();
    const Frame v4_udp =
        inner(offset).ipv4("1.2.3.4", "5.6.7.8").udp(1, 2).payload(payload).build();
    const Frame v6_tcp = inner(offset).ipv6("::1", "::2").tcp(1, 2).build();
    const Frame v6_udp = inner(offset).ipv6("::1", "::2").udp(1, 2).payload(payload).build();
    EXPECT_TRUE(takes_plain_like_read_ip({v4_tcp.data(), v4_tcp.size()}, offset, 4));
    EXPECT_TRUE(takes_plain_like_read_ip({v4_udp.data(), v4_udp.size()}, offset, 4));
    EXPECT_TRUE(takes_plain_like_read_ip({v6_tcp.data(), v6_tcp.size()}, offset, 6));
    EXPECT_TRUE(takes_plain_like_read_ip({v6_udp.data(), v6_udp.size()}, offset, 6));
  }
}

TEST(DecodeLayers, DecodesAlikeWhateverComesNext) {
  const std::vector<GoldenFrame> stock = golden_frames();
  const auto burst = std::make_unique<Burst>();
  const auto next = std::make_unique<Burst>();
  burst->count = 5;
  for (uint32_t i = 0; i < kBurstMax; ++i) {
    const GoldenFrame& golden = stock[i % stock.size()];
    burst->packet[i] = {.frame = {golden.bytes.data(), golden.bytes.size()}, .link = golden.link};
    next->packet[i] = burst->packet[i];
  }
  for (const uint32_t next_count : {0U, 3U, kBurstMax}) {
    SCOPED_TRACE(next_count);
    next->count = next_count;
    burst->layers.fill({});
    decode_layers(*burst, *next);
    for (uint32_t i = 0; i < burst->count; ++i) {
      EXPECT_EQ(burst->layers[i], decode_frame(burst->packet[i])) << i;
    }
  }
}

TEST(DecodeLayers, FillsARowPerPacketOfAFullBurst) {
  const std::vector<GoldenFrame> stock = golden_frames();
  const auto burst = std::make_unique<Burst>();
  burst->count = kBurstMax;
  for (uint32_t i = 0; i < kBurstMax; ++i) {
    const GoldenFrame& golden = stock[i % stock.size()];
    burst->packet[i] = {.frame = {golden.bytes.data(), golden.bytes.size()}, .link = golden.link};
  }
  decode_layers(*burst);
  for (uint32_t i = 0; i < kBurstMax; ++i) {
    EXPECT_EQ(burst->layers[i], decode_frame(burst->packet[i])) << stock[i % stock.size()].name;
    EXPECT_EQ(burst->layers[i].status, DecodeStatus::Ip) << stock[i % stock.size()].name;
  }
}

TEST(DecodeLayers, LeavesRowsPastTheCountAlone) {
  const auto burst = std::make_unique<Burst>();
  burst->count = 0;
  burst->layers[0].ttl = 99;
  decode_layers(*burst);
  EXPECT_EQ(burst->layers[0].ttl, 99);
}

}  // namespace
}  // namespace flowscope
