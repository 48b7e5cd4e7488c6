#pragma once

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "flowcore/base/bytes.h"
#include "flowcore/base/prefetch.h"
#include "flowcore/packet/burst.h"
#include "tests/support/packet_builder.h"

namespace flowscope::bench {

// Which frames a benchmark runs over.
enum class Traffic : uint8_t { V4Tcp, V6Tcp, Mixed, Vxlan, GtpU };

// Packets per burst, as the ports deliver them.
inline constexpr uint32_t kBurstPackets = 64;
// Frames that stay in the second-level cache, and frames that do not fit in any cache.
inline constexpr size_t kCachedFrames = 1024;
inline constexpr size_t kMemoryFrames = size_t{1} << 19;

// Many frames of one kind of traffic with random addresses and ports, each in a slot of its own as
// in a packet pool, handed out burst by burst in shuffled order.
class FrameStock {
 public:
  static constexpr size_t kSlotBytes = 192;

  FrameStock(Traffic traffic, size_t frames) : slots_(frames * kSlotBytes) {
    std::mt19937 random(1);
    const std::vector<testing::Frame> kinds = templates(traffic);
    for (size_t i = 0; i < frames; ++i) {
      const size_t kind = random() % kinds.size();
      testing::Frame frame = kinds[kind];
      scatter_endpoints(frame, innermost_ip(traffic, frame), random);
      uint8_t* slot = slots_.data() + i * kSlotBytes;
      std::copy(frame.begin(), frame.end(), slot);
      packets_.push_back(
          {.frame = {slot, frame.size()}, .wire_bytes = static_cast<uint32_t>(frame.size())});
    }
    std::shuffle(packets_.begin(), packets_.end(), random);
  }

  void fill_next(Burst& burst) {
    if (next_ + kBurstPackets > packets_.size()) next_ = 0;
    std::copy_n(packets_.begin() + static_cast<std::ptrdiff_t>(next_), kBurstPackets,
                burst.packet.begin());
    burst.count = kBurstPackets;
    next_ += kBurstPackets;
  }

 private:
  static std::vector<testing::Frame> templates(Traffic traffic) {
    const auto v4 = [] { return testing::PacketBuilder().ethernet().ipv4("10.0.0.1", "10.0.0.2"); };
    const auto v6 = [] {
      return testing::PacketBuilder().ethernet().ipv6("2001:db8::1", "2001:db8::2");
    };
    const std::string text(40, 'x');
    if (traffic == Traffic::V4Tcp) return {v4().tcp(1, 2).payload(text).build()};
    if (traffic == Traffic::V6Tcp) return {v6().tcp(1, 2).payload(text).build()};
    // The inner packet of both is that of V4Tcp.
    if (traffic == Traffic::Vxlan) {
      return {v4().udp(50000, 0)
                  .tunnel(testing::vxlan(5))
                  .ethernet()
                  .ipv4("10.1.0.1", "10.1.0.2")
                  .tcp(1, 2)
                  .payload(text)
                  .build()};
    }
    if (traffic == Traffic::GtpU) {
      return {v4().udp(2152, 0)
                  .tunnel(testing::gtp_u(9))
                  .ipv4("10.1.0.1", "10.1.0.2")
                  .tcp(1, 2)
                  .payload(text)
                  .build()};
    }
    const auto tagged = [] {
      return testing::PacketBuilder().ethernet().vlan(5).ipv4("10.0.0.1", "10.0.0.2");
    };
    // A quarter IPv6, a quarter UDP, an eighth tagged.
    return {v4().tcp(1, 2).payload(text).build(), v4().tcp(1, 2).payload(text).build(),
            v4().tcp(1, 2).payload(text).build(), v4().udp(1, 2).payload(text).build(),
            v4().udp(1, 2).payload(text).build(), tagged().tcp(1, 2).payload(text).build(),
            v6().tcp(1, 2).payload(text).build(), v6().tcp(1, 2).payload(text).build()};
  }

  // Frames here have at most one VLAN tag.
  static size_t innermost_ip(Traffic traffic, const testing::Frame& frame) {
    constexpr size_t kOuterBytes = 14 + 20 + 8 + 8;
    if (traffic == Traffic::Vxlan) return kOuterBytes + 14;
    if (traffic == Traffic::GtpU) return kOuterBytes;
    return frame[12] == 0x81 ? 18 : 14;
  }

  // Random low bytes in both addresses and random ports of the packet at `l3`.
  static void scatter_endpoints(testing::Frame& frame, size_t l3, std::mt19937& random) {
    const bool is_ipv6 = frame[l3] >> 4 == 6;
    const size_t source_end = l3 + (is_ipv6 ? 24 : 16);
    const size_t destination_end = l3 + (is_ipv6 ? 40 : 20);
    for (const size_t end :
         {source_end, destination_end, destination_end + 2, destination_end + 4}) {
      frame[end - 1] = static_cast<uint8_t>(random());
      frame[end - 2] = static_cast<uint8_t>(random());
    }
  }

  std::vector<uint8_t> slots_;
  std::vector<PacketView> packets_;
  size_t next_ = 0;
};

// Time per packet in nanoseconds, to be read against the figures in docs.
inline void count_packets(benchmark::State& state) {
  const auto packets = static_cast<double>(state.iterations()) * kBurstPackets;
  state.counters["ns_per_packet"] =
      benchmark::Counter(packets * 1e-9, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

// The floor of decoding and extraction: loads the same header bytes, from the Ethernet type to the
// end of the TCP header, eight at a time, and asks for later headers as the decoder does. Ahead:
// the packets of this burst 16 rows on, or those of the next.
template <size_t kEnd>
void touch_headers_to(const Burst& burst, std::span<const PacketView> ahead) {
  constexpr size_t kFirst = 12;
  for (uint32_t i = 0; i < burst.count; ++i) {
    if (i < ahead.size()) {
      prefetch_read(ahead[i].frame.begin());
      prefetch_read(ahead[i].frame.after(kCacheLineBytes).begin());
    }
    const Bytes frame = burst.packet[i].frame;
    uint64_t sum = load_be64(frame, kEnd - 8);
    for (size_t offset = kFirst; offset + 8 <= kEnd; offset += 8) sum += load_be64(frame, offset);
    benchmark::DoNotOptimize(sum);
  }
}

// Requires: traffic whose headers end at one place.
inline void touch_headers(Traffic traffic, const Burst& burst, std::span<const PacketView> ahead) {
  if (traffic == Traffic::V4Tcp) {
    touch_headers_to<54>(burst, ahead);
  } else {
    touch_headers_to<74>(burst, ahead);
  }
}

}  // namespace flowscope::bench
