#include "dataplane/pipeline/pipeline.h"

#include <algorithm>

#include "dataplane/pipeline/share.h"
#include "flowcore/packet/decode.h"

namespace flowscope {

namespace {

Fate fate_of(DecodeStatus status) {
  switch (status) {
    case DecodeStatus::Ip:
      return Fate::Tracked;
    case DecodeStatus::NotIp:
      return Fate::NotIp;
    case DecodeStatus::Truncated:
      return Fate::Truncated;
    case DecodeStatus::Malformed:
      return Fate::Malformed;
    case DecodeStatus::UnknownLink:
      return Fate::UnknownLink;
    case DecodeStatus::Fragment:
      return Fate::Fragment;
    case DecodeStatus::BadChecksum:
      return Fate::BadChecksum;
    case DecodeStatus::Duplicate:
      return Fate::Duplicate;
  }
  return Fate::Malformed;
}

// TCP or UDP in IP, not in a VLAN nor a tunnel, and whole.
bool is_plain(const Layers& layers) {
  const auto protocol = static_cast<IpProtocol>(layers.ip_protocol);
  return layers.status == DecodeStatus::Ip
         && (protocol == IpProtocol::Tcp || protocol == IpProtocol::Udp) && layers.vlan_count == 0
         && layers.encap.depth == 0 && layers.payload_captured >= layers.payload_bytes;
}

// How many packets of a burst are of each kind.
struct TrafficSeen {
  uint32_t ipv4 = 0, ipv6 = 0, tcp = 0, udp = 0, sctp = 0, icmp = 0, vlan = 0, cut = 0,
           tunnelled = 0;

