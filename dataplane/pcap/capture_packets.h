#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <utility>

#include "dataplane/pcap/capture_bursts.h"
#include "flowcore/packet/packet_view.h"

namespace flowscope {

// The packets of a capture as a C++20 input range, to be gone through once:
//
//   CapturePackets packets = PcapFlowSource::open(path).value().packets();
//   for (const PacketView& packet : packets) count(packet.frame);
//   if (packets.fault()) complain(packets.fault()->message);
//
// A packet borrows its frame, which is where the file's block was read to: both are good until the
// loop goes on to the next packet; copy the frame to keep it.
// Thread rule: one thread. Lifetime: movable before begin(). Cost: CaptureReader's; no allocation
// for a packet.
class CapturePackets {
 public:
  explicit CapturePackets(CaptureBursts bursts) : bursts_(std::move(bursts)) {}

  class Iterator {
   public:
    using value_type = PacketView;
    using difference_type = std::ptrdiff_t;

    Iterator() = default;
    const PacketView& operator*() const { return range_->burst_->packet[range_->index_]; }
    const PacketView* operator->() const { return &**this; }
    Iterator& operator++() {
      range_->advance();
      return *this;
    }
    void operator++(int) { range_->advance(); }
    friend bool operator==(const Iterator& at, std::default_sentinel_t) { return at.is_over(); }

   private:
    friend class CapturePackets;
    explicit Iterator(CapturePackets& range) : range_(&range) {}
    [[nodiscard]] bool is_over() const { return range_->burst_ == nullptr; }
    CapturePackets* range_ = nullptr;
  };

  // Reads the first packets. A second call goes on where the first loop was left.
  Iterator begin() {
    if (burst_ == nullptr) step();
    return Iterator(*this);
  }
  [[nodiscard]] static std::default_sentinel_t end() { return {}; }

  // Once the loop is over: why it was before the capture's proper end. All packets before the fault
  // have been given.
  [[nodiscard]] const std::optional<Error>& fault() const { return bursts_.fault(); }
  [[nodiscard]] uint64_t packets_read() const { return bursts_.packets_read(); }
  [[nodiscard]] uint64_t bytes_read() const { return bursts_.bytes_read(); }

 private:
  void advance() {
    if (++index_ == burst_->count) step();
  }
  void step() {
    burst_ = bursts_.next();
    index_ = 0;
  }

  CaptureBursts bursts_;
  Burst* burst_ = nullptr;
  uint32_t index_ = 0;
};

}  // namespace flowscope
