#pragma once

#include <atomic>
#include <memory>
#include <utility>

namespace flowscope {

// Where another thread leaves a thing that a worker shall use from its next burst on (signatures,
// settings), and finds what the worker used before. Thread rule: offer() and collect() belong to
// one thread, serve() to the worker. Nothing is waited for; the worker frees nothing.
template <class T>
class HandOver {
 public:
  HandOver() = default;
  ~HandOver() {
    delete next_.load(std::memory_order_acquire);
    delete returned_.load(std::memory_order_acquire);
  }
  HandOver(const HandOver&) = delete;
  HandOver& operator=(const HandOver&) = delete;

  // Leaves a thing for the worker; never null. What was left before and not yet taken comes back.
  std::unique_ptr<T> offer(std::unique_ptr<T> thing) {
    // Release: the worker sees what is in it; pairs with serve(). Acquire: for who frees what comes
    // back.
    return std::unique_ptr<T>(next_.exchange(thing.release(), std::memory_order_acq_rel));
  }
  // What the worker has given up, or null. To be asked for now and then, or the worker takes no
  // other.
  std::unique_ptr<T> collect() {
    // Acquire: pairs with the release in serve().
    return std::unique_ptr<T>(returned_.exchange(nullptr, std::memory_order_acquire));
  }
  // Whether the worker has yet to take what was left for it.
  [[nodiscard]] bool is_waiting() const {
    return next_.load(std::memory_order_relaxed) != nullptr;  // a hint, orders nothing
  }

  // Takes what was left, if anything: `use(std::unique_ptr<T>)` gives what is used no more, or
  // null.
  template <class F>
  void serve(F&& use) {
    // Relaxed: most bursts end here, the exchange below orders.
    if (next_.load(std::memory_order_relaxed) == nullptr) [[likely]]
      return;
    if (returned_.load(std::memory_order_relaxed) != nullptr) return;
    // Acquire: pairs with offer().
    std::unique_ptr<T> thing(next_.exchange(nullptr, std::memory_order_acquire));
    if (thing == nullptr) return;
    // Release: what the worker wrote into it is over for whoever frees it; pairs with collect().
    returned_.store(use(std::move(thing)).release(), std::memory_order_release);
  }

 private:
  std::atomic<T*> next_{nullptr};
  std::atomic<T*> returned_{nullptr};
};

}  // namespace flowscope
