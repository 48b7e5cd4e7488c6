#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "dataplane/pipeline/flow_book.h"
#include "dataplane/pipeline/hand_over.h"
#include "dataplane/pipeline/ledger.h"
#include "dataplane/pipeline/pipeline_settings.h"
#include "dataplane/pipeline/pulse.h"
#include "dataplane/pipeline/record_out.h"
#include "dataplane/pipeline/resteer.h"
#include "dataplane/pipeline/steer_hash.h"
#include "dataplane/pipeline/traffic_counters.h"
#include "flowcore/base/arena.h"
#include "flowcore/extract/five_tuple.h"
#include "flowcore/extract/keys.h"
#include "flowcore/extract/quoted_flows.h"
#include "flowcore/extract/with_network.h"
#include "flowcore/packet/checksum.h"
#include "flowcore/packet/decap.h"
#include "flowcore/packet/decode.h"
#include "flowcore/packet/icmp.h"
#include "flowcore/packet/quoted.h"
#include "flowcore/stream/fragment_table.h"
#include "flowcore/track/burst_tracker.h"
#include "flowcore/track/dedup.h"
#include "flowcore/track/flow_pull.h"
#include "l7/streams.h"

namespace flowscope {

// Which part of the traffic is this worker's, where every worker sees all of it (replay). The keyed
// symmetric hash decides, so both directions of a flow go to one worker.
struct WorkerShare {
  uint32_t index = 0;
  uint32_t workers = 1;
};

struct PipelineOptions {
  Decap decap;
  NetworkOptions key_with;              // what is part of the flow key besides the five-tuple
  std::optional<Dedup::Options> dedup;  // nothing: duplicates are packets like others
  FragmentTable::Options fragments;
  BurstTracker::Options tracker;
  StreamsOptions streams;
  RecordChoice records;
  size_t ring_bytes = size_t{8} << 20;
  Overflow overflow = Overflow::Shed;
  std::vector<RecordType> shed_first;  // see RecordRing
  WorkerShare share;
  ChecksumMode checksums = ChecksumMode::Off;
  bool track = true;  // false: packets are counted, nothing is looked at
};

// Hops 2 to 8 of the packet's way for one worker: everything behind the port. Owns all of the
// worker's memory, reserved by create(). Thread rule: run, sweep and finish belong to the worker;
// counters may be read by any thread; the ring's reading side belongs to the exporter.
class Pipeline {
 public:
  // Bytes that create() will reserve.
  static size_t cost(const PipelineOptions& options);
  static Result<std::unique_ptr<Pipeline>> create(const PipelineOptions& options,
                                                  Arena::Populate populate);

  // From now on packets of other workers' flows go to them, and theirs come to us. `end` outlives
  // us. Requires: the workers hash alike (tracker.hash_seed), none of them has seen a packet yet,
  // and share.workers is 1.
  void steer_by(ResteerEnd& end) {
    end_ = &end;
    if (end.readers() == Readers::One) part_ = std::make_unique<Burst>();
  }
  [[nodiscard]] ResteerEnd* resteer() const { return end_; }

  // Takes a received burst through all hops. The frames are no longer needed when it returns.
  void run(Burst& burst);
  // The same with resteer(): what is other workers' goes to them, the rest through all hops.
  // `lends` as in ResteerEnd::pass_on. Returns how many owners of frames that are to be released
  // stand behind those of the rows that are left.
  template <class Lends>
  uint32_t run_own(Burst& burst, const Lends& lends) {
    find_owners(burst);
    const uint32_t parted = keeps_any_ ? run_parts(burst, lends) : run_part(burst, 0, lends);
    end_->publish();
    return parted;
  }
  // What came from other workers.
  void run_resteered(Burst& burst, const ResteerRows& rows);
  // No packets came and it is `now_ns`: ends what is idle and shows the exporter what is there.
  void sweep(uint64_t now_ns);
  // Nothing to do: goes on with what other threads asked for.
  void idle() {
    pull_.serve(tracker_, kPullSetsIdle);
    take_what_was_left();
  }
  // No packet will come: ends every flow.
  void finish();
  // The same for the next `sets` sets of the table (16 flows each at most), for whoever reads the
  // ring on the same thread and makes room in between. False when no flow is left.
  bool finish_part(uint32_t sets);

