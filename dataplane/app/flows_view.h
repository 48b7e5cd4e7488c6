#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "flowcore/track/flow_entry.h"

namespace flowscope {

class Pipeline;

// One line for each flow: protocol, endpoints with the initiator first, state, packets and bytes of
// both sides, seconds from its first packet to its last.
[[nodiscard]] std::string flows_table(std::span<const FlowEntry> flows);

// A flow in a message: "TCP 192.0.2.1:40000 -> 192.0.2.2:443", the initiator first.
[[nodiscard]] std::string flow_text(const FlowEntry& entry);

// Looks for the largest live flows of all workers while these go on. Thread rule: ask() and poll()
// belong to one thread, the rest to any. Lifetime: outlives the workers, since one may still write
// into the room of a request.
class FlowsView {
 public:
  static constexpr size_t kTableFlowsMax = 20;
  static constexpr size_t kFlowsMax = 40;

  // Requires: the workers' pipelines, which outlive this.
  explicit FlowsView(std::span<const std::unique_ptr<Pipeline>> pipelines);

  // Wants a table; does nothing while one is awaited.
  void ask();
  // The table, once every worker has answered.
  [[nodiscard]] std::optional<std::string> poll();

  // The largest live flows, up to kFlowsMax. Waits for every worker to come to the end of a burst
  // and look through its table; nothing where one did not for so long.
  [[nodiscard]] std::optional<std::vector<FlowEntry>> largest(std::chrono::milliseconds wait_max);

  // The same by worker, up to kFlowsMax of each, the largest first, for who looks in again: asks
  // and gives the number by which by_worker() tells whether all have answered.
  [[nodiscard]] uint64_t ask_by_worker();
  [[nodiscard]] std::optional<std::vector<std::vector<FlowEntry>>> by_worker(uint64_t number);

 private:
  struct Share {
    Pipeline* pipeline;
    std::vector<FlowEntry> room;
    bool awaited = false;
    size_t flows = 0;
  };
  // Asks all workers, unless they are being asked; gives the number of that round. All that is
  // private is done with the lock held.
  uint64_t begin_round();
  // Takes what has come; true when round `round` is over.
  bool is_over(uint64_t round);
  void gather();

  std::mutex mutex_;
  std::vector<Share> shares_;
  std::vector<FlowEntry> largest_;                 // what the last round found
  std::vector<std::vector<FlowEntry>> by_worker_;  // the same of each worker
  uint64_t rounds_begun_ = 0;
  uint64_t rounds_over_ = 0;
  uint64_t table_round_ = 0;  // the round that the table waits for; 0: nobody wants one
};

}  // namespace flowscope
