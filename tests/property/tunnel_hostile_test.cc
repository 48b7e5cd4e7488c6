// Frames that mean harm: whatever is done to a tunnel, decoding stays inside the frame, says the
// same on every way, and what it says is fit for every extractor.
#include <gtest/gtest.h>

#include <cstdio>
#include <memory>

#include "flowcore/packet/decode.h"
#include "tests/property/tunnel_seed.h"
#include "tests/support/decode_checks.h"
#include "tests/support/exact_frame.h"
#include "tests/support/extractor_checks.h"
#include "tests/unit/flowcore/packet/golden_tunnels.h"

namespace flowscope {
namespace {

using testing::ExactFrame;
using testing::Frame;

constexpr int kMutants = 100'000;
constexpr int kRandomFrames = 20'000;

class TunnelHostile : public ::testing::Test {
 protected:
  TunnelHostile() { std::printf("FS_PROPERTY_SEED=%u\n", seed_); }

  uint32_t below(size_t limit) { return static_cast<uint32_t>(random_() % limit); }

  // Everything, some kinds, or what few ask for.
  Decap random_decap() {
    Decap decap = Decap::all();
    if (below(4) != 0) return decap;
    for (size_t kind = 1; kind < kEncapKinds; ++kind) {
      if (below(3) == 0) decap.remove(static_cast<EncapKind>(kind));
    }
    return decap;
  }

  // Ends the test where a promise is broken; the sanitizers see reads that leave the frame.
  void check(const Frame& frame, uint32_t wire_bytes, LinkType link) {
    const ExactFrame exact({frame.data(), frame.size()});
    const Decap decap = random_decap();
    burst_->count = 1;
    burst_->packet[0] = {.frame = exact.bytes(), .wire_bytes = wire_bytes, .link = link};
    decode_layers(*burst_, decap);
    const Layers layers = decode_frame(burst_->packet[0], decap);
    ASSERT_EQ(burst_->layers[0], layers);
    testing::check_offsets(layers, frame.size());
    testing::check_encap(layers, burst_->packet[0], decap);
    testing::check_every_extractor(layers, burst_->packet[0]);
    testing::check_every_extractor(decode_frame(burst_->packet[0]), burst_->packet[0]);
    testing::check_detection(burst_->packet[0]);
  }

  // Golden tunnels, and nestings deep enough to reach the bound.
  std::vector<Frame> stock() {
    std::vector<Frame> frames;
    for (testing::GoldenFrame& golden : testing::golden_tunnels())
      frames.push_back(std::move(golden.bytes));
    for (size_t depth = 2; depth <= kEncapsMax + 2; ++depth) {
      for (uint32_t count = 0; count < 40; ++count) {
        const uint8_t version = count % 2 == 0 ? 4 : 6;
        const auto forms = testing::random_forms(depth, version, random_);
        frames.push_back(
            testing::with_inner_packet(testing::nest(forms, version, count).outside, version)
                .build());
      }
    }
    return frames;
  }

  // A few bytes, or one bit of them, anywhere in the headers; a cut; a tail; the inside of another.
  Frame mutant(const std::vector<Frame>& stock) {
    Frame frame = stock[below(stock.size())];
    for (uint32_t left = below(5); left > 0; --left) {
      uint8_t& byte = frame[below(frame.size())];
      byte = static_cast<uint8_t>(below(2) == 0 ? random_() : byte ^ 1U << below(8));
    }
    if (below(4) == 0) frame.resize(below(frame.size() + 1));
    if (below(8) == 0) frame.resize(frame.size() + below(64));
    if (below(8) == 0) {
      const Frame& other = stock[below(stock.size())];
      frame.insert(frame.end(), other.begin() + below(other.size()), other.end());
    }
    return frame;
  }

  const uint32_t seed_ = testing::property_seed();
  std::mt19937 random_{seed_};
  std::unique_ptr<Burst> burst_ = std::make_unique<Burst>();
};

TEST_F(TunnelHostile, MutatedTunnelsStayInside) {
  const std::vector<Frame> frames = stock();
  for (int round = 0; round < kMutants && !HasFailure(); ++round) {
    SCOPED_TRACE(round);
    const Frame frame = mutant(frames);
    check(frame, static_cast<uint32_t>(frame.size() + below(2) * 40), LinkType::Ethernet);
  }
}

TEST_F(TunnelHostile, EveryCutOfEveryGoldenTunnelStaysInside) {
  for (const testing::GoldenFrame& golden : testing::golden_tunnels()) {
    SCOPED_TRACE(golden.name);
    for (size_t cut = 0; cut <= golden.bytes.size() && !HasFailure(); ++cut) {
      const Frame frame(golden.bytes.begin(), golden.bytes.begin() + static_cast<ptrdiff_t>(cut));
      check(frame, static_cast<uint32_t>(golden.bytes.size()), golden.link);
    }
  }
}

TEST_F(TunnelHostile, RandomBytesBehindEveryHeaderStayInside) {
  const std::vector<Frame> frames = stock();
  for (int round = 0; round < kRandomFrames && !HasFailure(); ++round) {
    SCOPED_TRACE(round);
    Frame frame = frames[below(frames.size())];
    for (size_t place = below(frame.size()); place < frame.size(); ++place)
      frame[place] = static_cast<uint8_t>(random_());
    check(frame, 0,
          below(4) == 0 ? static_cast<LinkType>(below(static_cast<size_t>(LinkType::Unknown) + 1))
                        : LinkType::Ethernet);
  }
}

}  // namespace
}  // namespace flowscope
