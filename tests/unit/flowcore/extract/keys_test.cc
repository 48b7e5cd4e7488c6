#include "flowcore/extract/keys.h"

#include <gtest/gtest.h>

#include <memory>

#include "flowcore/extract/five_tuple.h"
#include "flowcore/packet/decode.h"
#include "tests/support/packet_builder.h"

namespace flowscope {
namespace {

using testing::Frame;
using testing::PacketBuilder;

class ExtractKeysTest : public ::testing::Test {
 protected:
  void add(const Frame& frame) {
    burst_->packet[burst_->count++] = {.frame = {frame.data(), frame.size()}};
  }
  void extract() {
    decode_layers(*burst_);
    extract_keys(FiveTuple::bidirectional(), hash_, *burst_, *keys_);
  }

  const KeyedHash hash_{1, 2};
  std::unique_ptr<Burst> burst_ = std::make_unique<Burst>();
  std::unique_ptr<FlowKeys> keys_ = std::make_unique<FlowKeys>();
};

TEST_F(ExtractKeysTest, BothDirectionsShareKeyAndHash) {
  const Frame there = PacketBuilder().ethernet().ipv4("1.0.0.0", "2.0.0.0").tcp(9, 80).build();
  const Frame back = PacketBuilder().ethernet().ipv4("2.0.0.0", "1.0.0.0").tcp(80, 9).build();
  add(there);
  add(back);
  extract();
  EXPECT_EQ(keys_->key[0], keys_->key[1]);
  EXPECT_EQ(keys_->hash[0], keys_->hash[1]);
  EXPECT_EQ(keys_->hash[0], hash_(&keys_->key[0]));
  EXPECT_EQ(keys_->orientation[0], Orientation::Forward);
  EXPECT_EQ(keys_->orientation[1], Orientation::Reverse);
}

TEST_F(ExtractKeysTest, MarksTheRowsWithoutAKey) {
  const Frame arp = PacketBuilder().ethernet({.ether_type = 0x0806}).payload(Frame(28)).build();
  const Frame udp = PacketBuilder().ethernet().ipv6("::1", "::2").udp(1, 2).build();
  add(arp);
  add(udp);
  extract();
  EXPECT_EQ(keys_->has_key[0], 0);
  EXPECT_EQ(keys_->has_key[1], 1);
}

// An extractor of a user: one flow per IP protocol.
struct ByProtocol {
  bool extract(const Layers& layers, const PacketView&, FlowKey& key,
               Orientation& orientation) const {
    key = {.protocol = layers.ip_protocol};
    orientation = Orientation::Forward;
    return layers.status == DecodeStatus::Ip;
  }
};

TEST_F(ExtractKeysTest, TakesAnyExtractor) {
  const Frame udp = PacketBuilder().ethernet().ipv6("::1", "::2").udp(1, 2).build();
  add(udp);
  decode_layers(*burst_);
  extract_keys(ByProtocol(), hash_, *burst_, *keys_);
  EXPECT_EQ(keys_->key[0], FlowKey{.protocol = 17});
}

}  // namespace
}  // namespace flowscope
