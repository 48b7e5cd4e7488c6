#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "dataplane/dpdk/ethdev.h"
#include "dataplane/dpdk/tsc_clock.h"
#include "flowcore/packet/burst.h"

struct rte_mbuf;

namespace flowscope {

// The receive queues that one worker polls, in turn. Frames stay in their mbufs until release(); a
// frame spread over several mbufs is joined in a buffer of the port's own. Thread rule: one worker.
// Models Port.
class DpdkPort {
 public:
  struct Options {
    uint32_t burst = 64;  // packets of one receive
    uint64_t exit_after_idle_ns =
        0;                   // ended() turns true after this long without a packet; 0: never
    bool checksums = false;  // passes on what the device found of checksums
  };
  DpdkPort(std::vector<RxQueue> queues, const Options& options);

  void receive(Burst& burst);
  void release(Burst& burst);
  // A pause of the processor: polling goes on at once.
  void idle();
  [[nodiscard]] bool ended() const { return ended_; }
  // Packets of net_pcap bring the times of their file: its clock stands still between them.
  [[nodiscard]] uint64_t now_ns() const {
    return has_file_clock_ ? file_time_ns_ : clock_.now_ns();
  }

 private:
  // Frames above one mbuf, one place for each row of a burst.
  static constexpr uint32_t kFrameBytesMax = 65535;

  void describe(const RxQueue& queue, Burst& burst, uint32_t row, uint64_t burst_time_ns);
  Bytes join(const rte_mbuf* mbuf, uint32_t row);

  std::vector<RxQueue> queues_;
  Options options_;
  TscClock clock_;
  size_t next_queue_ = 0;
  uint64_t last_packet_ns_ = 0;
  bool has_file_clock_;        // net_pcap is among the queues
  uint64_t file_time_ns_ = 0;  // of its last packet
  bool ended_ = false;
  int time_offset_ = -1;  // of the time stamp in mbufs, -1 when no driver writes it
  uint64_t time_flag_ = 0;
  std::unique_ptr<uint8_t[]> joined_;
};

}  // namespace flowscope
