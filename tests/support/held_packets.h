#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "dataplane/pcap/capture_reader.h"
#include "flowcore/base/check.h"
#include "flowcore/packet/burst.h"
#include "tests/support/tunnel_traffic.h"

namespace flowscope::testing {

// Packets, and the memory of their frames. Thread rule: a value.
class HeldPackets {
 public:
  // Requires: the file is a capture that can be opened.
  void add_capture(const std::string& path) {
    Result<CaptureReader> reader = CaptureReader::open(path);
    FS_CHECK(reader.ok());
    auto burst = std::make_unique<Burst>();
    while (reader.value().read(*burst, kReadAtATime) != 0) {
      for (uint32_t i = 0; i < burst->count; ++i) {
        const PacketView& packet = burst->packet[i];
        bytes_.emplace_back(packet.frame.begin(), packet.frame.end());
        packets_.push_back(packet);
      }
    }
    point_to_bytes();
  }
  void add(std::vector<TimedPacket> packets) {
    for (TimedPacket& packet : packets) {
      packets_.push_back(
          {.time = {packet.time_ns}, .wire_bytes = static_cast<uint32_t>(packet.frame.size())});
      bytes_.push_back(std::move(packet.frame));
    }
    point_to_bytes();
  }
  [[nodiscard]] const std::vector<PacketView>& packets() const { return packets_; }

 private:
  static constexpr uint32_t kReadAtATime = 64;

  void point_to_bytes() {
    for (size_t i = 0; i < packets_.size(); ++i)
      packets_[i].frame = {bytes_[i].data(), bytes_[i].size()};
  }

  std::vector<std::vector<uint8_t>> bytes_;
  std::vector<PacketView> packets_;
};

}  // namespace flowscope::testing
