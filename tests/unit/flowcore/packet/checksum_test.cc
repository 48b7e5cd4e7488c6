#include "flowcore/packet/checksum.h"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <random>

#include "flowcore/packet/decode.h"
#include "tests/support/exact_frame.h"
#include "tests/unit/flowcore/packet/golden_frames.h"

namespace flowscope {
namespace {

using testing::ExactFrame;
using testing::Frame;
using testing::golden_frames;
using testing::GoldenFrame;
using testing::PacketBuilder;

constexpr size_t kIpv4Offset = 14;
constexpr size_t kIpv4Upper = kIpv4Offset + 20;
constexpr size_t kIpv6Upper = 14 + 40;
constexpr size_t kUdpChecksum = 6;
constexpr uint32_t kSeed = 768;

// What a card found; Unknown on both by default.
struct Card {
  ChecksumVerdict ip = ChecksumVerdict::Unknown;
  ChecksumVerdict l4 = ChecksumVerdict::Unknown;
};

ChecksumFault fault_of(Bytes bytes, LinkType link = LinkType::Ethernet, Card card = {}) {
  const ExactFrame exact(bytes);
  const PacketView packet{.frame = exact.bytes(),
                          .wire_bytes = static_cast<uint32_t>(bytes.size()),
                          .link = link,
                          .ip_checksum = card.ip,
                          .l4_checksum = card.l4};
  return verify_checksums(packet, decode_frame(packet));
}
ChecksumFault fault_of(const Frame& frame, Card card = {}) {
  return fault_of({frame.data(), frame.size()}, LinkType::Ethernet, card);
}

Frame with_bit_flipped(Frame frame, size_t offset) {
  frame.at(offset) ^= 0x10;
  return frame;
}

Frame with_zero_checksum(Frame frame, size_t offset) {
  frame.at(offset) = 0;
  frame.at(offset + 1) = 0;
  return frame;
}

PacketBuilder v4() { return PacketBuilder().ethernet().ipv4("10.0.0.1", "192.168.7.9"); }
PacketBuilder v6() { return PacketBuilder().ethernet().ipv6("2001:db8::1", "2001:db8::2"); }

TEST(VerifyChecksums, FindNoFaultInGoldenFrames) {
  for (const GoldenFrame& golden : golden_frames()) {
    EXPECT_EQ(fault_of({golden.bytes.data(), golden.bytes.size()}, golden.link),
              ChecksumFault::None)
        << golden.name;
  }
}

// A header whose checksum is known from elsewhere (Wikipedia, "Internet checksum").
TEST(VerifyChecksums, AgreeWithAKnownIpv4Header) {
  Frame header = {0x45, 0x00, 0x00, 0x73, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11,
                  0xb8, 0x61, 0xc0, 0xa8, 0x00, 0x01, 0xc0, 0xa8, 0x00, 0xc7};
  const auto fault = [&] { return fault_of({header.data(), header.size()}, LinkType::RawIp); };
  EXPECT_EQ(fault(), ChecksumFault::None);
  header[11] ^= 1;
  EXPECT_EQ(fault(), ChecksumFault::Ip);
}

TEST(VerifyChecksums, FindEveryFlippedByteOfAnIpv4Header) {
  const Frame frame = v4().tcp(1, 2).payload("x").build();
  // Not the version, header and total length: they say what there is to verify.
  for (size_t offset = kIpv4Offset + 4; offset < kIpv4Upper; ++offset) {
    if (offset == kIpv4Offset + 9) continue;  // another protocol may ask for more bytes
    EXPECT_EQ(fault_of(with_bit_flipped(frame, offset)), ChecksumFault::Ip) << offset;
  }
}

TEST(VerifyChecksums, CoverTheOptionsOfAnIpv4Header) {
  const Frame frame = PacketBuilder()
                          .ethernet()
                          .ipv4("10.0.0.1", "10.0.0.2", {.options = {1, 1, 1, 0}})
                          .udp(1, 2)
                          .build();
  EXPECT_EQ(fault_of(with_bit_flipped(frame, kIpv4Upper + 1)), ChecksumFault::Ip);
}

struct UpperCase {
  const char* name;
  Frame frame;
  size_t upper;  // where the upper layer's header begins
};

// All transports over both versions, with payloads of odd and even length.
std::vector<UpperCase> upper_cases() {
  std::vector<UpperCase> cases;
  for (const char* text : {"", "a", "ab", "abc", "a payload of 29 bytes, in all"}) {
    cases.push_back({"v4 tcp", v4().tcp(1, 2).payload(text).build(), kIpv4Upper});
    cases.push_back({"v4 udp", v4().udp(1, 2).payload(text).build(), kIpv4Upper});
    cases.push_back({"v4 icmp", v4().icmp(8, 0, 7).payload(text).build(), kIpv4Upper});
    cases.push_back({"v4 sctp", v4().sctp(1, 2).payload(text).build(), kIpv4Upper});
    cases.push_back({"v6 tcp", v6().tcp(1, 2).payload(text).build(), kIpv6Upper});
    cases.push_back({"v6 udp", v6().udp(1, 2).payload(text).build(), kIpv6Upper});
    cases.push_back({"v6 icmp", v6().icmp_v6(128, 0, 7).payload(text).build(), kIpv6Upper});
    cases.push_back({"v6 sctp", v6().sctp(1, 2).payload(text).build(), kIpv6Upper});
  }
  return cases;
}

TEST(VerifyChecksums, FindEveryFlippedByteBehindTheIpHeader) {
  for (const UpperCase& upper : upper_cases()) {
    for (size_t offset = upper.upper; offset < upper.frame.size(); ++offset) {
      const bool is_udp = std::string_view(upper.name).ends_with("udp");
      // A UDP length beyond the packet is not judged.
      if (is_udp && (offset == upper.upper + 4 || offset == upper.upper + 5)) continue;
      EXPECT_EQ(fault_of(with_bit_flipped(upper.frame, offset)), ChecksumFault::Transport)
          << upper.name << ", byte " << offset << " of " << upper.frame.size();
    }
  }
}

TEST(VerifyChecksums, CoverTheAddressesOfThePseudoHeader) {
  for (const UpperCase& upper : upper_cases()) {
    if (upper.upper != kIpv6Upper || std::string_view(upper.name) == "v6 sctp") continue;
    EXPECT_EQ(fault_of(with_bit_flipped(upper.frame, 14 + 8)), ChecksumFault::Transport);
    EXPECT_EQ(fault_of(with_bit_flipped(upper.frame, 14 + 39)), ChecksumFault::Transport);
  }
}

TEST(VerifyChecksums, LeaveOutThePaddingOfTheLink) {
  Frame frame = v4().udp(1, 2).payload("x").pad_to(60).build();
  frame.back() = 0xee;
  EXPECT_EQ(fault_of(frame), ChecksumFault::None);
}

TEST(VerifyChecksums, LeaveOutWhatIpHasBehindUdp) {
  Frame frame = v4().udp(1, 2, {.length = 9}).payload("x").build();
  EXPECT_EQ(fault_of(frame), ChecksumFault::None);
  // Two bytes more for IP, none for UDP.
  frame[kIpv4Offset + 3] += 2;
  frame[kIpv4Offset + 11] -= 2;
  frame.insert(frame.end(), {0xde, 0xad});
  EXPECT_EQ(fault_of(frame), ChecksumFault::None);
  EXPECT_EQ(fault_of(with_bit_flipped(frame, kIpv4Upper + 8)), ChecksumFault::Transport);
}

TEST(VerifyChecksums, DoNotJudgeAUdpLengthBeyondThePacket) {
  EXPECT_EQ(fault_of(v4().udp(1, 2, {.length = 100}).payload("x").build()), ChecksumFault::None);
  EXPECT_EQ(fault_of(v4().udp(1, 2, {.length = 0}).payload("x").build()), ChecksumFault::None);
}

TEST(VerifyChecksums, TakeZeroForNoChecksumOfUdpOverIpv4) {
  const Frame frame = v4().udp(1, 2).payload("x").build();
  EXPECT_EQ(fault_of(with_zero_checksum(frame, kIpv4Upper + kUdpChecksum)), ChecksumFault::None);
}

TEST(VerifyChecksums, TakeZeroForWrongOfTcp) {
  const Frame frame = v4().tcp(1, 2).payload("x").build();
  EXPECT_EQ(fault_of(with_zero_checksum(frame, kIpv4Upper + 16)), ChecksumFault::Transport);
}

TEST(VerifyChecksums, TakeZeroForWrongOfUdpOverIpv6) {
  const Frame frame = v6().udp(1, 2).payload("x").build();
  EXPECT_EQ(fault_of(with_zero_checksum(frame, kIpv6Upper + kUdpChecksum)),
            ChecksumFault::Transport);
}

TEST(VerifyChecksums, TakeZeroForNoChecksumOfATunnelOverIpv6) {
  constexpr std::array<uint16_t, 9> kPorts = {2152, 2268, 4341, 4754, 4789, 4790, 5247, 6081, 6635};
  for (const uint16_t port : kPorts) {
    const Frame frame = v6().udp(50'000, port).payload("x").build();
    EXPECT_EQ(fault_of(with_zero_checksum(frame, kIpv6Upper + kUdpChecksum)), ChecksumFault::None)
        << port;
  }
}

TEST(VerifyChecksums, DoNotJudgeTheTransportOfFragments) {
  const auto first = [](bool more) {
    return PacketBuilder()
        .ethernet()
        .ipv4("10.0.0.1", "10.0.0.2", {.more_fragments = more})
        .tcp(1, 2)
        .payload("12345678")
        .build();
  };
  EXPECT_EQ(fault_of(with_bit_flipped(first(false), kIpv4Upper + 25)), ChecksumFault::Transport);
  EXPECT_EQ(fault_of(with_bit_flipped(first(true), kIpv4Upper + 25)), ChecksumFault::None);
  EXPECT_EQ(fault_of(with_bit_flipped(first(true), kIpv4Offset + 10)), ChecksumFault::Ip);
}

TEST(VerifyChecksums, DoNotJudgeWhatTheSendersCardHasYetToCut) {
  Frame v4_frame = v4().tcp(1, 2).payload("x").build();
  v4_frame[kIpv4Offset + 3] = 0;
  EXPECT_EQ(fault_of(v4_frame), ChecksumFault::None);
  Frame v6_frame = with_bit_flipped(v6().tcp(1, 2).payload("x").build(), kIpv6Upper + 16);
  EXPECT_EQ(fault_of(v6_frame), ChecksumFault::Transport);
  v6_frame[14 + 5] = 0;
  EXPECT_EQ(fault_of(v6_frame), ChecksumFault::None);
}

TEST(VerifyChecksums, DoNotJudgeWhatIsNotIp) {
  EXPECT_EQ(fault_of(Frame(60, 0x11)), ChecksumFault::None);
  EXPECT_EQ(fault_of(Frame()), ChecksumFault::None);
}

TEST(VerifyChecksums, DoNotJudgeIcmpOfTheOtherVersion) {
  EXPECT_EQ(fault_of(with_bit_flipped(v6().icmp(8, 0).build(), kIpv6Upper)), ChecksumFault::None);
  EXPECT_EQ(fault_of(with_bit_flipped(v4().icmp_v6(128, 0).build(), kIpv4Upper)),
            ChecksumFault::None);
}

TEST(VerifyChecksums, BelieveTheCard) {
  using enum ChecksumVerdict;
  const Frame right = v4().tcp(1, 2).payload("x").build();
  const Frame wrong_ip = with_bit_flipped(right, kIpv4Offset + 10);
  const Frame wrong_tcp = with_bit_flipped(right, kIpv4Upper + 20);
  EXPECT_EQ(fault_of(right, {.ip = Bad}), ChecksumFault::Ip);
  EXPECT_EQ(fault_of(right, {.l4 = Bad}), ChecksumFault::Transport);
  EXPECT_EQ(fault_of(right, {.ip = Bad, .l4 = Bad}), ChecksumFault::Ip);
  EXPECT_EQ(fault_of(wrong_ip, {.ip = Good}), ChecksumFault::None);
  EXPECT_EQ(fault_of(wrong_tcp, {.l4 = Good}), ChecksumFault::None);
  EXPECT_EQ(fault_of(wrong_tcp, {.ip = Good}), ChecksumFault::Transport);
}

TEST(VerifyChecksums, DoNotBelieveTheCardInsideTunnels) {
  const Frame frame = v4().tcp(1, 2).payload("x").build();
  const PacketView packet{.frame = {frame.data(), frame.size()},
                          .wire_bytes = static_cast<uint32_t>(frame.size()),
                          .ip_checksum = ChecksumVerdict::Bad,
                          .l4_checksum = ChecksumVerdict::Bad};
  Layers layers = decode_frame(packet);
  layers.encap.depth = 1;
  EXPECT_EQ(verify_checksums(packet, layers), ChecksumFault::None);
}

TEST(VerifyChecksums, DoNotBelieveTheCardWhereCardsAreKnownToErr) {
  constexpr Card kBad{.l4 = ChecksumVerdict::Bad};
  const Frame udp = v4().udp(1, 2).payload("x").build();
  EXPECT_EQ(fault_of(udp, kBad), ChecksumFault::Transport);
  EXPECT_EQ(fault_of(with_zero_checksum(udp, kIpv4Upper + kUdpChecksum), kBad),
            ChecksumFault::None);
  EXPECT_EQ(fault_of(v4().icmp(8, 0).build(), kBad), ChecksumFault::None);
  EXPECT_EQ(fault_of(v6().extension(IpProtocol::HopByHop).tcp(1, 2).build(), kBad),
            ChecksumFault::None);
}

TEST(VerifyChecksums, JudgeNothingButIpHeadersOfCutFrames) {
  for (const GoldenFrame& golden : golden_frames()) {
    for (size_t cut = 0; cut < golden.bytes.size(); ++cut) {
      EXPECT_EQ(fault_of(Bytes(golden.bytes.data(), cut), golden.link), ChecksumFault::None)
          << golden.name << " cut to " << cut;
    }
  }
}

TEST(VerifyChecksums, StayInsideMutatedFrames) {
  SCOPED_TRACE(kSeed);
  std::mt19937 random(kSeed);
  const std::vector<GoldenFrame> stock = golden_frames();
  size_t faults = 0;
  for (int round = 0; round < 50'000; ++round) {
    const GoldenFrame& golden = stock[random() % stock.size()];
    Frame frame = golden.bytes;
    for (uint32_t left = random() % 4; left > 0; --left) {
      frame[random() % frame.size()] = static_cast<uint8_t>(random());
    }
    if (random() % 4 == 0) frame.resize(random() % (frame.size() + 1));
    faults += fault_of({frame.data(), frame.size()}, golden.link) != ChecksumFault::None ? 1 : 0;
  }
  EXPECT_GT(faults, 10'000U);
}

// A burst of three: right, wrong in its IP header, wrong behind it.
class VerifyBurst : public ::testing::Test {
 protected:
  void SetUp() override {
    burst_->count = static_cast<uint32_t>(frames_.size());
    for (uint32_t i = 0; i < burst_->count; ++i) {
      burst_->packet[i] = {.frame = {frames_[i].data(), frames_[i].size()},
                           .wire_bytes = static_cast<uint32_t>(frames_[i].size())};
    }
    decode_layers(*burst_);
    faults_.fill(ChecksumFault::None);
  }

  const Frame right_ = v4().tcp(1, 2).payload("x").build();
  const std::vector<Frame> frames_ = {right_, with_bit_flipped(right_, kIpv4Offset + 10),
                                      with_bit_flipped(right_, kIpv4Upper + 20)};
  std::unique_ptr<Burst> burst_ = std::make_unique<Burst>();
  ChecksumFaults faults_{};
};

TEST_F(VerifyBurst, FillsARowForEachPacket) {
  verify_checksums(*burst_, ChecksumMode::Count, faults_);
  EXPECT_EQ(faults_[0], ChecksumFault::None);
  EXPECT_EQ(faults_[1], ChecksumFault::Ip);
  EXPECT_EQ(faults_[2], ChecksumFault::Transport);
}

TEST_F(VerifyBurst, ChangesNoLayersToCount) {
  verify_checksums(*burst_, ChecksumMode::Count, faults_);
  for (uint32_t i = 0; i < 3; ++i) {
    EXPECT_EQ(burst_->layers[i], decode_frame(burst_->packet[i])) << i;
  }
}

TEST_F(VerifyBurst, DropsFaultyPacketsOnly) {
  verify_checksums(*burst_, ChecksumMode::Drop, faults_);
  EXPECT_EQ(burst_->layers[0], decode_frame(burst_->packet[0]));
  for (uint32_t i = 1; i < 3; ++i) {
    EXPECT_EQ(burst_->layers[i].status, DecodeStatus::BadChecksum) << i;
    EXPECT_EQ(burst_->layers[i].ip_version, 0) << i;
    EXPECT_FALSE(burst_->layers[i].has_l4) << i;
  }
}

TEST_F(VerifyBurst, LooksAtNothingWhenOff) {
  faults_[0] = ChecksumFault::Ip;
  verify_checksums(*burst_, ChecksumMode::Off, faults_);
  EXPECT_EQ(faults_[0], ChecksumFault::Ip);
  EXPECT_EQ(faults_[2], ChecksumFault::None);
  EXPECT_EQ(burst_->layers[2].status, DecodeStatus::Ip);
}

}  // namespace
}  // namespace flowscope
