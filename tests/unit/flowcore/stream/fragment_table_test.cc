#include "flowcore/stream/fragment_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "flowcore/packet/ipv4.h"
#include "tests/support/fragment_rig.h"

namespace flowscope {
namespace {

using testing::FragmentRig;
using testing::Frame;
using testing::JoinedRow;
using testing::PacketBuilder;
using testing::TimedFrame;

constexpr const char* kSource4 = "10.1.2.3";
constexpr const char* kDestination4 = "192.168.200.100";
constexpr const char* kSource6 = "2001:db8::1:2";
constexpr const char* kDestination6 = "fe80::aaaa:bbbb";
constexpr uint8_t kUdp = 17;

// One UDP datagram and the fragments of it that a test asks for.
class Cuttable {
 public:
  Cuttable(int version, size_t payload_bytes, uint16_t identification = 7, uint32_t seed = 1)
      : version_(version), identification_(identification) {
    std::mt19937 random(seed);
    Frame text(payload_bytes);
    for (uint8_t& byte : text) byte = static_cast<uint8_t>(random());
    whole_ = headers().udp(5000, 5001).payload(text).build();
    part_.assign(whole_.begin() + (version == 4 ? 34 : 54), whole_.end());
  }

  [[nodiscard]] size_t size() const { return part_.size(); }
  [[nodiscard]] const Frame& part() const { return part_; }
  [[nodiscard]] const Frame& whole() const { return whole_; }

  // Bytes [begin, end) of what IP carries.
  [[nodiscard]] Frame cut(size_t begin, size_t end) const {
    const Frame bytes(part_.begin() + static_cast<ptrdiff_t>(begin),
                      part_.begin() + static_cast<ptrdiff_t>(end));
    return piece(begin, end < part_.size(), bytes);
  }
  // Any bytes at any place.
  [[nodiscard]] Frame piece(size_t begin, bool more, const Frame& bytes) const {
    const auto offset = static_cast<uint16_t>(begin);
    if (version_ == 4) {
      return PacketBuilder()
          .ethernet()
          .ipv4(kSource4, kDestination4,
                {.identification = identification_,
                 .fragment_offset = offset,
                 .more_fragments = more,
                 .protocol = kUdp})
          .payload(bytes)
          .build();
    }
    return headers()
        .fragment({.fragment_offset = offset,
                   .more_fragments = more,
                   .identification = identification_,
                   .next_header = kUdp})
        .payload(bytes)
        .build();
  }
  // Cut every `step` bytes, in order.
  [[nodiscard]] std::vector<TimedFrame> cut_every(size_t step, uint64_t clock_ns = 0) const {
    std::vector<TimedFrame> frames;
    for (size_t begin = 0; begin < size(); begin += step)
      frames.push_back({cut(begin, std::min(begin + step, size())), clock_ns});
    return frames;
  }

 private:
  [[nodiscard]] PacketBuilder headers() const {
    PacketBuilder builder;
    builder.ethernet();
    return version_ == 4
               ? builder.ipv4(kSource4, kDestination4, {.identification = identification_})
               : builder.ipv6(kSource6, kDestination6);
  }

  int version_;
  uint16_t identification_;
  Frame whole_;
  Frame part_;
};

class FragmentTableOfBothVersions : public ::testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Ip, FragmentTableOfBothVersions, ::testing::Values(4, 6));

TEST_P(FragmentTableOfBothVersions, RebuildsTheFrameThatWasNeverCut) {
  const Cuttable datagram(GetParam(), 3000);
  FragmentRig rig;
  const std::vector<JoinedRow> rows = rig.give_all(datagram.cut_every(1480));
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[0].layers.status, DecodeStatus::Fragment);
  EXPECT_EQ(rows[1].layers.status, DecodeStatus::Fragment);
  EXPECT_EQ(rows[2].frame, datagram.whole());
}

TEST_P(FragmentTableOfBothVersions, LayersAreThoseOfTheFrameThatWasNeverCut) {
  const Cuttable datagram(GetParam(), 3000);
  FragmentRig rig;
  const JoinedRow row = rig.give_all(datagram.cut_every(1480)).back();
  const Frame& whole = datagram.whole();
  EXPECT_EQ(row.layers, decode_frame({.frame = {whole.data(), whole.size()},
                                      .wire_bytes = static_cast<uint32_t>(whole.size())}));
  EXPECT_TRUE(row.layers.has_l4);
  EXPECT_EQ(row.layers.source_port, 5000);
}

