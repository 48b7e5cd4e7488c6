#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "dataplane/dpdk/ethdev.h"
#include "dataplane/dpdk/tsc_clock.h"
#include "dataplane/pipeline/empty_polls.h"
#include "flowcore/packet/burst.h"

struct rte_mbuf;

namespace flowscope {

// The receive queues that one worker polls, in turn; those of a port that was removed are left out.
// Frames stay in their mbufs until release(); a frame spread over several mbufs is joined in a
// buffer of the port's own. Thread rule: one worker. Models Port.
class DpdkPort {
 public:
  struct Options {
    uint32_t burst = 64;  // packets of one receive
    uint64_t exit_after_idle_ns =
        0;                   // ended() turns true after this long without a packet; 0: never
    bool checksums = false;  // passes on what the device found of checksums
    bool describe = true;    // false: of a packet only its size is told
    // Other workers send packets of net_pcap here: the clock stands still between them too.
    bool file_clock = false;
    EmptyPolls::Options idle = {};
  };
  // `clock` outlives the port.
  DpdkPort(std::vector<RxQueue> queues, const TscClock& clock, const Options& options);

  void receive(Burst& burst);
  // Also of mbufs that another worker's port received.
  void release(Burst& burst);
  // Whether the frame lies in its mbuf, not in our own memory.
  [[nodiscard]] bool lends(const PacketView& packet) const {
    const std::less<const uint8_t*> before;
    return before(packet.frame.begin(), joined_.get())
           || !before(packet.frame.begin(), joined_.get() + size_t{kFrameBytesMax} * kBurstMax);
  }
  // A pause of the processor or a short sleep, see EmptyPolls. Call once for each receive() that
  // gave nothing, unless packets came from elsewhere.
  void idle();
  // What idle() does from one of the next times on. Any thread.
  void idle_by(const EmptyPolls::Options& idle) { empty_polls_.change(idle); }
  [[nodiscard]] bool ended() const { return ended_; }
  // Packets of net_pcap bring the times of their file: its clock stands still between them.
  [[nodiscard]] uint64_t now_ns() const {
    return has_file_clock_ ? file_time_ns_ : clock_.now_ns();
  }

 private:
  // Frames above one mbuf, one place for each row of a burst.
  static constexpr uint32_t kFrameBytesMax = 65535;

  void describe_all(const RxQueue& queue, Burst& burst);
  void describe(PacketTimes times, const RxQueue& queue, Burst& burst, uint32_t row);
  [[nodiscard]] uint64_t time_in(const rte_mbuf* mbuf, PacketTimes times,
                                 const RxQueue& queue) const;
  [[nodiscard]] bool all_gone() const;
  void sleep(uint64_t sleep_ns);

  std::vector<RxQueue> queues_;
  Options options_;
  const TscClock& clock_;
  size_t next_queue_ = 0;
  uint64_t last_packet_ns_ = 0;
  EmptyPolls empty_polls_;
  uint32_t receives_ = 0;        // since the last idle()
  bool sleeps_exactly_ = false;  // the system was asked to wake this thread without slack
  bool has_file_clock_;          // net_pcap is among the queues
  uint64_t file_time_ns_ = 0;    // of its last packet
  bool ended_ = false;
  int time_offset_ = -1;  // of the time stamp in mbufs, -1 when no driver writes it
  uint64_t time_flag_ = 0;
  std::unique_ptr<uint8_t[]> joined_;
};

}  // namespace flowscope
