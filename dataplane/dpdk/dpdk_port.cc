#include "dataplane/dpdk/dpdk_port.h"

#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_mbuf_dyn.h>
#include <rte_pause.h>
#include <sys/prctl.h>

#include <algorithm>
#include <ctime>

#include "dataplane/dpdk/checksum_verdict.h"
#include "dataplane/dpdk/mbuf_frame.h"

namespace flowscope {

DpdkPort::DpdkPort(std::vector<RxQueue> queues, const TscClock& clock, const Options& options)
    : queues_(std::move(queues)),
      options_(options),
      clock_(clock),
      last_packet_ns_(clock_.now_ns()),
      empty_polls_(options.idle),
      has_file_clock_(options.file_clock
                      || std::any_of(queues_.begin(), queues_.end(),
                                     [](const RxQueue& queue) {
                                       return queue.times == PacketTimes::FileMicroseconds;
                                     })),
      time_offset_(rte_mbuf_dynfield_lookup(RTE_MBUF_DYNFIELD_TIMESTAMP_NAME, nullptr)),
      joined_(new uint8_t[size_t{kFrameBytesMax} * kBurstMax]) {
  const int flag = rte_mbuf_dynflag_lookup(RTE_MBUF_DYNFLAG_RX_TIMESTAMP_NAME, nullptr);
  if (flag >= 0) time_flag_ = uint64_t{1} << flag;
}

void DpdkPort::receive(Burst& burst) {
  ++receives_;
  for (size_t tried = 0; tried < queues_.size() && burst.count == 0; ++tried) {
    const RxQueue& queue = queues_[next_queue_];
    next_queue_ = next_queue_ + 1 == queues_.size() ? 0 : next_queue_ + 1;
    // Relaxed: see LinkEvents::gone().
    if (queue.gone->load(std::memory_order_relaxed)) [[unlikely]]
      continue;
    // owner[] is an array of void*, which is how rte_mbuf pointers travel.
    auto** mbufs = reinterpret_cast<rte_mbuf**>(burst.owner.data());
    burst.count =
        rte_eth_rx_burst(queue.port, queue.queue, mbufs, static_cast<uint16_t>(options_.burst));
    if (burst.count == 0) continue;
    last_packet_ns_ = clock_.now_ns();
    if (options_.describe) {
      describe_all(queue, burst);
      continue;
    }
    for (uint32_t row = 0; row < burst.count; ++row)
      burst.packet[row].wire_bytes = mbufs[row]->pkt_len;
  }
}

void DpdkPort::describe_all(const RxQueue& queue, Burst& burst) {
  // Without a field for it, or once the device's clock is not believed, it is the time of
  // receipt.
  const bool has_times =
      time_offset_ >= 0 && (queue.times != PacketTimes::DeviceTicks || queue.clock->good());
  const PacketTimes times = has_times ? queue.times : PacketTimes::Receive;
  for (uint32_t row = 0; row < burst.count; ++row) describe(times, queue, burst, row);
  if (queue.times == PacketTimes::FileMicroseconds)
    file_time_ns_ = burst.packet[burst.count - 1].time.ns;
}

void DpdkPort::describe(PacketTimes times, const RxQueue& queue, Burst& burst, uint32_t row) {
  const auto* mbuf = static_cast<const rte_mbuf*>(burst.owner[row]);
  PacketView& packet = burst.packet[row];
  packet.frame = frame_of(mbuf, {joined_.get() + size_t{kFrameBytesMax} * row, kFrameBytesMax});
  packet.wire_bytes = mbuf->pkt_len;
  packet.link = LinkType::Ethernet;
  if (options_.checksums) {
    packet.ip_checksum = ip_verdict(mbuf->ol_flags, mbuf->packet_type);
    packet.l4_checksum = l4_verdict(mbuf->ol_flags, mbuf->packet_type);
  }
  packet.time.ns = times == PacketTimes::Receive ? last_packet_ns_ : time_in(mbuf, times, queue);
}

uint64_t DpdkPort::time_in(const rte_mbuf* mbuf, PacketTimes times, const RxQueue& queue) const {
  if ((mbuf->ol_flags & time_flag_) == 0) return last_packet_ns_;
  const uint64_t stamp = *RTE_MBUF_DYNFIELD(mbuf, time_offset_, const rte_mbuf_timestamp_t*);
  switch (times) {
    case PacketTimes::Receive:
      return last_packet_ns_;
    case PacketTimes::FileMicroseconds:
      // The driver of 22.11 writes microseconds, whatever the documentation of the field says.
      return stamp * 1000;
    case PacketTimes::DeviceTicks:
      return queue.clock->at(stamp);
  }
  return last_packet_ns_;
}

bool DpdkPort::all_gone() const {
  return std::all_of(queues_.begin(), queues_.end(), [](const RxQueue& queue) {
    return queue.gone->load(std::memory_order_relaxed);
  });
}

// DPDK passes over null pointers here: rows whose frames were copied.
void DpdkPort::release(Burst& burst) {
  rte_pktmbuf_free_bulk(reinterpret_cast<rte_mbuf**>(burst.owner.data()), burst.count);
  burst.count = 0;
}

// The system lets threads sleep 50 us longer than they asked for, unless they ask for that as well.
void DpdkPort::sleep(uint64_t sleep_ns) {
  if (!sleeps_exactly_) (void)prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
  sleeps_exactly_ = true;
  const timespec time{.tv_sec = 0, .tv_nsec = static_cast<long>(sleep_ns)};
  (void)nanosleep(&time, nullptr);
}

void DpdkPort::idle() {
  // Another receive() before this one: something came.
  if (receives_ > 1) empty_polls_.reset();
  receives_ = 0;
  const EmptyPolls::Next next = empty_polls_.next();
  if (next.is_pause) rte_pause();
  if (next.sleep_ns != 0) sleep(next.sleep_ns);
  // A worker that was given no queue at all waits for the others.
  if (!queues_.empty() && all_gone()) ended_ = true;
  if (options_.exit_after_idle_ns != 0
      && clock_.now_ns() - last_packet_ns_ > options_.exit_after_idle_ns) {
    ended_ = true;
  }
}

}  // namespace flowscope