TEST_P(FragmentTableOfBothVersions, EveryOrderGivesTheSameFrame) {
  const Cuttable datagram(GetParam(), 100);
  const std::vector<TimedFrame> frames = datagram.cut_every(24);
  ASSERT_EQ(frames.size(), 5U);
  std::vector<size_t> order(frames.size());
  std::iota(order.begin(), order.end(), 0);
  FragmentRig rig;
  do {
    std::vector<TimedFrame> shuffled;
    for (const size_t i : order) shuffled.push_back(frames[i]);
    const std::vector<JoinedRow> rows = rig.give_all(shuffled);
    ASSERT_EQ(rows.back().frame, datagram.whole());
    ASSERT_FALSE(rows[3].is_whole());
  } while (std::next_permutation(order.begin(), order.end()));
  EXPECT_EQ(rig.table().live(), 0U);
}

TEST_P(FragmentTableOfBothVersions, EverySplitInTwoGivesTheSameFrame) {
  const Cuttable datagram(GetParam(), 1500);
  FragmentRig rig;
  for (size_t at = 8; at < datagram.size(); at += 8) {
    const JoinedRow row =
        rig.give_all({{datagram.cut(at, datagram.size())}, {datagram.cut(0, at)}}).back();
    ASSERT_EQ(row.frame, datagram.whole()) << at;
  }
}

TEST_P(FragmentTableOfBothVersions, FragmentsOfEightBytesAreJoined) {
  const Cuttable datagram(GetParam(), 2000);
  FragmentRig rig;
  EXPECT_EQ(rig.give_all(datagram.cut_every(8)).back().frame, datagram.whole());
}

TEST_P(FragmentTableOfBothVersions, TheLargestDatagramIsJoined) {
  const Cuttable datagram(GetParam(), GetParam() == 4 ? 65535 - 28 : 65535 - 8);
  FragmentRig rig;
  const JoinedRow row = rig.give_all(datagram.cut_every(1232)).back();
  EXPECT_EQ(row.frame, datagram.whole());
  EXPECT_EQ(row.layers.payload_bytes, datagram.size() - 8);
  EXPECT_EQ(row.layers.payload_captured, datagram.size() - 8);
}

TEST_P(FragmentTableOfBothVersions, AFragmentBeyondTheLargestDatagramIsMalformed) {
  const Cuttable datagram(GetParam(), 100);
  FragmentRig rig;
  const size_t room = GetParam() == 4 ? 65535 - 65512 - 20 : 65535 - 65512;
  EXPECT_EQ(rig.give(datagram.piece(65512, false, Frame(room))).layers.status,
            DecodeStatus::Fragment);
  EXPECT_EQ(rig.give(datagram.piece(65512, false, Frame(room + 1))).layers.status,
            DecodeStatus::Malformed);
  EXPECT_EQ(rig.counters().too_big.value(), 1U);
}

TEST_P(FragmentTableOfBothVersions, AnUnevenFragmentThatIsNotTheLastIsMalformed) {
  const Cuttable datagram(GetParam(), 100);
  FragmentRig rig;
  EXPECT_EQ(rig.give(datagram.piece(0, true, Frame(17))).layers.status, DecodeStatus::Malformed);
  EXPECT_EQ(rig.counters().malformed.value(), 1U);
  EXPECT_EQ(rig.table().live(), 0U);
}

TEST_P(FragmentTableOfBothVersions, AFragmentWithoutBytesIsMalformed) {
  const Cuttable datagram(GetParam(), 100);
  FragmentRig rig;
  EXPECT_EQ(rig.give(datagram.piece(8, false, {})).layers.status, DecodeStatus::Malformed);
  EXPECT_EQ(rig.counters().malformed.value(), 1U);
}

TEST_P(FragmentTableOfBothVersions, ARepeatedFragmentIsNoOverlap) {
  const Cuttable datagram(GetParam(), 100);
  FragmentRig rig;
  rig.give(datagram.cut(0, 48));
  rig.give(datagram.cut(0, 48));
  EXPECT_EQ(rig.give(datagram.cut(48, 108)).frame, datagram.whole());
  EXPECT_EQ(rig.counters().repeated.value(), 1U);
  EXPECT_TRUE(rig.conflicts().empty());
}

