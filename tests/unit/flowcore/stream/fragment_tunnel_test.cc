#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "flowcore/stream/fragment_table.h"
#include "tests/support/fragment_rig.h"

namespace flowscope {
namespace {

using testing::FragmentRig;
using testing::Frame;
using testing::JoinedRow;
using testing::PacketBuilder;
using testing::TimedFrame;

constexpr uint16_t kVxlanPort = 4789;
constexpr size_t kVxlanBytes = 8;

// Takes VXLAN headers off in a way of its own: the inner frame alone is decoded and moved to where
// it lies.
struct VxlanDecoding {
  [[nodiscard]] Layers decode(const PacketView& packet) const {
    Layers layers = decode_frame(packet);
    (*this)(packet, layers);
    return layers;
  }
  void operator()(const PacketView& packet, Layers& layers) const {
    while (layers.has_l4 && layers.destination_port == kVxlanPort) {
      const Bytes vxlan = packet.frame.after(layers.payload_offset);
      const size_t shift = layers.payload_offset + kVxlanBytes;
      Layers inner = decode_frame({.frame = vxlan.after(kVxlanBytes),
                                   .wire_bytes = layers.payload_bytes - uint32_t{kVxlanBytes}});
      inner.encap = {.kind = EncapKind::Vxlan,
                     .depth = static_cast<uint8_t>(layers.encap.depth + 1),
                     .outer_l3_offset = layers.l3_offset,
                     .id = load_be32(vxlan, 4) >> 8};
      for (uint16_t* offset : {&inner.l3_offset, &inner.l4_offset, &inner.payload_offset})
        if (*offset != 0) *offset = static_cast<uint16_t>(*offset + shift);
      layers = inner;
    }
  }
};

using VxlanRig = FragmentRig<VxlanDecoding>;

Frame wrap(const Frame& inner, uint8_t vni) {
  return PacketBuilder()
      .ethernet()
      .ipv4("1.1.1.1", "2.2.2.2")
      .udp(1000, kVxlanPort)
      .payload(Frame{8, 0, 0, 0, 0, 0, vni, 0})
      .payload(inner)
      .build();
}

// Cuts the IPv4 packet of a plain frame every `step` bytes.
std::vector<Frame> cut_frame(const Frame& frame, size_t step) {
  const Layers layers = decode_frame({.frame = {frame.data(), frame.size()}, .wire_bytes = 0});
  const Frame part(frame.begin() + layers.l4_offset, frame.end());
  std::vector<Frame> frames;
  for (size_t begin = 0; begin < part.size(); begin += step) {
    const size_t end = std::min(begin + step, part.size());
    frames.push_back(PacketBuilder()
                         .ethernet()
                         .ipv4("1.1.1.1", "2.2.2.2",
                               {.fragment_offset = static_cast<uint16_t>(begin),
                                .more_fragments = end < part.size(),
                                .protocol = layers.ip_protocol})
                         .payload(Frame(part.begin() + static_cast<ptrdiff_t>(begin),
                                        part.begin() + static_cast<ptrdiff_t>(end)))
                         .build());
  }
  return frames;
}

Frame plain(size_t payload_bytes) {
  return PacketBuilder()
      .ethernet()
      .ipv4("1.1.1.1", "2.2.2.2")
      .udp(5000, 5001)
      .payload(Frame(payload_bytes, 'p'))
      .build();
}

TEST(FragmentsInTunnels, TheHeadersAroundTheDatagramStay) {
  const std::vector<Frame> inner = cut_frame(plain(1000), 504);
  ASSERT_EQ(inner.size(), 2U);
  VxlanRig rig;
  const Frame first = wrap(inner[0], 5);
  rig.give(wrap(inner[1], 5));
  const JoinedRow row = rig.give(first);
  const size_t prefix = 14 + 20 + 8 + 8;
  EXPECT_TRUE(std::equal(first.begin(), first.begin() + prefix, row.frame.begin()));
  EXPECT_EQ(Frame(row.frame.begin() + prefix, row.frame.end()), plain(1000));
}

TEST(FragmentsInTunnels, LayersSpeakOfTheInnerPacketAndOfItsTunnel) {
  const std::vector<Frame> inner = cut_frame(plain(1000), 504);
  VxlanRig rig;
  rig.give(wrap(inner[1], 5));
  const Layers layers = rig.give(wrap(inner[0], 5)).layers;
  EXPECT_TRUE(layers.has_l4);
  EXPECT_EQ(layers.destination_port, 5001);
  EXPECT_EQ(layers.l3_offset, 14 + 20 + 8 + 8 + 14);
  EXPECT_EQ(layers.payload_captured, 1000);
  EXPECT_EQ(layers.encap,
            (Encap{.kind = EncapKind::Vxlan, .depth = 1, .outer_l3_offset = 14, .id = 5}));
}

TEST(FragmentsInTunnels, TenantsDoNotMix) {
  const std::vector<Frame> inner = cut_frame(plain(1000), 504);
  VxlanRig rig;
  rig.give(wrap(inner[0], 5));
  EXPECT_FALSE(rig.give(wrap(inner[1], 6)).is_whole());
  EXPECT_FALSE(rig.give(inner[1]).is_whole());
  EXPECT_TRUE(rig.give(wrap(inner[1], 5)).is_whole());
}

TEST(FragmentsInTunnels, WhatTheFragmentsOfATunnelCarryIsTakenOut) {
  const std::vector<Frame> outer = cut_frame(wrap(plain(1000), 5), 504);
  ASSERT_EQ(outer.size(), 3U);
  VxlanRig rig;
  rig.give(outer[1]);
  rig.give(outer[2]);
  const JoinedRow row = rig.give(outer[0]);
  EXPECT_EQ(row.layers.encap.kind, EncapKind::Vxlan);
  EXPECT_EQ(row.layers.destination_port, 5001);
  EXPECT_EQ(row.layers.payload_captured, 1000);
}

// A frame inside so many tunnels that each carries fragments, and is in fragments itself. The inner
// datagrams' second halves come first, so that one fragment completes all of them.
std::vector<TimedFrame> nested(uint32_t depth) {
  std::vector<TimedFrame> frames;
  Frame frame = plain(100);
  for (uint32_t level = 0; level < depth; ++level) {
    std::vector<Frame> halves = cut_frame(frame, 56);
    Frame first = halves.front();
    std::vector<TimedFrame> late;
    for (size_t i = 1; i < halves.size(); ++i) {
      Frame half = halves[i];
      for (uint32_t around = level + 1; around < depth; ++around)
        half = wrap(half, static_cast<uint8_t>(around));
      late.push_back({half});
    }
    frames.insert(frames.end(), late.begin(), late.end());
    frame = level + 1 < depth ? wrap(first, static_cast<uint8_t>(level + 1)) : first;
  }
  frames.push_back({frame});
  return frames;
}

TEST(FragmentsInTunnels, FragmentsInFragmentsAreJoinedUpToTheLimit) {
  for (uint32_t depth = 1; depth <= FragmentTable::kNestingMax; ++depth) {
    VxlanRig rig;
    const JoinedRow row = rig.give_all(nested(depth)).back();
    EXPECT_TRUE(row.is_whole()) << depth;
    EXPECT_EQ(row.layers.destination_port, 5001) << depth;
    EXPECT_EQ(rig.counters().whole.value(), depth);
  }
}

TEST(FragmentsInTunnels, FragmentsInFragmentsBeyondTheLimitAreMalformed) {
  VxlanRig rig;
  const JoinedRow row = rig.give_all(nested(FragmentTable::kNestingMax + 1)).back();
  EXPECT_EQ(row.layers.status, DecodeStatus::Malformed);
  EXPECT_EQ(rig.counters().too_deep.value(), 1U);
}

}  // namespace
}  // namespace flowscope