  void note(const Layers& layers) {
    vlan += layers.vlan_count != 0;
    if (layers.status != DecodeStatus::Ip) return;
    ipv4 += layers.ip_version == 4;
    ipv6 += layers.ip_version == 6;
    const auto protocol = static_cast<IpProtocol>(layers.ip_protocol);
    tcp += protocol == IpProtocol::Tcp;
    udp += protocol == IpProtocol::Udp;
    sctp += protocol == IpProtocol::Sctp;
    icmp += protocol == IpProtocol::Icmp || protocol == IpProtocol::IcmpV6;
    tunnelled += layers.encap.depth != 0;
    cut += layers.payload_captured < layers.payload_bytes;
  }
};

}  // namespace

size_t Pipeline::cost(const PipelineOptions& options) {
  return (options.dedup ? Dedup::cost(*options.dedup) : 0) + FragmentTable::cost(options.fragments)
         + BurstTracker::cost(options.tracker) + RecordRing::cost(options.ring_bytes)
         + Streams<RecordOut>::cost(options.streams);
}

Result<std::unique_ptr<Pipeline>> Pipeline::create(const PipelineOptions& options,
                                                   Arena::Populate populate) {
  auto arena = Arena::create(cost(options), populate);
  if (!arena.ok()) return arena.error();
  return std::unique_ptr<Pipeline>(new Pipeline(std::move(arena.value()), options));
}

Pipeline::Pipeline(Arena arena, const PipelineOptions& options)
    : arena_(std::move(arena)),
      share_(options.share),
      is_first_(options.share.index == 0),
      tracks_(options.track),
      decap_(options.decap),
      checksums_(options.checksums),
      fragments_(arena_, options.fragments, options.tracker.hash_seed_low,
                 options.tracker.hash_seed_high),
      tracker_(arena_, options.tracker),
      ring_(arena_, options.ring_bytes, options.overflow, options.shed_first),
      out_(ring_, options.records, tracker_, &Streams<RecordOut>::app_name,
           &Streams<RecordOut>::first_app_name),
      streams_(arena_, options.streams, out_),
      extractor_(options.key_with),
      steer_(options.tracker.hash_seed_low, options.tracker.hash_seed_high) {
  if (options.dedup) dedup_.emplace(arena_, *options.dedup);
}

void Pipeline::take(PipelineSettings& settings) {
  tracker_.set_idle_policy(settings.idle);
  tracker_.set_emergency_percent(settings.emergency_percent);
  if (settings.interim_ns != 0) tracker_.set_interim_ns(settings.interim_ns);
  fragments_.set_timeout_ns(settings.fragments_timeout_ns);
  ring_.set_shed_first(settings.shed_first);
  out_.exchange(settings.records);
}

void Pipeline::run(Burst& burst) {
  if (!tracks_) [[unlikely]]
    return count(burst);
  pulse_.enter(Stage::Decode);
  decode_layers(burst, decap_);
  run_decoded(burst);
}

// What receiving alone costs: the measure that the rest is compared with.
void Pipeline::count(const Burst& burst) {
  take_what_was_left();
  if (!is_first_) return;
  uint64_t bytes = 0;
  for (uint32_t i = 0; i < burst.count; ++i) bytes += burst.packet[i].wire_bytes;
  std::array<uint32_t, kFates> fates{};
  fates[static_cast<size_t>(Fate::Untracked)] = burst.count;
  ledger_.enter(burst.count, fates);
  traffic_.bytes.add(bytes);
}

void Pipeline::run_decoded(Burst& burst, std::span<const uint64_t> least_clock_ns) {
  pulse_.enter(Stage::Join);
  take_what_was_left();
  if (dedup_) dedup_->mark_duplicates(burst);
  verify_checksums(burst, checksums_, checksum_faults_);
  advance_clock(burst, least_clock_ns);
  RowFlags was_kept{};
  const bool kept_any = end_ != nullptr && find_kept(burst, was_kept);
  join_fragments(burst);
  pulse_.enter(Stage::Key);
  extract_keys(extractor_, tracker_.hash(), burst, keys_,
               [this](uint64_t hash) { tracker_.prefetch(hash); });
  extract_quoted(extractor_, tracker_.hash(), burst, quoted_);
  if (share_.workers > 1) keep_own_share(burst);
  if (end_ != nullptr) foreign_.fill(0);
  if (kept_any || (end_ != nullptr && quoted_.count != 0)) send_joined(burst, was_kept);
  follow_flows(burst);
}

// Hops 4 to 8, of a burst whose keys are known.
void Pipeline::follow_flows(Burst& burst) {
  enter_fates(burst);
  pulse_.enter(Stage::Find);
  tracker_.find(burst, keys_, flows_);

  Observer observer{*this};
  for (uint32_t begin = 0; begin < burst.count;) {
    pulse_.enter(Stage::Update);
    tracker_.sweep_step(flows_.clock_ns[begin], observer);
    const uint32_t end = tracker_.update(burst, keys_, flows_, begin, observer, quoted_.rows());
    pulse_.enter(Stage::Streams);
    streams_.deliver(burst, flows_, begin, end, tracker_);
    begin = end;
  }
  pulse_.enter(Stage::Records);
  fragments_.release();
  ring_.publish();
  pull_.serve(tracker_, kPullSetsBusy);
}

// A datagram that is whole stands in the row of the fragment that made it so; what is inside it is
// reached, and its checksums are verified, only now.
void Pipeline::join_fragments(Burst& burst) {
  const auto inward = [&](const PacketView& packet, Layers& layers) {
    if (decap_.takes_any()) take_all_off(packet, decap_, layers);
    if (checksums_ == ChecksumMode::Off || layers.status != DecodeStatus::Ip) return;
    const auto row = static_cast<size_t>(&packet - burst.packet.data());
    checksum_faults_[row] = verify_checksums(packet, checksums_, layers);
  };
  FragmentObserver observer{*this};
  fragments_.join(burst, flows_.clock_ns, inward, observer);
}

void Pipeline::FragmentObserver::on_overlap(const PacketView& packet, const Layers& layers,
                                            FragmentConflict conflict) {
  if (!pipeline.is_first_ || conflict == FragmentConflict::None) return;
  pipeline.out_.packet_anomaly(
      packet, layers,
      layers.ip_version == 4 ? "decoder.ipv4.frag_overlap" : "decoder.ipv6.frag_overlap");
}

// The tracker's clock never goes back, whatever the time stamps do. In replay every worker sees
// every packet, so that all have the same clock at the same packet. Duplicates do not move it: it
// stands where it would without them.
void Pipeline::advance_clock(const Burst& burst, std::span<const uint64_t> least_clock_ns) {
  uint64_t clock_ns = clock_ns_;
  for (uint32_t i = 0; i < burst.count; ++i) {
    if (!least_clock_ns.empty()) clock_ns = std::max(clock_ns, least_clock_ns[i]);
    if (burst.layers[i].status != DecodeStatus::Duplicate)
      clock_ns = std::max(clock_ns, burst.packet[i].time.ns);
    flows_.clock_ns[i] = clock_ns;
    wire_bytes_[i] = burst.packet[i].wire_bytes;
  }
  clock_ns_ = clock_ns;
  show_clock();
}

void Pipeline::keep_own_share(const Burst& burst) {
  for (uint32_t i = 0; i < burst.count; ++i) {
    const uint32_t owner = keys_.has_key[i] != 0 ? owner_of(keys_.hash[i], share_.workers) : 0;
    foreign_[i] = owner != share_.index ? 1 : 0;
    if (foreign_[i] != 0) keys_.has_key[i] = 0;
  }
}

// PERF: what nearly all packets are is counted without a branch on what differs among them: 26
// instructions a packet where one counter for each question took 45.
void Pipeline::enter_fates(const Burst& burst) {
  std::array<uint32_t, kFates> fates{};
  TrafficSeen seen;
  uint64_t bytes = 0;
  uint32_t received = 0;
  uint32_t plain = 0;
  uint32_t plain_udp = 0;
  uint32_t plain_ipv6 = 0;
  for (uint32_t i = 0; i < burst.count; ++i) {
    if (foreign_[i] != 0) continue;
    const Layers& layers = burst.layers[i];
    ++received;
    bytes += wire_bytes_[i];
    if (!is_plain(layers)) [[unlikely]] {
      ++fates[static_cast<size_t>(fate_of(layers.status))];
      seen.note(layers);
      continue;
    }
    ++plain;
    plain_udp += layers.ip_protocol & 1;  // 17 in place of 6
    plain_ipv6 += layers.ip_version & 2;  // 6 in place of 4
  }
  plain_ipv6 /= 2;
  fates[static_cast<size_t>(Fate::Tracked)] += plain;
  ledger_.enter(received, fates);
  traffic_.bytes.add(bytes);
  traffic_.ipv4.add(seen.ipv4 + plain - plain_ipv6);
  traffic_.ipv6.add(seen.ipv6 + plain_ipv6);
  traffic_.tcp.add(seen.tcp + plain - plain_udp);
  traffic_.udp.add(seen.udp + plain_udp);
  traffic_.sctp.add(seen.sctp);
  traffic_.icmp.add(seen.icmp);
  traffic_.vlan.add(seen.vlan);
  traffic_.tunnelled.add(seen.tunnelled);
  traffic_.cut_short.add(seen.cut);
  if (checksums_ != ChecksumMode::Off) count_checksum_faults(burst);
}

void Pipeline::count_checksum_faults(const Burst& burst) {
  uint32_t ip = 0;
  uint32_t transport = 0;
  for (uint32_t i = 0; i < burst.count; ++i) {
    if (foreign_[i] != 0) continue;
    ip += checksum_faults_[i] == ChecksumFault::Ip;
    transport += checksum_faults_[i] == ChecksumFault::Transport;
  }
  traffic_.bad_ip_checksum.add(ip);
  traffic_.bad_transport_checksum.add(transport);
}

void Pipeline::sweep(uint64_t now_ns) {
  clock_ns_ = std::max(clock_ns_, now_ns);
  show_clock();
  Observer observer{*this};
  tracker_.sweep_step(clock_ns_, observer);
  ring_.publish();
}

void Pipeline::finish() { (void)finish_part(tracker_.set_count()); }

bool Pipeline::finish_part(uint32_t sets) {
  // What is over is the same for all workers of one input.
  if (end_ != nullptr) clock_ns_ = std::max(clock_ns_, end_->closed_clock_ns());
  const uint32_t left = tracker_.set_count() - sets_finished_;
  pulse_.enter(Stage::Finish);
  Observer observer{*this};
  tracker_.finish_in(sets_finished_, std::min(sets, left), clock_ns_, observer);
  sets_finished_ += std::min(sets, left);
  ring_.publish();
  if (sets < left) return true;
  pull_.close();
  pulse_.enter(Stage::Done);
  return false;
}

}  // namespace flowscope