TEST_P(FragmentTableOfBothVersions, ARepeatedLastFragmentIsNoOverlap) {
  const Cuttable datagram(GetParam(), 1000);
  FragmentRig rig;
  rig.give(datagram.cut(480, 1008));
  rig.give(datagram.cut(480, 1008));
  EXPECT_EQ(rig.give(datagram.cut(0, 480)).frame, datagram.whole());
  EXPECT_TRUE(rig.conflicts().empty());
}

TEST_P(FragmentTableOfBothVersions, RefusesADatagramWhoseFragmentsOverlapThoughBytesAreTheSame) {
  const Cuttable datagram(GetParam(), 100);
  FragmentRig rig;
  rig.give(datagram.cut(0, 48));
  rig.give(datagram.cut(40, 108));
  EXPECT_EQ(rig.conflicts(), std::vector{FragmentConflict::SameBytes});
  EXPECT_EQ(rig.counters().refused.value(), 1U);
}

TEST_P(FragmentTableOfBothVersions, AFragmentCutAnotherWayIsAnOverlap) {
  const Cuttable datagram(GetParam(), 100);
  for (const auto& [begin, end] : {std::pair{0, 48}, {8, 16}, {8, 24}, {16, 32}, {24, 48}}) {
    FragmentRig rig;
    rig.give(datagram.cut(0, 16));
    rig.give(datagram.cut(16, 48));
    rig.give(datagram.cut(static_cast<size_t>(begin), static_cast<size_t>(end)));
    EXPECT_EQ(rig.counters().refused.value(), begin == 16 && end == 48 ? 0U : 1U) << begin;
  }
}

TEST_P(FragmentTableOfBothVersions, ARefusedDatagramStaysRefusedUntilItsTimeOut) {
  const Cuttable datagram(GetParam(), 100);
  FragmentRig rig({.timeout_ns = 1000});
  rig.give(datagram.cut(0, 48), 0);
  rig.give(datagram.piece(0, true, Frame(48)), 1);
  EXPECT_EQ(rig.conflicts(), std::vector{FragmentConflict::OtherBytes});
  rig.give(datagram.cut(0, 48), 998);
  EXPECT_FALSE(rig.give(datagram.cut(48, 108), 999).is_whole());
  EXPECT_EQ(rig.counters().discarded.value(), 2U);
  rig.give(datagram.cut(0, 48), 1000);
  EXPECT_EQ(rig.give(datagram.cut(48, 108), 1000).frame, datagram.whole());
}

TEST_P(FragmentTableOfBothVersions, ARefusedDatagramHoldsNoBytes) {
  const Cuttable datagram(GetParam(), 100);
  FragmentRig rig;
  rig.give(datagram.cut(0, 48));
  rig.give(datagram.piece(0, true, Frame(48)));
  EXPECT_EQ(rig.table().held_bytes(), 0U);
  EXPECT_EQ(rig.table().live(), 1U);
}

TEST_P(FragmentTableOfBothVersions, TimeOutCountsFromTheFirstFragmentAndIsExact) {
  const Cuttable datagram(GetParam(), 100);
  for (const uint64_t late : {0, 1}) {
    FragmentRig rig({.timeout_ns = 1000});
    rig.give(datagram.cut(0, 48), 5000);
    rig.give(datagram.cut(48, 80), 5900);
    EXPECT_EQ(rig.give(datagram.cut(80, 108), 5999 + late).is_whole(), late == 0);
    EXPECT_EQ(rig.counters().expired.value(), late);
  }
}

TEST_P(FragmentTableOfBothVersions, AnotherTimeOutHoldsForWhatWaits) {
  const Cuttable datagram(GetParam(), 100);
  for (const uint64_t timeout_ns : {500, 2000}) {
    FragmentRig rig({.timeout_ns = 1000});
    rig.give(datagram.cut(0, 48), 5000);
    rig.table().set_timeout_ns(timeout_ns);
    EXPECT_EQ(rig.give(datagram.cut(48, 108), 6500).is_whole(), timeout_ns == 2000);
  }
}

TEST_P(FragmentTableOfBothVersions, AClockThatGoesBackStandsStill) {
  const Cuttable datagram(GetParam(), 100);
  FragmentRig rig({.timeout_ns = 1000});
  rig.give(datagram.cut(0, 48), 5000);
  rig.give(datagram.cut(48, 80), 10);
  EXPECT_TRUE(rig.give(datagram.cut(80, 108), 5999).is_whole());
  EXPECT_EQ(rig.counters().expired.value(), 0U);
}

