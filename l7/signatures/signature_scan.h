#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include "flowcore/base/bytes.h"
#include "flowcore/base/counter.h"
#include "flowcore/base/flow_side.h"
#include "flowcore/base/slab.h"
#include "l7/signatures/alert.h"
#include "l7/signatures/signature_set.h"

namespace flowscope {

struct ScanOptions {
  uint32_t flows_max = 0;         // flows with a place at the same time; 0: nothing is ever scanned
  uint32_t depth_bytes = 16'384;  // how many first bytes of each side are scanned
};

// Any thread may read them.
struct ScanCounters {
  Counter alerts;
  Counter bytes;            // that were scanned
  Counter flows_refused;    // not scanned, or not told of, because every place was taken
  Counter alerts_withheld;  // beyond the most alerts of a flow's side
  Counter matches_dropped;  // of rules with `proto`, in flows whose protocol was never found, or
                            // beyond the most that may wait for it
};

// What the constraints of a signature are about; asked for only when a pattern was found.
struct ScannedFlow {
  uint16_t responder_port = 0;
  const char* app_proto = nullptr;  // null: not known (yet)

  [[nodiscard]] bool is_identified() const { return app_proto != nullptr; }
  [[nodiscard]] std::string_view name() const {
    return is_identified() ? std::string_view(app_proto) : std::string_view();
  }
};

// Looks for signatures in the first bytes of each side of one worker's flows. A flow is named by a
// handle that its owner keeps, 0 at first: TCP flows have a place from their first bytes on, with a
// stream for each side that spoke; UDP flows from their first match on. `flow` gives the
// ScannedFlow; `tell(FlowSide, const Alert&)` takes the alerts, one for each signature and side of
// a flow.
//
// Signatures may be changed between any two calls. Streams that are open then begin anew with the
// new set at the next byte: what lies across the change is not found.
//
// Thread rule: one worker; counters may be read by any thread. No allocation after construction.
// Memory: a Place for each of flows_max, beside the seat's streams.
class SignatureScan {
 public:
  using Handle = uint32_t;
  static constexpr Handle kNone = 0;
  // The flow is not scanned any more.
  static constexpr Handle kOff = UINT32_MAX;
  // More alerts of one side of a flow are withheld.
  static constexpr size_t kAlertsMax = 8;
  // Matches that may wait for the flow's protocol to be found.
  static constexpr size_t kPendingMax = 4;

  static size_t cost(const ScanOptions& options) {
    return options.flows_max != 0 ? Slab<Place>::cost(options.flows_max) : 0;
  }
  // Streams that a seat needs: one for each side.
  static uint32_t streams_max(const ScanOptions& options) { return 2 * options.flows_max; }
  SignatureScan(Arena& arena, const ScanOptions& options) : options_(options) {
    if (options.flows_max != 0) places_ = Slab<Place>(arena, options.flows_max);
  }

  // Gives the seat that was in use. The new one needs streams_max() streams; null: no signatures.
  std::unique_ptr<ScanSeat> exchange(std::unique_ptr<ScanSeat> seat) {
    ++generation_;
    return std::exchange(seat_, std::move(seat));
  }
  [[nodiscard]] bool has_places() const { return options_.flows_max != 0; }
  [[nodiscard]] bool scans_streams() const {
    return seat_ != nullptr && seat_->set->streams() != nullptr;
  }
  [[nodiscard]] bool scans_datagrams() const {
    return seat_ != nullptr && seat_->set->datagrams() != nullptr;
  }
  // Whether a TCP flow is of interest for its signatures alone, where its sides have come so far:
  // until both sides were scanned, or one is so far ahead that the other will hardly come to it.
  [[nodiscard]] bool wants(Handle handle, uint64_t offset, uint64_t peer_offset) const {
    return scans_streams() && handle != kOff && std::min(offset, peer_offset) < options_.depth_bytes
           && std::max(offset, peer_offset) < kDepthsMax * options_.depth_bytes;
  }

  // The next bytes of a side's stream, which end at `end_offset` of it. Requires: scans_streams().
  template <class Flow, class Tell>
  void on_bytes(Handle& handle, FlowSide side, Bytes bytes, uint64_t end_offset, const Flow& flow,
                const Tell& tell);
  // Bytes of the side were lost: nothing is found across them.
  void on_gap(Handle handle, FlowSide side);
  // One datagram. `scanned_bytes` counts those of the side, for the owner to keep. Requires:
  // scans_datagrams().
  template <class Flow, class Tell>
  void on_datagram(Handle& handle, FlowSide side, Bytes payload, uint32_t& scanned_bytes,
                   const Flow& flow, const Tell& tell);
  // The flow is over, or done with: says what waited for its protocol, and gives its place back.
  template <class Flow, class Tell>
  void on_end(Handle& handle, const Flow& flow, const Tell& tell);
  // The same without a word.
  void close(Handle& handle);

  [[nodiscard]] const ScanCounters& counters() const { return counters_; }
  [[nodiscard]] uint32_t flows_open() const { return places_.live(); }

 private:
  static constexpr uint64_t kDepthsMax = 4;

  struct ScannedSide {
    uint64_t begins = 0;  // offset of the first byte that its stream saw
    StreamPool::Handle stream = StreamPool::kNone;
    uint8_t alerts = 0;
    std::array<uint32_t, kAlertsMax> alerted_sids;
  };
  struct Pending {
    uint32_t id;
    FlowSide side;
  };
  struct Place {
    explicit Place(uint32_t of_generation) : generation(of_generation) {}
    uint32_t generation;  // of the seat whose streams and signatures it holds
    uint8_t pendings = 0;
    std::array<ScannedSide, 2> sides;
    std::array<Pending, kPendingMax> pending;
  };
  static_assert(sizeof(Place) <= 136, "docs/signatures.md tells what a flow takes");

