#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "dataplane/pcap/capture_reader.h"

namespace flowscope {

// One packet as the reader gave it, with its frame copied.
struct ReadPacket {
  std::string frame;
  uint64_t time_ns = 0;
  uint32_t wire_bytes = 0;
  LinkType link = LinkType::Unknown;

  friend bool operator==(const ReadPacket&, const ReadPacket&) = default;
  friend std::ostream& operator<<(std::ostream& out, const ReadPacket& packet) {
    return out << packet.frame.size() << " bytes of " << packet.wire_bytes << " at "
               << packet.time_ns << " ns, link " << static_cast<int>(packet.link);
  }
};

// All that a reader gave of one capture.
struct ReadCapture {
  std::vector<ReadPacket> packets;
  std::optional<std::string> fault;
  uint64_t bytes_read = 0;
};

struct ReadOptions {
  size_t block_bytes = 256 * 1024;
  size_t bytes_per_read = SIZE_MAX;
  uint32_t burst = 64;
};

inline ReadCapture read_all(CaptureReader reader, uint32_t burst_packets) {
  ReadCapture capture;
  Burst burst;
  while (!reader.ended()) {
    reader.read(burst, burst_packets);
    for (uint32_t i = 0; i < burst.count; ++i) {
      const PacketView& packet = burst.packet[i];
      capture.packets.push_back(
          {std::string(packet.frame.as_text()), packet.time.ns, packet.wire_bytes, packet.link});
    }
  }
  if (reader.fault()) capture.fault = reader.fault()->message;
  capture.bytes_read = reader.bytes_read();
  EXPECT_EQ(reader.packets_read(), capture.packets.size());
  return capture;
}

inline ReadCapture read_all(Bytes file, ReadOptions options = {}) {
  return read_all(CaptureReader::over(ByteSource::of(file, options.bytes_per_read), "test.pcap",
                                      {.block_bytes = options.block_bytes}),
                  options.burst);
}

}  // namespace flowscope
