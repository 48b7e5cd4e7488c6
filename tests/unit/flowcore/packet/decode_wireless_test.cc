#include <gtest/gtest.h>

#include "flowcore/packet/read_link.h"
#include "tests/support/link_headers.h"
#include "tests/unit/flowcore/packet/decode_bytes.h"

namespace flowscope {
namespace {

using testing::decode_bytes;
using testing::Frame;
using testing::ieee80211;
using testing::Ieee80211Fields;
using testing::ipv4_behind;
using testing::PacketBuilder;
using testing::radiotap;
using testing::RadiotapFields;

// An IPv4 packet behind the header, LLC and SNAP.
Frame wlan_frame(const Ieee80211Fields& fields) {
  return ipv4_behind(PacketBuilder().payload(ieee80211(fields)).snap());
}

Layers decode_wlan(const Ieee80211Fields& fields) {
  return decode_bytes(wlan_frame(fields), LinkType::Ieee80211);
}

TEST(DecodeIeee80211, TheHeaderHasThreeAddressesUnlessBothSidesAreAccessPoints) {
  for (const uint8_t flags : Frame{0, 1, 2}) {
    EXPECT_EQ(decode_wlan({.flags = flags}).l3_offset, 24 + 8) << int{flags};
  }
  EXPECT_EQ(decode_wlan({.flags = 3}).l3_offset, 30 + 8);
}

TEST(DecodeIeee80211, QosAndHtControlFollowTheAddresses) {
  EXPECT_EQ(decode_wlan({.kind = 0x88, .qos = 7}).l3_offset, 26 + 8);
  EXPECT_EQ(decode_wlan({.kind = 0x88, .flags = 0x81, .qos = 7}).l3_offset, 30 + 8);
}

TEST(DecodeIeee80211, TheOrderBitOfFramesWithoutQosAddsNothing) {
  EXPECT_EQ(decode_wlan({.flags = 0x81}).l3_offset, 24 + 8);
}

TEST(DecodeIeee80211, ManagementAndControlCarryNoPackets) {
  for (const uint8_t kind :
       Frame{0x80, 0xd4, 0x0c, 0x09}) {  // beacon, acknowledgement, extension, v1
    EXPECT_EQ(decode_wlan({.kind = kind}).status, DecodeStatus::NotIp) << int{kind};
  }
}

TEST(DecodeIeee80211, AShortControlFrameIsNotTruncated) {
  EXPECT_EQ(decode_bytes({0xd4, 0, 0, 0, 2, 2, 2, 2, 2, 2}, LinkType::Ieee80211).status,
            DecodeStatus::NotIp);
}

TEST(DecodeIeee80211, NullFramesHaveNoBody) {
  for (const uint8_t kind : Frame{0x48, 0x58, 0xc8}) {
    EXPECT_EQ(decode_bytes(ieee80211({.kind = kind}), LinkType::Ieee80211).status,
              DecodeStatus::NotIp);
  }
}

TEST(DecodeIeee80211, EncryptedBodiesAreNotIp) {
  EXPECT_EQ(decode_wlan({.flags = 0x41}).status, DecodeStatus::NotIp);
}

TEST(DecodeIeee80211, LaterFragmentsAreNotIp) {
  EXPECT_EQ(decode_wlan({.fragment = 1}).status, DecodeStatus::NotIp);
  EXPECT_EQ(decode_wlan({.fragment = 0x10}).status, DecodeStatus::Ip)
      << "the rest of the field is the sequence number";
}

TEST(DecodeIeee80211, TheFirstPacketOfAnAggregateIsTaken) {
  const Frame frame = ipv4_behind(
      PacketBuilder().payload(ieee80211({.kind = 0x88, .qos = 0x80})).payload(Frame(14, 2)).snap());
  const Layers layers = decode_bytes(frame, LinkType::Ieee80211);
  EXPECT_EQ(layers.l3_offset, 26 + 14 + 8);
  EXPECT_EQ(layers.destination_port, 2);
}

TEST(DecodeIeee80211, MeshControlIsSteppedOver) {
  const Frame header = ieee80211({.kind = 0x88, .flags = 3, .qos = 0x100});
  for (const uint8_t addresses : Frame{0, 1, 2}) {
    Frame control = {addresses, 31, 0, 0, 0, 1};
    control.resize(control.size() + size_t{6} * addresses, 2);
    const Layers layers = decode_bytes(
        ipv4_behind(PacketBuilder().payload(header).payload(control).snap()), LinkType::Ieee80211);
    EXPECT_EQ(layers.l3_offset, header.size() + control.size() + 8);
  }
}

TEST(DecodeIeee80211, AQueueStateIsNoMeshControl) {
  EXPECT_EQ(decode_wlan({.kind = 0x88, .flags = 1, .qos = 0xff00}).status, DecodeStatus::Ip);
  EXPECT_EQ(decode_wlan({.kind = 0x88, .flags = 3, .qos = 0xff00}).status, DecodeStatus::Ip);
}

TEST(DecodeIeee80211, TagsBehindSnapAreNoted) {
  const Layers layers = decode_bytes(
      ipv4_behind(PacketBuilder().payload(ieee80211()).snap().vlan(77)), LinkType::Ieee80211);
  EXPECT_EQ(layers.status, DecodeStatus::Ip);
  EXPECT_EQ(layers.vlan_id, 77);
}

TEST(DecodeIeee80211, TheFrameControlMayBeSwapped) {
  Frame frame = wlan_frame({.kind = 0x08, .flags = 0x02});
  std::swap(frame[0], frame[1]);
  ByteReader reader({frame.data(), frame.size()});
  Layers layers;
  EXPECT_EQ(read_ieee80211(reader, layers, Ieee80211Variant::SwappedControl), 0x0800);
  EXPECT_EQ(reader.position(), 32U);
}

Layers decode_radiotap(const RadiotapFields& fields, const Ieee80211Fields& wlan, size_t padding) {
  return decode_bytes(ipv4_behind(PacketBuilder()
                                      .payload(radiotap(fields))
                                      .payload(ieee80211(wlan))
                                      .payload(Frame(padding))
                                      .snap()),
                      LinkType::Radiotap);
}

TEST(DecodeRadiotap, TheHeaderIsAsLongAsItSays) {
  EXPECT_EQ(decode_radiotap({}, {}, 0).status, DecodeStatus::Ip);
  EXPECT_EQ(decode_radiotap({.more_bytes = 29}, {}, 0).l3_offset, 8 + 29 + 32);
}

TEST(DecodeRadiotap, PaddingAlignsTheBody) {
  const Ieee80211Fields qos{.kind = 0x88, .qos = 0};
  EXPECT_EQ(decode_radiotap({.flags = 0x20}, qos, 2).status, DecodeStatus::Ip);
  EXPECT_EQ(decode_radiotap({.flags = 0x20}, {}, 0).status, DecodeStatus::Ip)
      << "24 bytes are aligned already";
  EXPECT_EQ(decode_radiotap({.flags = 0x10}, qos, 0).status, DecodeStatus::Ip)
      << "a frame check sequence is no padding";
}

TEST(DecodeRadiotap, FlagsAreFoundBehindTheAlignedTimestamp) {
  const Ieee80211Fields qos{.kind = 0x88, .qos = 0};
  for (const uint8_t words : Frame{1, 2, 3, 4}) {
    EXPECT_EQ(
        decode_radiotap({.flags = 0x20, .has_timestamp = true, .presence_words = words}, qos, 2)
            .status,
        DecodeStatus::Ip)
        << int{words};
  }
}

TEST(DecodeRadiotap, AnotherVersionOrATooShortLengthIsNotIp) {
  EXPECT_EQ(decode_radiotap({.version = 1}, {}, 0).status, DecodeStatus::NotIp);
  Frame frame = ipv4_behind(PacketBuilder().payload(radiotap()).payload(ieee80211()).snap());
  frame[2] = 7;
  EXPECT_EQ(decode_bytes(frame, LinkType::Radiotap).status, DecodeStatus::NotIp);
}

TEST(DecodeRadiotap, PresenceWordsWithoutEndAreBounded) {
  Frame frame(4 + 400, 0xff);
  frame[0] = 0;
  frame[2] = 0x94;
  frame[3] = 0x01;
  EXPECT_EQ(decode_bytes(frame, LinkType::Radiotap).status, DecodeStatus::Truncated)
      << "the frame ends with the radio header";
}

}  // namespace
}  // namespace flowscope
