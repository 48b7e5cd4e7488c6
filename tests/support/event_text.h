#pragma once

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "flowcore/track/flow_event.h"

namespace flowscope::testing {

// What an event says, in a line that tests compare: "1000-80 packet initiator 54 at 3".
class EventText {
 public:
  static std::string of(const FlowEvent& event) { return std::visit(EventText(), event); }

  std::string operator()(const FlowStarted& event) const {
    return flow(event.key) + "started " + side(event.side) + at(event.time);
  }
  std::string operator()(const FlowPacket& event) const {
    return flow(event.key) + "packet " + side(event.side) + " " + std::to_string(event.bytes)
           + at(event.time);
  }
  std::string operator()(const FlowEstablished& event) const {
    return flow(event.key) + "established" + at(event.time);
  }
  std::string operator()(const FlowStateChange& event) const {
    return flow(event.key) + std::string(name_of(event.from)) + " to "
           + std::string(name_of(event.to)) + at(event.time);
  }
  std::string operator()(const FlowEnded& event) const {
    const FlowStats& stats = event.stats;
    return flow(event.key) + "ended " + std::string(name_of(event.reason)) + " "
           + std::to_string(stats.side[0].packets) + "/" + std::to_string(stats.side[1].packets)
           + " from " + std::to_string(stats.started.ns) + " to "
           + std::to_string(stats.last_seen.ns);
  }
  std::string operator()(const FlowAnomalyEvent& event) const {
    return flow(event.key) + std::string(name_of(event.kind)) + " " + side(event.side)
           + at(event.time);
  }
  std::string operator()(const TrackerAnomalyEvent& event) const {
    return std::string(name_of(event.kind)) + " " + std::to_string(event.flows) + at(event.time);
  }
  std::string operator()(const FlowInterim& event) const {
    return flow(event.key) + "interim " + std::to_string(event.delta.packets[0]) + "/"
           + std::to_string(event.delta.packets[1]) + " of "
           + std::to_string(event.stats.packets());
  }

 private:
  static std::string flow(const FlowKey& key) {
    return std::to_string(key.a_port) + "-" + std::to_string(key.b_port) + " ";
  }
  static std::string side(FlowSide side) {
    return side == FlowSide::Initiator ? "initiator" : "responder";
  }
  static std::string at(Timestamp time) { return " at " + std::to_string(time.ns); }
};

// A sink that keeps the lines.
struct EventLog {
  std::vector<std::string> lines;

  void operator()(const FlowEvent& event) { lines.push_back(EventText::of(event)); }
  std::vector<std::string> take() { return std::exchange(lines, {}); }
};

}  // namespace flowscope::testing
