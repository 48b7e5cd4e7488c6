#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "dataplane/pipeline/ledger.h"
#include "dataplane/pipeline/record_out.h"
#include "dataplane/pipeline/seat_exchange.h"
#include "dataplane/pipeline/traffic_counters.h"
#include "flowcore/base/arena.h"
#include "flowcore/extract/five_tuple.h"
#include "flowcore/extract/keys.h"
#include "flowcore/extract/quoted_flows.h"
#include "flowcore/extract/with_network.h"
#include "flowcore/packet/checksum.h"
#include "flowcore/packet/decap.h"
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
  WorkerShare share;
  ChecksumMode checksums = ChecksumMode::Off;
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

  // Takes a received burst through all hops. The frames are no longer needed when it returns.
  void run(Burst& burst);
  // No packets came and it is `now_ns`: ends what is idle and shows the exporter what is there.
  void sweep(uint64_t now_ns);
  // Nothing to do: goes on with what other threads asked for.
  void idle() {
    pull_.serve(tracker_, kPullSetsIdle);
    seats_.serve(streams_.signatures());
  }
  // No packet will come: ends every flow.
  void finish();
  // The same for the next `sets` sets of the table (16 flows each at most), for whoever reads the
  // ring on the same thread and makes room in between. False when no flow is left.
  bool finish_part(uint32_t sets);

  [[nodiscard]] const Ledger& ledger() const { return ledger_; }
  [[nodiscard]] const TrafficCounters& traffic() const { return traffic_; }
  [[nodiscard]] const BurstTracker& tracker() const { return tracker_; }
  [[nodiscard]] const StreamsCounters& streams() const { return streams_.counters(); }
  // What became of fragments; null where another worker sees the same fragments and counts them.
  [[nodiscard]] const FragmentCounters* fragments() const {
    return is_first_ ? &fragments_.counters() : nullptr;
  }
  [[nodiscard]] RecordRing& ring() { return ring_; }
  // The way to the live flows for another thread.
  [[nodiscard]] FlowPull& pull() { return pull_; }
  // The way in for signatures, at the start and on reload. See SignatureSet for what must outlive
  // us.
  [[nodiscard]] SeatExchange& seats() { return seats_; }
  [[nodiscard]] const ScanCounters& signatures() const { return streams_.signatures().counters(); }

 private:
  // Ends flows in the right order: first what the parsers still say, then the flow's own record.
  struct Observer {
    Pipeline& pipeline;
    void on_started(FlowEntry&) {}
    void on_established(FlowEntry&) {}
    void on_ended(FlowEntry& entry, EndReason reason) {
      const GapBytes gap_bytes = pipeline.streams_.end(entry, reason);
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

  Pipeline(Arena arena, const PipelineOptions& options);
  void join_fragments(Burst& burst);
  void advance_clock(const Burst& burst);
  void keep_own_share(const Burst& burst);
  void enter_fates(const Burst& burst);
  void count_checksum_faults(const Burst& burst);

  Arena arena_;
  WorkerShare share_;
  bool is_first_;  // of the workers that see the same packets
  Decap decap_;
  ChecksumMode checksums_;
  std::optional<Dedup> dedup_;
  FragmentTable fragments_;
  BurstTracker tracker_;
  FlowPull pull_;
  SeatExchange seats_;
  RecordRing ring_;
  RecordOut out_;
  Streams<RecordOut> streams_;
  WithNetwork<FiveTuple> extractor_;
  ChecksumFaults checksum_faults_{};
  FlowKeys keys_;
  QuotedFlows quoted_;
  FlowBurst flows_;
  std::array<uint8_t, kBurstMax> foreign_{};      // packets of other workers' shares
  std::array<uint32_t, kBurstMax> wire_bytes_{};  // of frames, not of datagrams put together
  uint64_t clock_ns_ = 0;
  uint32_t sets_finished_ = 0;  // see finish_part()
  Ledger ledger_;
  TrafficCounters traffic_;
};

}  // namespace flowscope
