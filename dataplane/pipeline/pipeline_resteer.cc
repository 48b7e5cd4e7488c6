// The part of the pipeline that passes packets on to the workers of their flows.
#include <algorithm>
#include <array>
#include <span>

#include "dataplane/pipeline/pipeline.h"
#include "dataplane/pipeline/share.h"
#include "flowcore/base/prefetch.h"
#include "flowcore/packet/decode.h"
#include "flowcore/packet/icmp.h"
#include "flowcore/packet/quoted.h"
#include "flowcore/stream/fragment.h"

namespace flowscope {

void Pipeline::enter_dropped(uint32_t wire_bytes) {
  std::array<uint32_t, kFates> fates{};
  fates[static_cast<size_t>(Fate::ResteerFull)] = 1;
  ledger_.enter(1, fates);
  traffic_.bytes.add(wire_bytes);
}

void Pipeline::find_owners(Burst& burst) {
  constexpr uint32_t kAhead = 16;
  pulse_.enter(Stage::Steer);
  const std::span<const PacketView> packets(burst.packet.data(), burst.count);
  const auto prefetch = [](const PacketView& packet) { prefetch_read(packet.frame.begin()); };
  std::for_each_n(packets.begin(), std::min<size_t>(kAhead, packets.size()), prefetch);
  // Duplicates do not move the clock, but who they are is found behind this.
  uint64_t clock_ns = clock_ns_;
  for (size_t i = 0; i < packets.size(); ++i) {
    if (!dedup_) clock_ns = std::max(clock_ns, packets[i].time.ns);
    port_clock_ns_[i] = clock_ns;
  }
  const uint32_t workers = end_->workers();
  const SteerHash steer = steer_;
  std::array<uint32_t, kBurstMax> open;
  uint32_t open_count = 0;
  for (uint32_t i = 0; i < packets.size(); ++i) {
    if (i + kAhead < packets.size()) prefetch(packets[i + kAhead]);
    uint64_t hash = 0;
    if (!steer.at_a_glance(packets[i], decap_, hash)) [[unlikely]] {
      open[open_count++] = i;
      continue;
    }
    owners_[i] = owner_of(hash, workers);
  }
  find_open_owners(burst, {open.data(), open_count});
}

// The owners of the rows that a glance did not tell. Few rows are decoded alone, and again if they
// stay; with many it is the whole burst, once.
void Pipeline::find_open_owners(Burst& burst, std::span<const uint32_t> rows) {
  constexpr uint32_t kFewOf = 4;
  keeps_any_ = false;
  is_decoded_ = rows.size() * kFewOf > burst.count;
  if (rows.empty()) [[likely]]
    return;
  if (is_decoded_) decode_layers(burst, decap_);
  if (part_ != nullptr) keeps_.fill(0);
  for (const uint32_t row : rows) {
    const PacketView& packet = burst.packet[row];
    Layers& layers = burst.layers[row];
    if (!is_decoded_) layers = decode_frame(packet, decap_);
    if (part_ != nullptr && is_kept(packet, layers)) {
      keeps_[row] = 1;
      keeps_any_ = true;
      owners_[row] = end_->index();
    } else {
      owners_[row] = owner_of_decoded(packet, layers);
    }
  }
}

// Fragments go to the worker of their datagram. A packet without a flow stays.
uint32_t Pipeline::owner_of_decoded(const PacketView& packet, Layers& layers) const {
  const uint32_t workers = end_->workers();
  if (layers.is_fragment && layers.status == DecodeStatus::Ip) {
    const FragmentKey fragment = Fragment::read(packet, layers).key;
    return owner_of(tracker_.hash()(&fragment), workers);
  }
  FlowKey key;
  Orientation orientation = Orientation::Forward;
  if (!extractor_.extract(layers, packet, key, orientation)) return end_->index();
  return owner_of(steer_(key), workers);
}

void Pipeline::run_resteered(Burst& burst, const ResteerRows& rows) {
  if (!rows.are_decoded) {
    pulse_.enter(Stage::Decode);
    decode_layers(burst, decap_);
    run_decoded(burst, rows.clock_ns);
    end_->publish();
    return;
  }
  pulse_.enter(Stage::Key);
  // The sender looked for duplicates, verified checksums and joined fragments.
  take_what_was_left();
  std::copy_n(rows.faults.begin(), burst.count, checksum_faults_.begin());
  advance_clock(burst, rows.clock_ns);
  std::copy_n(rows.wire_bytes.begin(), burst.count, wire_bytes_.begin());
  extract_keys(extractor_, tracker_.hash(), burst, keys_,
               [this](uint64_t hash) { tracker_.prefetch(hash); });
  extract_quoted(extractor_, tracker_.hash(), burst, quoted_);
  keep_own_rows(burst, rows);
  follow_flows(burst);
}

// Of a quote only what is quoted is ours; what a datagram quotes was sent on its own.
void Pipeline::keep_own_rows(const Burst& burst, const ResteerRows& rows) {
  for (uint32_t i = 0; i < burst.count; ++i) {
    foreign_[i] = rows.kind[i] == Resteered::Quote ? 1 : 0;
    if (foreign_[i] != 0) keys_.has_key[i] = 0;
  }
  uint32_t kept = 0;
  for (const QuotedFlow& quote : quoted_.rows()) {
    if (rows.kind[quote.packet] == Resteered::Quote) quoted_.row[kept++] = quote;
  }
  quoted_.count = kept;
}

bool Pipeline::find_kept(const Burst& burst, RowFlags& kept) const {
  const std::span<const Layers> rows(burst.layers.data(), burst.count);
  const auto may_be = [tells_errors = part_ != nullptr](const Layers& layers) {
    return layers.is_fragment || (tells_errors && is_icmp(layers.ip_protocol));
  };
  if (std::none_of(rows.begin(), rows.end(), may_be)) [[likely]]
    return false;
  for (size_t i = 0; i < rows.size(); ++i) kept[i] = is_kept(burst.packet[i], rows[i]) ? 1 : 0;
  return true;
}

// What fragments became, and what ICMP errors quote, may be another worker's.
void Pipeline::send_joined(const Burst& burst, const RowFlags& was_kept) {
  const uint32_t workers = end_->workers();
  const uint32_t own = end_->index();
  for (uint32_t i = 0; i < burst.count; ++i) {
    if ((was_kept[i] & keys_.has_key[i]) == 0) [[likely]]
      continue;
    const uint32_t owner = owner_of(steer_(keys_.key[i]), workers);
    if (owner == own) continue;
    foreign_[i] = 1;
    keys_.has_key[i] = 0;
    if (!end_->send_decoded(owner, {.kind = Resteered::Datagram,
                                    .packet = burst.packet[i],
                                    .layers = burst.layers[i],
                                    .wire_bytes = wire_bytes_[i],
                                    .clock_ns = flows_.clock_ns[i],
                                    .fault = checksum_faults_[i]})) {
      enter_dropped(wire_bytes_[i]);
    }
  }
  for (const QuotedFlow& quote : quoted_.rows()) {
    const uint32_t owner = owner_of(steer_(quote.key), workers);
    if (owner == own) continue;
    // Where there is no room the quote is counted as lost; the error itself is tracked all the
    // same.
    (void)end_->send_decoded(owner, {.kind = Resteered::Quote,
                                     .packet = burst.packet[quote.packet],
                                     .layers = burst.layers[quote.packet],
                                     .clock_ns = flows_.clock_ns[quote.packet]});
  }
}

}  // namespace flowscope
