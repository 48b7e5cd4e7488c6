#pragma once

#include <atomic>
#include <memory>

#include "l7/signatures/signature_scan.h"

namespace flowscope {

// Where another thread leaves the signatures that a worker shall use from its next burst on, and
// finds those that it used before. Thread rule: offer() and collect() belong to one thread, serve()
// to the worker. Nothing is waited for; the worker frees nothing.
class SeatExchange {
 public:
  SeatExchange() = default;
  ~SeatExchange() {
    delete next_.load(std::memory_order_acquire);
    delete returned_.load(std::memory_order_acquire);
  }
  SeatExchange(const SeatExchange&) = delete;
  SeatExchange& operator=(const SeatExchange&) = delete;

  // Leaves a seat for the worker; never null. What was left before and not yet taken comes back.
  std::unique_ptr<ScanSeat> offer(std::unique_ptr<ScanSeat> seat) {
    // Release: the worker sees the seat's contents; pairs with serve(). Acquire: for who frees what
    // comes back.
    return std::unique_ptr<ScanSeat>(next_.exchange(seat.release(), std::memory_order_acq_rel));
  }
  // The seat that the worker has given up, or null. To be asked for now and then, or the worker
  // takes no other.
  std::unique_ptr<ScanSeat> collect() {
    // Acquire: pairs with the release in serve().
    return std::unique_ptr<ScanSeat>(returned_.exchange(nullptr, std::memory_order_acquire));
  }
  // Whether the worker has yet to take what was left for it.
  [[nodiscard]] bool is_waiting() const {
    return next_.load(std::memory_order_relaxed) != nullptr;  // a hint, orders nothing
  }

  // Takes the seat that was left, if any.
  void serve(SignatureScan& scan) {
    // Relaxed: most bursts end here, the exchange below orders.
    if (next_.load(std::memory_order_relaxed) == nullptr) [[likely]]
      return;
    if (returned_.load(std::memory_order_relaxed) != nullptr) return;
    // Acquire: pairs with offer().
    std::unique_ptr<ScanSeat> seat(next_.exchange(nullptr, std::memory_order_acquire));
    if (seat == nullptr) return;
    // Release: what the worker wrote into the seat is over for whoever frees it; pairs with
    // collect().
    returned_.store(scan.exchange(std::move(seat)).release(), std::memory_order_release);
  }

 private:
  std::atomic<ScanSeat*> next_{nullptr};
  std::atomic<ScanSeat*> returned_{nullptr};
};

}  // namespace flowscope
