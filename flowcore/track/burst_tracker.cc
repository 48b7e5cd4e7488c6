#include "flowcore/track/burst_tracker.h"

#include <algorithm>

#include "flowcore/base/one_address.h"
#include "flowcore/packet/icmp.h"

namespace flowscope {

namespace {

// update() asks for entries so many packets ahead at least, and for as many at a time: a core has
// several look-ups of pages and a dozen or two of line fills under way.
constexpr uint32_t kEntriesAhead = 8;

}  // namespace

void BurstTracker::find(const Burst& burst, const FlowKeys& keys, FlowBurst& flows) const {
  const uint32_t count = burst.count;
  bool any_absent = false;
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t guess = table_.guess(keys.hash[i]);
    flows.slot[i] = guess;
    flows.expected[i] = guess;
    if (guess == FlowTable<FlowEntry>::kNone) [[unlikely]] {
      any_absent = true;
      flows.expected[i] = table_.expect(keys.hash[i]);
    }
  }
  prefetch_slots(flows, 0, count);
  for (uint32_t i = 0; any_absent && i < count; ++i) {
    if (flows.slot[i] != FlowTable<FlowEntry>::kNone) continue;
    flows.expected[i] = table_.expect_beyond(keys.hash[i], flows.expected[i]);
  }
}

// Asks for some of the entries that update() will read, and what is counted beside them.
[[gnu::noinline]] void BurstTracker::prefetch_slots(const FlowBurst& flows, size_t begin,
                                                    uint32_t count) const {
  const size_t end = std::min<size_t>(begin + kEntriesAhead, count);
  const bool has_meters = meters_.is_on();
  for (size_t i = begin; i < end; ++i) {
    const uint32_t slot = flows.expected[i];
    table_.prefetch_entry(slot);
    if (has_meters) meters_.prefetch(slot);
  }
}

struct BurstTracker::Steady {
  BurstTracker& tracker;
  const Burst& burst;

  // Takes a packet in, but for its meter; false, and nothing is done, where it is another one.
  [[gnu::always_inline]] bool enter(const FlowKeys& keys, FlowBurst& flows, size_t packet) const {
    const uint32_t slot = flows.slot[packet];
    if (slot == FlowTable<FlowEntry>::kNone || keys.has_key[packet] == 0) return false;
    FlowEntry& entry = at_one_address(tracker.table_.entry(slot));
    if (!tracker.table_.is_used(slot) || !(entry.key == keys.key[packet])) [[unlikely]]
      return false;
    const uint64_t clock_ns = flows.clock_ns[packet];
    if (!tracker.timeouts_.is_fresh(entry, clock_ns)) [[unlikely]]
      return false;
    flows.before_ns[packet] = entry.last_seen_ns;
    const FlowSide side = entry.side_of(keys.orientation[packet]);
    flows.side[packet] = side;
    SideCounters& sender = at_one_address(entry.side[index_of(side)]);
    if (sender.packets() < 2) [[unlikely]]
      return false;
    const PacketView& view = burst.packet[packet];
    TcpStep step;
    uint8_t flags = 0;
    if (entry.is_tcp()) {
      const Layers& layers = at_one_address(burst.layers[packet]);
      if (!layers.has_l4 || !follow_steady_tcp(entry, side, layers, step)) return false;
      flags = layers.tcp_flags;
    }
    sender.count(view.wire_bytes, flags);
    flows.signal[packet] = step.signal;
    entry.see(view.time, clock_ns);
    entry.run_serial = tracker.serial_;
    tracker.table_.touch(slot, tracker.tick(clock_ns));
    return true;
  }

  // Counts packets that were taken in.
  void count(const FlowBurst& flows, size_t begin, size_t end) const {
    const bool keeps_first = tracker.meters_.keeps_first();
    for (size_t i = begin; i < end; ++i) {
      const FlowBurst& columns = at_one_address(flows);
      const uint32_t slot = columns.slot[i];
      const FlowSide side = columns.side[i];
      const FlowEntry& entry = tracker.table_.entry(slot);
      const Layers& layers = burst.layers[i];
      FlowMeter& meter = at_one_address(tracker.meters_.of(slot));
      meter.count_steady(entry, columns.before_ns[i], side, layers, burst.packet[i]);
      if (keeps_first) tracker.meters_.note_first(slot, entry, side, layers, burst.packet[i].time);
    }
  }
};

// PERF: two passes, entries and then meters: what one packet needs of both is more than a core has
// registers, and a third of the instructions went to and from the stack (GCC 12, Clang 14).
uint32_t BurstTracker::account_steady(const Burst& burst, const FlowKeys& keys, FlowBurst& flows,
                                      uint32_t begin, uint32_t end) {
  // Those of new flows come in rows: told before the registers are saved.
  if (flows.slot[begin] == FlowTable<FlowEntry>::kNone && begin % kEntriesAhead != 0) return begin;
  const Steady steady{*this, burst};
  size_t i = begin;
  for (; i < end; ++i) {
    if (i % kEntriesAhead == 0) prefetch_slots(flows, i + kEntriesAhead, burst.count);
    if (!steady.enter(keys, flows, i)) break;
  }
  if (i != begin && meters_.is_on()) steady.count(flows, begin, i);
  return static_cast<uint32_t>(i);
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
  const uint32_t tick_shift = timeouts_.tick_shift();
  timeouts_.set(policy);
  // Ticks of another length say nothing about those before.
  if (timeouts_.tick_shift() != tick_shift) table_.restart_clock(tick(swept_ns_));
}

}  // namespace flowscope