TEST_P(FragmentTableOfBothVersions, AnIdentificationMayBeUsedAgainAtOnce) {
  const Cuttable one(GetParam(), 100, 7, 1);
  const Cuttable two(GetParam(), 200, 7, 2);
  FragmentRig rig;
  EXPECT_EQ(rig.give_all(one.cut_every(48)).back().frame, one.whole());
  EXPECT_EQ(rig.give_all(two.cut_every(48)).back().frame, two.whole());
}

TEST_P(FragmentTableOfBothVersions, DatagramsInterleaveWithoutMixing) {
  const Cuttable one(GetParam(), 100, 7, 1);
  const Cuttable two(GetParam(), 100, 8, 2);
  FragmentRig rig;
  const std::vector<JoinedRow> rows =
      rig.give_all({{one.cut(0, 48)}, {two.cut(48, 108)}, {one.cut(48, 108)}, {two.cut(0, 48)}});
  EXPECT_EQ(rows[2].frame, one.whole());
  EXPECT_EQ(rows[3].frame, two.whole());
}

TEST_P(FragmentTableOfBothVersions, TheRebuiltPacketHasTheBytesOfAllAndTheTimeOfTheLast) {
  const Cuttable datagram(GetParam(), 100);
  FragmentRig rig;
  const Frame first = datagram.cut(0, 48);
  const Frame last = datagram.cut(48, 108);
  rig.give(first, 5);
  const JoinedRow row = rig.give(last, 9);
  EXPECT_EQ(row.wire_bytes, first.size() + last.size());
  EXPECT_EQ(row.time_ns, 9U);
  EXPECT_EQ(row.ip_checksum, ChecksumVerdict::Good);
  EXPECT_EQ(row.l4_checksum, ChecksumVerdict::Unknown);
}

TEST_P(FragmentTableOfBothVersions, ACutFragmentEndsTheFrameAndTheLengthsTellTheRest) {
  const Cuttable datagram(GetParam(), 1000);
  const size_t header_bytes = GetParam() == 4 ? 34 : 54;
  const size_t fragment_header_bytes = GetParam() == 4 ? 0 : 8;
  FragmentRig rig;
  rig.give(datagram.cut(0, 480));
  const JoinedRow row =
      rig.give(datagram.cut(480, 1008), 0, header_bytes + fragment_header_bytes + 100);
  EXPECT_EQ(row.frame,
            Frame(datagram.whole().begin(),
                  datagram.whole().begin() + static_cast<ptrdiff_t>(header_bytes) + 580));
  EXPECT_EQ(row.layers.payload_bytes, 1000);
  EXPECT_EQ(row.layers.payload_captured, 572);
  EXPECT_GT(row.wire_bytes, row.frame.size());
}

TEST_P(FragmentTableOfBothVersions, ACutFirstFragmentStandsForItsDatagram) {
  const Cuttable datagram(GetParam(), 1000);
  const size_t header_bytes = GetParam() == 4 ? 34 : 62;
  FragmentRig rig;
  const JoinedRow first = rig.give(datagram.cut(0, 480), 0, header_bytes + 100);
  EXPECT_EQ(first.layers.status, DecodeStatus::Ip);
  EXPECT_FALSE(first.layers.is_fragment);
  EXPECT_TRUE(first.layers.has_l4);
  EXPECT_EQ(first.layers.payload_captured, 92);
  EXPECT_EQ(rig.give(datagram.cut(480, 1008)).layers.status, DecodeStatus::Fragment);
}

TEST_P(FragmentTableOfBothVersions, AContradictoryLengthRefusesTheDatagram) {
  const Cuttable datagram(GetParam(), 100);
  const std::vector<std::vector<Frame>> cases = {
      {datagram.piece(48, false, Frame(20)), datagram.piece(80, false, Frame(20))},
      {datagram.piece(48, false, Frame(20)), datagram.piece(64, true, Frame(8))},
      {datagram.piece(80, true, Frame(8)), datagram.piece(48, false, Frame(20))},
      {datagram.piece(48, false, Frame(20)), datagram.piece(48, false, Frame(19))},
  };
  for (const std::vector<Frame>& frames : cases) {
    FragmentRig rig;
    for (const Frame& frame : frames) rig.give(frame);
    EXPECT_EQ(rig.conflicts(), std::vector{FragmentConflict::Length});
    EXPECT_EQ(rig.counters().refused.value(), 1U);
  }
}

