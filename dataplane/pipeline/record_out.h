#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dataplane/pipeline/flow_heads.h"
#include "dataplane/pipeline/record_ring.h"
#include "flowcore/track/burst_tracker.h"
#include "l7/signatures/alert.h"

namespace flowscope {

// Which records a worker writes.
struct RecordChoice {
  bool flow = true;
  bool anomaly = true;
  std::vector<std::string> muted_events;  // messages that are not written: "http", "dns", ...

  [[nodiscard]] bool takes(std::string_view event) const {
    return muted_events.empty()
           || std::find(muted_events.begin(), muted_events.end(), event) == muted_events.end();
  }
};

// Turns what trackers and parsers say into records and pushes them into the worker's ring. The Out
// of Streams. Thread rule: one worker.
class RecordOut {
 public:
  // Of a flow whose protocol was identified: its name, and that of the protocol it began with (null
  // where that is the same).
  using AppName = const char* (*)(const FlowEntry&);

  RecordOut(RecordRing& ring, const RecordChoice& choice, const BurstTracker& tracker,
            AppName app_name, AppName first_app_name = nullptr)
      : ring_(ring),
        choice_(choice),
        tracker_(tracker),
        app_name_(app_name),
        first_app_name_(first_app_name) {}

  // From the next record on; `choice` holds the former one afterwards. No allocation.
  void exchange(RecordChoice& choice) { std::swap(choice_, choice); }

  template <class M>
  void message(const FlowEntry& entry, FlowSide from, Timestamp time, const M& message) {
    if (choice_.takes(M::kEvent)) ring_.push_message(head_of(entry, from, time), message);
  }
  void message(const FlowEntry& entry, FlowSide from, Timestamp time, const Alert& alert);
  // `kind` is a literal, an EVE anomaly name.
  void anomaly(const FlowEntry& entry, FlowSide from, Timestamp time, const char* kind);
  // `gap_bytes`: what was missed of each side's stream.
  void flow(const FlowEntry& entry, EndReason reason, const FlowGaps& gap_bytes = {});
  // Of a flow that lives on.
  void interim(const FlowEntry& entry, const FlowDelta& delta, const FlowGaps& gap_bytes);
  // The same of the stage that puts streams in order; `event` is a literal, an EVE stream event.
  void stream_anomaly(const FlowEntry& entry, FlowSide from, Timestamp time, const char* event);
  // What the tracker met, in one flow and as a whole.
  void stream_anomaly(const FlowEntry& entry, FlowSide from, FlowAnomaly kind, Timestamp time);
  void tracker_anomaly(TrackerAnomaly kind, uint64_t flows, Timestamp time);
  // Of a packet that belongs to no flow yet. `kind` is a literal.
  void packet_anomaly(const PacketView& packet, const Layers& layers, const char* kind);

 private:
  [[nodiscard]] RecordHead head_of(const FlowEntry& entry, FlowSide from, Timestamp time) const;
  [[nodiscard]] const char* app_proto_of(const FlowEntry& entry) const {
    return entry.app != 0 ? app_name_(entry) : nullptr;
  }

  [[nodiscard]] FlowExtras extras_of(const FlowEntry& entry, const FlowGaps& gap_bytes) const;

  RecordRing& ring_;
  RecordChoice choice_;
  const BurstTracker& tracker_;
  AppName app_name_;
  AppName first_app_name_;
  FlowHeads heads_;
};

}  // namespace flowscope