  // That the worker moves, and where it is.
  [[nodiscard]] Pulse& pulse() { return pulse_; }
  [[nodiscard]] const Pulse& pulse() const { return pulse_; }
  [[nodiscard]] const Ledger& ledger() const { return ledger_; }
  [[nodiscard]] const TrafficCounters& traffic() const { return traffic_; }
  [[nodiscard]] const BurstTracker& tracker() const { return tracker_; }
  [[nodiscard]] const FlowBook& flows() const { return flow_book_; }
  [[nodiscard]] const StreamsCounters& streams() const { return streams_.counters(); }
  // The worker's clock: the largest packet time so far, or the port's while nothing comes.
  [[nodiscard]] Timestamp clock() const { return {clock_shown_.value()}; }
  // What became of fragments; null where another worker sees the same fragments and counts them.
  [[nodiscard]] const FragmentCounters* fragments() const {
    return is_first_ ? &fragments_.counters() : nullptr;
  }
  [[nodiscard]] RecordRing& ring() { return ring_; }
  [[nodiscard]] const RecordRing& ring() const { return ring_; }
  // The way to the live flows for another thread.
  [[nodiscard]] FlowPull& pull() { return pull_; }
  // The way in for signatures, at the start and on reload. See SignatureSet for what must outlive
  // us.
  [[nodiscard]] HandOver<ScanSeat>& seats() { return seats_; }
  // The way in for other settings; the worker has them from its next burst on, or when it is idle.
  [[nodiscard]] HandOver<PipelineSettings>& settings() { return settings_; }
  [[nodiscard]] const ScanCounters& signatures() const { return streams_.signatures().counters(); }

 private:
  // Ends flows in the right order: first what the parsers still say, then the flow's own record.
  struct Observer {
    Pipeline& pipeline;
    void on_started(FlowEntry& entry) { pipeline.flow_book_.begin(entry); }
    void on_established(FlowEntry&) {}
    void on_ended(FlowEntry& entry, EndReason reason) {
      const GapBytes gap_bytes = pipeline.streams_.end(entry, reason);
      pipeline.flow_book_.end(entry, reason, pipeline.tracker_.hash());
      pipeline.out_.flow(entry, reason, gap_bytes);
    }
    void on_interim(FlowEntry& entry, const FlowDelta& delta) {
      pipeline.out_.interim(entry, delta, pipeline.streams_.gap_bytes_of(entry));
    }
    void on_anomaly(FlowEntry& entry, FlowSide from, FlowAnomaly anomaly, Timestamp time) {
      pipeline.out_.stream_anomaly(entry, from, anomaly, time);
    }
    void on_tracker_anomaly(TrackerAnomaly anomaly, uint64_t flows, Timestamp time) {
      pipeline.out_.tracker_anomaly(anomaly, flows, time);
    }
  };

  // Tells of fragments that contradict each other.
  struct FragmentObserver {
    Pipeline& pipeline;
    void on_overlap(const PacketView& packet, const Layers& layers, FragmentConflict conflict);
  };

  // Sets of the table that are looked through for an asker, after a burst and when there is
  // nothing to do: some microseconds of the one, some hundred of the other.
  static constexpr uint32_t kPullSetsBusy = 16;
  static constexpr uint32_t kPullSetsIdle = 4096;

  using RowFlags = std::array<uint8_t, kBurstMax>;

  Pipeline(Arena arena, const PipelineOptions& options);
  // Signatures and settings, where other threads left some.
  void take_what_was_left() {
    seats_.serve([this](std::unique_ptr<ScanSeat> next) {
      return streams_.signatures().exchange(std::move(next));
    });
    settings_.serve([this](std::unique_ptr<PipelineSettings> next) {
      take(*next);
      return next;
    });
  }
  // Afterwards `settings` holds whatever is to be freed.
  void take(PipelineSettings& settings);
  void count(const Burst& burst);
  // `least_clock_ns`: the clock is not behind it at each row; empty where nobody says.
  void run_decoded(Burst& burst, std::span<const uint64_t> least_clock_ns = {});
  void follow_flows(Burst& burst);
  void find_owners(Burst& burst);
  void find_open_owners(Burst& burst, std::span<const uint32_t> rows);
  [[nodiscard]] uint32_t owner_of_decoded(const PacketView& packet, Layers& layers) const;
  // What is decoded and sent on by whoever received it: fragments, for only what they are part of
  // tells a flow, and, of who receives everything, ICMP errors, for they tell two workers
  // something.
  [[nodiscard]] bool is_kept(const PacketView& packet, const Layers& layers) const {
    if (layers.is_fragment) return true;
    if (part_ == nullptr || !is_icmp(layers.ip_protocol)) return false;
    Layers quoted;
    return quoted_packet(layers, packet, quoted);
  }
  // Rows of a port's burst, whose owners and clocks stand from `begin` on. As run_own().
  template <class Lends>
  uint32_t run_part(Burst& rows, uint32_t begin, const Lends& lends);
  template <class Lends>
  uint32_t run_parts(Burst& burst, const Lends& lends);
  // Marks the rows that are kept. False: there are none, and nothing is marked.
  bool find_kept(const Burst& burst, RowFlags& kept) const;
  void send_joined(const Burst& burst, const RowFlags& was_kept);
  void keep_own_rows(const Burst& burst, const ResteerRows& rows);
  void enter_dropped(uint32_t wire_bytes);
  void join_fragments(Burst& burst);
  void advance_clock(const Burst& burst, std::span<const uint64_t> least_clock_ns);
  void keep_own_share(const Burst& burst);
  void enter_fates(const Burst& burst);
  void show_clock() { clock_shown_.add(clock_ns_ - clock_shown_.value()); }
  void count_checksum_faults(const Burst& burst);