TEST_P(FragmentTableOfBothVersions, UnderOtherPoliciesTheEndToldFirstStands) {
  const Cuttable datagram(GetParam(), 100);
  FragmentRig rig({.overlap = FragmentOverlap::Last});
  rig.give(datagram.cut(48, 108));
  rig.give(datagram.piece(48, false, Frame(80)));
  EXPECT_EQ(rig.conflicts(), std::vector{FragmentConflict::Length});
  EXPECT_EQ(rig.give(datagram.cut(0, 48)).frame, datagram.whole());
}

TEST(FragmentTable, OptionsOfTheFirstFragmentAreKept) {
  const Frame part(104, 'x');
  const auto fragment = [&](size_t begin, size_t end, const Frame& options) {
    return PacketBuilder()
        .ethernet()
        .ipv4(kSource4, kDestination4,
              {.fragment_offset = static_cast<uint16_t>(begin),
               .more_fragments = end < part.size(),
               .options = options,
               .protocol = kUdp})
        .payload(Frame(end - begin, 'x'))
        .build();
  };
  FragmentRig rig;
  rig.give(fragment(48, 104, {}));
  const JoinedRow row = rig.give(fragment(0, 48, Frame(40, 1)));
  EXPECT_EQ(row.frame,
            PacketBuilder()
                .ethernet()
                .ipv4(kSource4, kDestination4, {.options = Frame(40, 1), .protocol = kUdp})
                .payload(part)
                .build());
}

TEST(FragmentTable, ADatagramTooLargeWithTheOptionsOfItsFirstFragmentIsMalformed) {
  const Cuttable datagram(4, 65535 - 28);
  FragmentRig rig;
  std::vector<TimedFrame> frames = datagram.cut_every(32000);
  std::swap(frames.front(), frames.back());
  frames.back().frame = PacketBuilder()
                            .ethernet()
                            .ipv4(kSource4, kDestination4,
                                  {.identification = 7,
                                   .more_fragments = true,
                                   .options = Frame(4, 1),
                                   .protocol = kUdp})
                            .payload(Frame(32000))
                            .build();
  EXPECT_EQ(rig.give_all(frames).back().layers.status, DecodeStatus::Malformed);
  EXPECT_EQ(rig.counters().oversized.value(), 1U);
  EXPECT_EQ(rig.table().live(), 0U);
}

TEST(FragmentTable, KeepsTheOtherFlagsOfTheIpv4Header) {
  const auto fragment = [](uint16_t begin, bool more) {
    return PacketBuilder()
        .ethernet()
        .ipv4(kSource4, kDestination4,
              {.fragment_offset = begin,
               .more_fragments = more,
               .dont_fragment = true,
               .protocol = kUdp})
        .payload(Frame(8, 'x'))
        .build();
  };
  FragmentRig rig;
  rig.give(fragment(0, true));
  EXPECT_EQ(rig.give(fragment(8, false)).frame,
            PacketBuilder()
                .ethernet()
                .ipv4(kSource4, kDestination4, {.dont_fragment = true, .protocol = kUdp})
                .payload(Frame(16, 'x'))
                .build());
}

TEST(FragmentTable, Ipv4FragmentsOfOtherProtocolsAreOtherDatagrams) {
  const auto fragment = [](uint16_t begin, uint8_t protocol) {
    return PacketBuilder()
        .ethernet()
        .ipv4(kSource4, kDestination4,
              {.fragment_offset = begin, .more_fragments = begin == 0, .protocol = protocol})
        .payload(Frame(8, 'x'))
        .build();
  };
  FragmentRig rig;
  rig.give(fragment(0, 17));
  EXPECT_FALSE(rig.give(fragment(8, 6)).is_whole());
}

TEST(FragmentTable, FragmentsOfOtherVlansAreOtherDatagrams) {
  const auto fragment = [](uint16_t begin, uint16_t vlan, uint16_t inner_vlan) {
    return PacketBuilder()
        .ethernet()
        .vlan(vlan)
        .vlan(inner_vlan)
        .ipv4(kSource4, kDestination4,
              {.fragment_offset = begin, .more_fragments = begin == 0, .protocol = kUdp})
        .payload(Frame(8, 'x'))
        .build();
  };
  FragmentRig rig;
  rig.give(fragment(0, 1, 2));
  EXPECT_FALSE(rig.give(fragment(8, 3, 2)).is_whole());
  EXPECT_FALSE(rig.give(fragment(8, 1, 3)).is_whole());
  const JoinedRow row = rig.give(fragment(8, 1, 2));
  EXPECT_TRUE(row.is_whole());
  EXPECT_EQ(row.layers.inner_vlan_id, 2);
}

