#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>

#include "flowcore/track/burst_tracker.h"
#include "flowcore/track/flow_entry.h"

namespace flowscope {

// Which flows an asker wants; every condition that is given must hold.
struct FlowFilter {
  std::optional<uint16_t> port;  // of either end; no ICMP flow has one
  std::optional<Address> address;
  uint8_t ip_version = 4;  // of `address`

  [[nodiscard]] bool takes(const FlowEntry& entry) const {
    if (port.has_value() && !either_port(entry.key, *port)) return false;
    return !address.has_value()
           || (entry.key.ip_version == ip_version
               && (entry.key.a_address == *address || entry.key.b_address == *address));
  }
};

// Which flows an asker gets where there are more than it has room for.
enum class FlowOrder : uint8_t { Any, MostBytes };

// A way for another thread to see the live flows of a worker without stopping it: the asker posts
// a request and a place for copies, the owner of the table fills it between bursts, a few sets at a
// time, and the asker polls until the answer is there. Each copy is exact, and all are of about the
// same time; a flow that moves in the table meanwhile may be missed or be there twice.
//
// Thread rule: ask() and answer() belong to one asker at a time, serve() and close() to the worker.
// Lifetime: the room lives until the answer was taken or the worker closed. Cost: one load a burst
// while nobody asks.
class FlowPull {
 public:
  struct Request {
    std::span<FlowEntry> room;
    FlowFilter filter;
    FlowOrder order = FlowOrder::Any;
  };

  // Asker: posts a request. False while another is under way, and once the worker has closed.
  [[nodiscard]] bool ask(const Request& request) {
    // acquire: pairs with the release in answer() where another thread asked before.
    if (phase_.load(std::memory_order_acquire) != Phase::Free) return false;
    request_ = request;
    Phase free = Phase::Free;
    // release: pairs with the acquire load in serve(); the request is written before it is seen.
    return phase_.compare_exchange_strong(free, Phase::Asked, std::memory_order_release,
                                          std::memory_order_relaxed);
  }
  // Asker: how many flows lie in the room, the largest first where that was asked for; nothing
  // while the worker is not done. A worker that has closed has none. Requires: ask() gave true.
  [[nodiscard]] std::optional<size_t> answer() {
    // acquire: pairs with the release stores of serve() and close(); the copies are whole.
    const Phase phase = phase_.load(std::memory_order_acquire);
    if (phase == Phase::Closed) return 0;
    if (phase != Phase::Answered) return std::nullopt;
    const size_t flows = flows_;
    Phase answered = Phase::Answered;
    // release: pairs with the acquire load in ask(). A close() that came in between stays.
    phase_.compare_exchange_strong(answered, Phase::Free, std::memory_order_release,
                                   std::memory_order_relaxed);
    return flows;
  }

  // Worker: goes on with the request that there is, for up to `sets_max` sets.
  void serve(BurstTracker& tracker, uint32_t sets_max) {
    // Relaxed look first: nobody asks nearly all the time. acquire: pairs with the release in
    // ask().
    if (phase_.load(std::memory_order_relaxed) != Phase::Asked) [[likely]]
      return;
    if (phase_.load(std::memory_order_acquire) != Phase::Asked) return;
    const uint32_t sets = std::min(sets_max, tracker.set_count() - next_set_);
    tracker.for_each_in(next_set_, sets, [this](const FlowEntry& entry) { consider(entry); });
    next_set_ += sets;
    const bool is_over = next_set_ == tracker.set_count()
                         || (request_.order == FlowOrder::Any && found_ == request_.room.size());
    if (is_over) finish_request();
  }
  // Worker: serves no more; who waits is answered. Requires: no flow lives.
  void close() {
    // release: pairs with the acquire load in answer(); the room is not touched after it.
    phase_.store(Phase::Closed, std::memory_order_release);
  }

 private:
  enum class Phase : uint32_t { Free, Asked, Answered, Closed };

  // By bytes, the key where they are equal, so that the answer does not depend on places.
  static bool is_larger(const FlowEntry& x, const FlowEntry& y) {
    const uint64_t x_bytes = x.side[0].bytes() + x.side[1].bytes();
    const uint64_t y_bytes = y.side[0].bytes() + y.side[1].bytes();
    if (x_bytes != y_bytes) return x_bytes > y_bytes;
    return std::memcmp(&x.key, &y.key, sizeof x.key) < 0;
  }
  [[nodiscard]] auto end_of_found() const {
    return request_.room.begin() + static_cast<ptrdiff_t>(found_);
  }
  void consider(const FlowEntry& entry) {
    if (!request_.filter.takes(entry)) return;
    const std::span<FlowEntry> room = request_.room;
    if (found_ < room.size()) {
      room[found_++] = entry;
      if (request_.order == FlowOrder::MostBytes)
        std::push_heap(room.begin(), end_of_found(), is_larger);
      return;
    }
    // The heap's first is the smallest of the largest.
    if (request_.order == FlowOrder::Any || room.empty() || !is_larger(entry, room.front())) return;
    std::pop_heap(room.begin(), room.end(), is_larger);
    room.back() = entry;
    std::push_heap(room.begin(), room.end(), is_larger);
  }
  void finish_request() {
    if (request_.order == FlowOrder::MostBytes) {
      std::sort_heap(request_.room.begin(), end_of_found(), is_larger);
    }
    flows_ = found_;
    next_set_ = 0;
    found_ = 0;
    // release: pairs with the acquire load in answer(). Nobody else leaves Asked.
    phase_.store(Phase::Answered, std::memory_order_release);
  }

  std::atomic<Phase> phase_{Phase::Free};
  // The asker's until Asked, the worker's until Answered.
  Request request_;
  size_t flows_ = 0;
  // The worker's own.
  uint32_t next_set_ = 0;
  size_t found_ = 0;
};

}  // namespace flowscope
