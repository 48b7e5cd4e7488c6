#include "dataplane/pipeline/pipeline.h"

#include <algorithm>

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
      decap_(options.decap),
      checksums_(options.checksums),
      fragments_(arena_, options.fragments, options.tracker.hash_seed_low,
                 options.tracker.hash_seed_high),
      tracker_(arena_, options.tracker),
      ring_(arena_, options.ring_bytes, options.overflow),
      out_(ring_, options.records, tracker_, &Streams<RecordOut>::app_name,
           &Streams<RecordOut>::first_app_name),
      streams_(arena_, options.streams, out_),
      extractor_(options.key_with) {
  if (options.dedup) dedup_.emplace(arena_, *options.dedup);
}

void Pipeline::run(Burst& burst) {
  seats_.serve(streams_.signatures());
  decode_layers(burst, decap_);
  if (dedup_) dedup_->mark_duplicates(burst);
  verify_checksums(burst, checksums_, checksum_faults_);
  advance_clock(burst);
  join_fragments(burst);
  extract_keys(extractor_, tracker_.hash(), burst, keys_,
               [this](uint64_t hash) { tracker_.prefetch(hash); });
  extract_quoted(extractor_, tracker_.hash(), burst, quoted_);
  if (share_.workers > 1) keep_own_share(burst);
  enter_fates(burst);
  tracker_.find(burst, keys_, flows_);

  Observer observer{*this};
  for (uint32_t begin = 0; begin < burst.count;) {
    tracker_.sweep_step(flows_.clock_ns[begin], observer);
    const uint32_t end = tracker_.update(burst, keys_, flows_, begin, observer, quoted_.rows());
    streams_.deliver(burst, flows_, begin, end, tracker_);
    begin = end;
  }
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
void Pipeline::advance_clock(const Burst& burst) {
  for (uint32_t i = 0; i < burst.count; ++i) {
    if (burst.layers[i].status != DecodeStatus::Duplicate)
      clock_ns_ = std::max(clock_ns_, burst.packet[i].time.ns);
    flows_.clock_ns[i] = clock_ns_;
    wire_bytes_[i] = burst.packet[i].wire_bytes;
  }
}

void Pipeline::keep_own_share(const Burst& burst) {
  for (uint32_t i = 0; i < burst.count; ++i) {
    // The table's set comes from the low half of the hash, its signature from the top 12 bits; the
    // share takes others.
    const uint64_t owner =
        keys_.has_key[i] != 0 ? (keys_.hash[i] >> 32 & 0xffff) % share_.workers : 0;
    foreign_[i] = owner != share_.index ? 1 : 0;
    if (foreign_[i] != 0) keys_.has_key[i] = 0;
  }
}

void Pipeline::enter_fates(const Burst& burst) {
  std::array<uint32_t, kFates> fates{};
  uint64_t bytes = 0;
  uint32_t received = 0;
  struct {
    uint32_t ipv4 = 0, ipv6 = 0, tcp = 0, udp = 0, sctp = 0, icmp = 0, vlan = 0, cut = 0,
             tunnelled = 0;
  } seen;
  for (uint32_t i = 0; i < burst.count; ++i) {
    if (foreign_[i] != 0) continue;
    const Layers& layers = burst.layers[i];
    ++received;
    bytes += wire_bytes_[i];
    ++fates[static_cast<size_t>(fate_of(layers.status))];
    seen.vlan += layers.vlan_count != 0;
    if (layers.status != DecodeStatus::Ip) continue;
    seen.ipv4 += layers.ip_version == 4;
    seen.ipv6 += layers.ip_version == 6;
    const auto protocol = static_cast<IpProtocol>(layers.ip_protocol);
    seen.tcp += protocol == IpProtocol::Tcp;
    seen.udp += protocol == IpProtocol::Udp;
    seen.sctp += protocol == IpProtocol::Sctp;
    seen.icmp += protocol == IpProtocol::Icmp || protocol == IpProtocol::IcmpV6;
    seen.tunnelled += layers.encap.depth != 0;
    seen.cut += layers.payload_captured < layers.payload_bytes;
  }
  ledger_.received.add(received);
  for (size_t i = 0; i < kFates; ++i) {
    if (fates[i] != 0) ledger_.enter(static_cast<Fate>(i), fates[i]);
  }
  traffic_.bytes.add(bytes);
  traffic_.ipv4.add(seen.ipv4);
  traffic_.ipv6.add(seen.ipv6);
  traffic_.tcp.add(seen.tcp);
  traffic_.udp.add(seen.udp);
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
  Observer observer{*this};
  tracker_.sweep_step(clock_ns_, observer);
  ring_.publish();
}

void Pipeline::finish() { (void)finish_part(tracker_.set_count()); }

bool Pipeline::finish_part(uint32_t sets) {
  const uint32_t left = tracker_.set_count() - sets_finished_;
  Observer observer{*this};
  tracker_.finish_in(sets_finished_, std::min(sets, left), clock_ns_, observer);
  sets_finished_ += std::min(sets, left);
  ring_.publish();
  if (sets < left) return true;
  pull_.close();
  return false;
}

}  // namespace flowscope
