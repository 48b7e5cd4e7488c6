#include "flowcore/track/burst_tracker.h"

#include "flowcore/packet/icmp.h"

namespace flowscope {

void BurstTracker::find(const Burst& burst, const FlowKeys& keys, FlowBurst& flows) const {
  bool any_absent = false;
  for (uint32_t i = 0; i < burst.count; ++i) {
    const uint32_t guess = table_.guess(keys.hash[i]);
    flows.guess[i] = guess;
    flows.expected[i] = guess;
    if (guess == FlowTable<FlowEntry>::kNone) [[unlikely]] {
      any_absent = true;
      flows.expected[i] = table_.expect(keys.hash[i]);
    }
    if (i < kEntriesAhead) table_.prefetch_entry(flows.expected[i]);
  }
  for (uint32_t i = 0; any_absent && i < burst.count; ++i) {
    if (flows.guess[i] != FlowTable<FlowEntry>::kNone) continue;
    flows.expected[i] = table_.expect_beyond(keys.hash[i], flows.expected[i]);
  }
  if (!meters_.is_on()) return;
  for (uint32_t i = 0; i < burst.count; ++i) {
    if (flows.guess[i] != FlowTable<FlowEntry>::kNone) meters_.prefetch(flows.guess[i]);
  }
}

bool BurstTracker::reopens(const FlowEntry& entry, Orientation orientation, const Layers& layers) {
  if (!layers.has_l4 || !entry.is_tcp()) return false;
  if (is_over(entry.state)) return true;
  const SideCounters& sender = entry.side[index_of(entry.side_of(orientation))];
  // A SYN that repeats the sender's own is a retransmission; a responder's first SYN is a
  // simultaneous open while the initiator's is unanswered.
  if (sender.syn_seen()) return sender.initial_seq != layers.tcp_seq;
  return entry.state != TcpState::SynSent && entry.state != TcpState::Active;
}

void BurstTracker::meet(FlowEntry& entry, FlowSide side, const Layers& layers,
                        const PacketView& packet) {
  SideCounters& sender = entry.side[index_of(side)];
  sender.set_vlan_id(layers.vlan_id);
  if (is_icmp(entry.key.protocol)) {
    sender.icmp = {.type = layers.icmp_type, .code = layers.icmp_code, .seen = layers.has_l4};
  }
  if (!FlowDetail::has_any(layers)) return;
  FlowDetail* const detail = detail_for(entry);
  if (detail != nullptr) detail->note(side, layers, packet);
}

FlowDetail* BurstTracker::detail_for(FlowEntry& entry) {
  if (entry.detail == Slab<FlowDetail>::kNone)
    entry.detail = details_.make() & FlowEntry::kDetailsMax;
  if (entry.detail != Slab<FlowDetail>::kNone) return &details_.get(entry.detail);
  details_refused_.add(1);
  return nullptr;
}

void BurstTracker::note_error(const QuotedFlow& quote, const Layers& error, uint64_t clock_ns) {
  const uint32_t slot = table_.find(quote.hash, quote.key, table_.guess(quote.hash));
  if (slot == FlowTable<FlowEntry>::kNone) return;
  FlowEntry& entry = table_.entry(slot);
  if (expired(entry, slot, clock_ns)) return;
  FlowDetail* const detail = detail_for(entry);
  if (detail == nullptr) return;
  ++detail->icmp_errors;
  detail->icmp_error_type = error.icmp_type;
  detail->icmp_error_code = error.icmp_code;
}

FlowAnomaly BurstTracker::first_of_kind(FlowEntry& entry, FlowAnomaly anomaly) {
  anomalies_[static_cast<size_t>(anomaly)].add(1);
  const uint32_t bit = 1U << (static_cast<uint32_t>(anomaly) - 1);
  if ((entry.probes & bit) != 0) return FlowAnomaly::None;
  entry.probes = (entry.probes | bit) & 7;
  return anomaly;
}

FlowEntry* BurstTracker::flow_of(const FlowKey& key, uint64_t clock_ns) {
  const uint64_t hash = hash_(&key);
  const uint32_t slot = table_.find(hash, key, table_.guess(hash));
  if (slot == FlowTable<FlowEntry>::kNone) return nullptr;
  FlowEntry& entry = table_.entry(slot);
  return expired(entry, slot, clock_ns) ? nullptr : &entry;
}

// The table's ticks of 16 bits do not tell a leap by about 2^16 of them from none.
void BurstTracker::mind_leap(uint64_t clock_ns) {
  const uint64_t passed_ns = clock_ns > swept_ns_ ? clock_ns - swept_ns_ : 0;
  const uint64_t ticks = passed_ns >> timeouts_.tick_shift();
  if (ticks >= kLeapTicks) table_.restart_clock(tick(clock_ns));
}

std::span<const FirstPacket> BurstTracker::first_packets_of(const FlowEntry& entry) const {
  if (!meters_.is_on()) return {};
  return meters_.first_packets_of_slot(slot_of(entry));
}

uint64_t BurstTracker::evicted() const {
  uint64_t all = 0;
  for (const Counter& cause : evicted_) all += cause.value();
  return all;
}

void BurstTracker::set_idle_policy(const IdlePolicy& policy) {
  timeouts_.set(policy);
  table_.restart_clock(tick(swept_ns_));  // ticks may be of another length now
}

}  // namespace flowscope