  // The flow's place, brought up to the seat in use; null where there is none, and refused.
  Place* place_of(Handle& handle);
  // A pattern was found that ends at `end` of the side or datagram.
  template <class Flow, class Tell>
  void judge(Handle& handle, uint32_t id, FlowSide side, uint64_t end, const Flow& flow,
             const Tell& tell);
  template <class Tell>
  void alert(Place& place, const Signature& signature, FlowSide side, const Tell& tell);
  template <class Flow, class Tell>
  void settle(Handle handle, const Flow& flow, const Tell& tell);
  [[nodiscard]] static bool was_told(const ScannedSide& side, uint32_t sid);

  ScanOptions options_;
  std::unique_ptr<ScanSeat> seat_;
  Slab<Place> places_;
  uint32_t generation_ = 0;
  ScanCounters counters_;
};

template <class Flow, class Tell>
void SignatureScan::on_bytes(Handle& handle, FlowSide side, Bytes bytes, uint64_t end_offset,
                             const Flow& flow, const Tell& tell) {
  const uint64_t begin = end_offset - bytes.size();
  if (handle == kOff || begin >= options_.depth_bytes) return;
  Place* place = place_of(handle);
  if (place == nullptr) {
    handle = kOff;
    return;
  }
  ScannedSide& scanned = place->sides[index_of(side)];
  if (scanned.stream == StreamPool::kNone) {
    scanned.stream = seat_->streams.take();
    FS_CHECK(scanned.stream != StreamPool::kNone);
    scanned.begins = begin;
  }
  const Bytes within = bytes.first(options_.depth_bytes - begin);
  counters_.bytes.add(within.size());
  PatternScan::stream(seat_->streams, scanned.stream, seat_->scratch, within,
                      [&](uint32_t id, uint64_t end) {
                        judge(handle, id, side, scanned.begins + end, flow, tell);
                        return true;
                      });
  if (end_offset >= options_.depth_bytes) {
    seat_->streams.give_back(scanned.stream);
    scanned.stream = StreamPool::kNone;
  }
  if (place->pendings != 0) settle(handle, flow, tell);
}

template <class Flow, class Tell>
void SignatureScan::on_datagram(Handle& handle, FlowSide side, Bytes payload,
                                uint32_t& scanned_bytes, const Flow& flow, const Tell& tell) {
  if (scanned_bytes >= options_.depth_bytes) return;
  const Bytes within = payload.first(options_.depth_bytes - scanned_bytes);
  scanned_bytes += static_cast<uint32_t>(within.size());
  counters_.bytes.add(within.size());
  PatternScan::block(*seat_->set->datagrams(), seat_->scratch, within,
                     [&](uint32_t id, uint64_t end) {
                       judge(handle, id, side, end, flow, tell);
                       return true;
                     });
  settle(handle, flow, tell);
}

template <class Flow, class Tell>
void SignatureScan::judge(Handle& handle, uint32_t id, FlowSide side, uint64_t end,
                          const Flow& flow, const Tell& tell) {
  const Signature& signature = seat_->set->signature(id);
  if (!signature.is_from(side)) return;
  if (signature.depth_bytes != 0 && end > signature.depth_bytes) return;
  const ScannedFlow facts = flow();
  if (!signature.takes_port(facts.responder_port)) return;
  const bool waits = !signature.protocols.empty() && !facts.is_identified();
  if (!waits && !signature.takes_protocol(facts.name())) return;
  Place* place = place_of(handle);
  if (place == nullptr) return;
  if (signature.is_anchored && place->sides[index_of(side)].begins != 0) return;
  if (!waits) return alert(*place, signature, side, tell);
  if (place->pendings == kPendingMax) {
    counters_.matches_dropped.add(1);
  } else {
    place->pending[place->pendings++] = {id, side};
  }
}

template <class Tell>
void SignatureScan::alert(Place& place, const Signature& signature, FlowSide side,
                          const Tell& tell) {
  ScannedSide& scanned = place.sides[index_of(side)];
  if (was_told(scanned, signature.sid)) return;
  if (signature.once == AlertOnce::PerFlow
      && was_told(place.sides[index_of(other_side(side))], signature.sid))
    return;
  if (scanned.alerts == kAlertsMax) {
    counters_.alerts_withheld.add(1);
    return;
  }
  scanned.alerted_sids[scanned.alerts++] = signature.sid;
  counters_.alerts.add(1);
  tell(side, Alert{signature});
}

// The protocol may have been found since: says what waited for it.
template <class Flow, class Tell>
void SignatureScan::settle(Handle handle, const Flow& flow, const Tell& tell) {
  if (handle == kNone || handle == kOff) return;
  Place& place = places_.get(handle);
  if (place.pendings == 0 || place.generation != generation_) return;
  const ScannedFlow facts = flow();
  if (!facts.is_identified()) return;
  for (const Pending& pending : std::span(place.pending).first(place.pendings)) {
    const Signature& signature = seat_->set->signature(pending.id);
    if (signature.takes_protocol(facts.name())) alert(place, signature, pending.side, tell);
  }
  place.pendings = 0;
}

template <class Flow, class Tell>
void SignatureScan::on_end(Handle& handle, const Flow& flow, const Tell& tell) {
  settle(handle, flow, tell);
  close(handle);
}

}  // namespace flowscope