  Arena arena_;
  WorkerShare share_;
  bool is_first_;  // of the workers that see the same packets
  bool tracks_;
  Decap decap_;
  ChecksumMode checksums_;
  std::optional<Dedup> dedup_;
  FragmentTable fragments_;
  BurstTracker tracker_;
  FlowPull pull_;
  HandOver<ScanSeat> seats_;
  HandOver<PipelineSettings> settings_;
  RecordRing ring_;
  RecordOut out_;
  Streams<RecordOut> streams_;
  WithNetwork<FiveTuple> extractor_;
  ChecksumFaults checksum_faults_{};
  FlowKeys keys_;
  QuotedFlows quoted_;
  FlowBurst flows_;
  ResteerEnd* end_ = nullptr;  // null: packets stay where they come
  SteerHash steer_;
  std::array<uint32_t, kBurstMax> owners_{};         // workers, of a burst of a port
  std::array<uint64_t, kBurstMax> port_clock_ns_{};  // the clock at each row of it
  RowFlags keeps_{};                                 // rows of it that are kept, see is_kept()
  bool keeps_any_ = false;
  bool is_decoded_ = false;                       // all of it was, to find the owners
  std::unique_ptr<Burst> part_;                   // null where several workers have ports
  RowFlags foreign_{};                            // packets of other workers' shares
  std::array<uint32_t, kBurstMax> wire_bytes_{};  // of frames, not of datagrams put together
  uint64_t clock_ns_ = 0;
  uint32_t sets_finished_ = 0;  // see finish_part()
  Ledger ledger_;
  TrafficCounters traffic_;
  FlowBook flow_book_;
  Counter clock_shown_;  // clock_ns_ for other threads
  Pulse pulse_;
};

template <class Lends>
uint32_t Pipeline::run_part(Burst& rows, uint32_t begin, const Lends& lends) {
  const std::span<const uint32_t> owners(owners_.data() + begin, rows.count);
  const std::span<uint64_t> clock_ns(port_clock_ns_.data() + begin, rows.count);
  const uint64_t last_clock_ns = rows.count == 0 ? 0 : clock_ns.back();
  const uint32_t parted =
      end_->pass_on(rows, {.owners = owners, .clock_ns = clock_ns, .are_decoded = is_decoded_},
                    lends, [this](const PacketView& packet) { enter_dropped(packet.wire_bytes); });
  if (rows.count != 0) {
    if (!is_decoded_) {
      pulse_.enter(Stage::Decode);
      decode_layers(rows, decap_);
    }
    run_decoded(rows, clock_ns);
  }
  clock_ns_ = std::max(clock_ns_, last_clock_ns);
  show_clock();
  return parted;
}

// A row that is kept may send on what it has become, which must not overtake what came before nor
// be overtaken: it is the last of its part.
template <class Lends>
uint32_t Pipeline::run_parts(Burst& burst, const Lends& lends) {
  std::array<void*, kBurstMax> done;
  uint32_t done_count = 0;
  for (uint32_t begin = 0; begin < burst.count;) {
    uint32_t& count = part_->count;
    count = 0;
    for (bool is_last = false; begin + count < burst.count && !is_last; ++count) {
      const uint32_t row = begin + count;
      part_->packet[count] = burst.packet[row];
      part_->owner[count] = burst.owner[row];
      part_->layers[count] = burst.layers[row];
      is_last = keeps_[row] != 0;
    }
    const uint32_t next = begin + count;
    count += run_part(*part_, begin, lends);
    std::copy_n(part_->owner.begin(), count, done.begin() + done_count);
    done_count += count;
    begin = next;
  }
  std::copy_n(done.begin(), done_count, burst.owner.begin());
  burst.count = 0;
  return done_count;
}

}  // namespace flowscope