TEST(FragmentTable, Ipv6ExtensionHeadersInFrontOfTheFragmentHeaderStay) {
  const auto headers = [] {
    return PacketBuilder()
        .ethernet()
        .ipv6(kSource6, kDestination6)
        .extension(IpProtocol::HopByHop)
        .extension(IpProtocol::Routing, 3);
  };
  const Frame whole = headers().udp(1, 2).payload(Frame(100, 'x')).build();
  const Frame part(whole.begin() + 54 + 8 + 24, whole.end());
  const auto fragment = [&](size_t begin, size_t end) {
    return headers()
        .fragment({.fragment_offset = static_cast<uint16_t>(begin),
                   .more_fragments = end < part.size(),
                   .next_header = kUdp})
        .payload(Frame(part.begin() + static_cast<ptrdiff_t>(begin),
                       part.begin() + static_cast<ptrdiff_t>(end)))
        .build();
  };
  FragmentRig rig;
  rig.give(fragment(48, part.size()));
  EXPECT_EQ(rig.give(fragment(0, 48)).frame, whole);
}

TEST(FragmentTable, Ipv6ExtensionHeadersInsideTheFragmentsAreDecodedWhenWhole) {
  const Frame whole = PacketBuilder()
                          .ethernet()
                          .ipv6(kSource6, kDestination6)
                          .extension(IpProtocol::DestinationOptions, 4)
                          .udp(1, 2)
                          .payload(Frame(40, 'x'))
                          .build();
  const Frame part(whole.begin() + 54, whole.end());
  const auto fragment = [&](size_t begin, size_t end) {
    return PacketBuilder()
        .ethernet()
        .ipv6(kSource6, kDestination6)
        .fragment({.fragment_offset = static_cast<uint16_t>(begin),
                   .more_fragments = end < part.size(),
                   .next_header = static_cast<uint8_t>(IpProtocol::DestinationOptions)})
        .payload(Frame(part.begin() + static_cast<ptrdiff_t>(begin),
                       part.begin() + static_cast<ptrdiff_t>(end)))
        .build();
  };
  FragmentRig rig;
  rig.give(fragment(0, 16));
  const JoinedRow row = rig.give(fragment(16, part.size()));
  EXPECT_EQ(row.frame, whole);
  EXPECT_TRUE(row.layers.has_l4);
}

TEST(FragmentTable, TheFirstIpv6FragmentNamesTheNextHeader) {
  const auto fragment = [](uint16_t begin, uint8_t next) {
    return PacketBuilder()
        .ethernet()
        .ipv6(kSource6, kDestination6)
        .fragment({.fragment_offset = begin, .more_fragments = begin == 0, .next_header = next})
        .payload(Frame(8, 'x'))
        .build();
  };
  FragmentRig rig;
  rig.give(fragment(8, 99));
  EXPECT_EQ(rig.give(fragment(0, 50)).layers.ip_protocol, 50);
}

TEST(FragmentTable, HeadersWithoutEndAreMalformed) {
  const auto fragment = [](size_t units) {
    return PacketBuilder()
        .ethernet()
        .ipv6(kSource6, kDestination6)
        .extension(IpProtocol::DestinationOptions, units)
        .fragment({.more_fragments = true, .next_header = kUdp})
        .payload(Frame(8, 'x'))
        .build();
  };
  FragmentRig rig;
  EXPECT_EQ(rig.give(fragment((2048 - 54) / 8)).layers.status, DecodeStatus::Fragment);
  EXPECT_EQ(rig.give(fragment((2048 - 54) / 8 + 1)).layers.status, DecodeStatus::Malformed);
}

TEST(FragmentTable, RowsWithoutFragmentsStayAsTheyAre) {
  const Frame frame =
      PacketBuilder().ethernet().ipv4(kSource4, kDestination4).udp(1, 2).payload("abc").build();
  FragmentRig rig;
  const JoinedRow row = rig.give(frame);
  EXPECT_EQ(row.frame, frame);
  EXPECT_TRUE(row.layers.has_l4);
  EXPECT_EQ(rig.counters().fragments.value(), 0U);
}

}  // namespace
}  // namespace flowscope
