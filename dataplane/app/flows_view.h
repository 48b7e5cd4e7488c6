#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "dataplane/pipeline/pipeline.h"
#include "flowcore/track/flow_entry.h"

namespace flowscope {

// One line for each flow: protocol, endpoints with the initiator first, state, packets and bytes of
// both sides, seconds from its first packet to its last.
[[nodiscard]] std::string flows_table(std::span<const FlowEntry> flows);

// Looks for the largest live flows of all workers while these go on. Thread rule: one thread.
// Lifetime: outlives the workers, since one may still write into the room of a request.
class FlowsView {
 public:
  static constexpr size_t kFlowsMax = 20;

  // Requires: the workers' pipelines, which outlive this.
  explicit FlowsView(std::span<const std::unique_ptr<Pipeline>> pipelines);

  // Asks every worker; does nothing while the answers to the last request are awaited.
  void ask();
  // The table, once every worker has answered.
  [[nodiscard]] std::optional<std::string> poll();

 private:
  struct Share {
    Pipeline* pipeline;
    std::vector<FlowEntry> room;
    bool awaited = false;
    size_t flows = 0;
  };
  std::vector<Share> shares_;
  bool asked_ = false;
};

}  // namespace flowscope
