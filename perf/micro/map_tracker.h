#pragma once

#include <list>
#include <unordered_map>

#include "flowcore/extract/five_tuple.h"
#include "flowcore/extract/keys.h"
#include "flowcore/packet/decode.h"
#include "flowcore/track/flow_entry.h"
#include "flowcore/track/tcp_step.h"

namespace flowscope::bench {

// What rivals do with the flow of a packet once they have found it: the same as BurstTracker.
inline void account(FlowEntry& entry, const Burst& burst, const FlowKeys& keys, uint32_t packet) {
  const Layers& layers = burst.layers[packet];
  const FlowSide side = entry.side_of(keys.orientation[packet]);
  SideCounters& sender = entry.side[index_of(side)];
  sender.count(burst.packet[packet].wire_bytes);
  entry.see(burst.packet[packet].time, burst.packet[packet].time.ns);
  if (!layers.has_l4 || !entry.is_tcp()) return;
  sender.add_tcp_flags(layers.tcp_flags);
  const TcpStep step = follow_tcp(entry, side, layers, burst.packet[packet]);
  entry.state = next_tcp_state(entry.state, side, step.signal);
}

struct KeyHash {
  KeyedHash hash{1, 2};
  size_t operator()(const FlowKey& key) const { return hash(&key); }
};

// The table that one would write first: std::unordered_map, and a std::list in the order of last
// use.
class MapTracker {
 public:
  explicit MapTracker(uint32_t flows_max) : flows_max_(flows_max) { flows_.reserve(flows_max); }

  void run(Burst& burst) {
    decode_layers(burst);
    extract_keys(FiveTuple::bidirectional(), hash_, burst, keys_);
    for (uint32_t i = 0; i < burst.count; ++i) {
      if (keys_.has_key[i] == 0) continue;
      const auto [found, is_new] = flows_.try_emplace(keys_.key[i]);
      Flow& flow = found->second;
      if (is_new) {
        flow.entry.key = keys_.key[i];
        flow.entry.initiator = keys_.orientation[i];
        flow.entry.started_ns = burst.packet[i].time.ns;
        flow.place = order_.insert(order_.begin(), found->first);
        if (flows_.size() > flows_max_) {
          flows_.erase(order_.back());
          order_.pop_back();
        }
      } else {
        order_.splice(order_.begin(), order_, flow.place);
      }
      account(flow.entry, burst, keys_, i);
    }
  }
  [[nodiscard]] uint64_t live() const { return flows_.size(); }

 private:
  struct Flow {
    FlowEntry entry;
    std::list<FlowKey>::iterator place;
  };
  KeyedHash hash_{1, 2};
  uint32_t flows_max_;
  std::unordered_map<FlowKey, Flow, KeyHash> flows_;
  std::list<FlowKey> order_;
  FlowKeys keys_;
};

}  // namespace flowscope::bench
