#include "dataplane/dpdk/dpdk_port.h"

#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_mbuf_dyn.h>
#include <rte_pause.h>

#include <algorithm>
#include <cstring>

#include "dataplane/dpdk/checksum_verdict.h"

namespace flowscope {

DpdkPort::DpdkPort(std::vector<RxQueue> queues, const Options& options)
    : queues_(std::move(queues)),
      options_(options),
      last_packet_ns_(clock_.now_ns()),
      has_file_clock_(std::any_of(queues_.begin(), queues_.end(),
                                  [](const RxQueue& queue) { return queue.pcap_times; })),
      time_offset_(rte_mbuf_dynfield_lookup(RTE_MBUF_DYNFIELD_TIMESTAMP_NAME, nullptr)),
      joined_(new uint8_t[size_t{kFrameBytesMax} * kBurstMax]) {
  const int flag = rte_mbuf_dynflag_lookup(RTE_MBUF_DYNFLAG_RX_TIMESTAMP_NAME, nullptr);
  if (flag >= 0) time_flag_ = uint64_t{1} << flag;
}

void DpdkPort::receive(Burst& burst) {
  for (size_t tried = 0; tried < queues_.size() && burst.count == 0; ++tried) {
    const RxQueue& queue = queues_[next_queue_];
    next_queue_ = next_queue_ + 1 == queues_.size() ? 0 : next_queue_ + 1;
    // owner[] is an array of void*, which is how rte_mbuf pointers travel.
    auto** mbufs = reinterpret_cast<rte_mbuf**>(burst.owner.data());
    burst.count =
        rte_eth_rx_burst(queue.port, queue.queue, mbufs, static_cast<uint16_t>(options_.burst));
    if (burst.count == 0) continue;
    last_packet_ns_ = clock_.now_ns();
    for (uint32_t row = 0; row < burst.count; ++row) describe(queue, burst, row, last_packet_ns_);
  }
}

void DpdkPort::describe(const RxQueue& queue, Burst& burst, uint32_t row, uint64_t burst_time_ns) {
  const auto* mbuf = static_cast<const rte_mbuf*>(burst.owner[row]);
  PacketView& packet = burst.packet[row];
  packet.frame = mbuf->nb_segs == 1 ? Bytes{rte_pktmbuf_mtod(mbuf, const uint8_t*), mbuf->data_len}
                                    : join(mbuf, row);
  packet.wire_bytes = mbuf->pkt_len;
  packet.link = LinkType::Ethernet;
  if (options_.checksums) {
    packet.ip_checksum = ip_verdict(mbuf->ol_flags, mbuf->packet_type);
    packet.l4_checksum = l4_verdict(mbuf->ol_flags, mbuf->packet_type);
  }
  packet.time.ns = burst_time_ns;
  if (queue.pcap_times && time_offset_ >= 0 && (mbuf->ol_flags & time_flag_) != 0) {
    // The driver of 22.11 writes microseconds, whatever the documentation of the field says.
    packet.time.ns = *RTE_MBUF_DYNFIELD(mbuf, time_offset_, const rte_mbuf_timestamp_t*) * 1000;
  }
  if (queue.pcap_times) file_time_ns_ = packet.time.ns;
}

Bytes DpdkPort::join(const rte_mbuf* mbuf, uint32_t row) {
  uint8_t* place = joined_.get() + size_t{kFrameBytesMax} * row;
  uint32_t size = 0;
  for (const rte_mbuf* piece = mbuf; piece != nullptr; piece = piece->next) {
    const uint32_t fitting = std::min<uint32_t>(piece->data_len, kFrameBytesMax - size);
    std::memcpy(place + size, rte_pktmbuf_mtod(piece, const uint8_t*), fitting);
    size += fitting;
  }
  return {place, size};
}

void DpdkPort::release(Burst& burst) {
  rte_pktmbuf_free_bulk(reinterpret_cast<rte_mbuf**>(burst.owner.data()), burst.count);
  burst.count = 0;
}

void DpdkPort::idle() {
  rte_pause();
  if (options_.exit_after_idle_ns != 0
      && clock_.now_ns() - last_packet_ns_ > options_.exit_after_idle_ns) {
    ended_ = true;
  }
}

}  // namespace flowscope
