#pragma once

#include <cstdint>
#include <span>

#include "flowcore/base/buffer_pool.h"
#include "l7/http/transaction.h"

namespace flowscope::http {

// The requests of one flow that wait for their response, oldest first, packed into one pool block
// that grows as needed and goes back to the pool when the queue is empty. Thread rule: that of the
// pool, which must outlive it. Cost: one copy of the kept texts per request.
class RequestQueue {
 public:
  static constexpr uint8_t kRequestsMax = 32;

  explicit RequestQueue(BufferPool& pool) : pool_(&pool) {}
  ~RequestQueue() { release(); }
  RequestQueue(const RequestQueue&) = delete;
  RequestQueue& operator=(const RequestQueue&) = delete;

  // How the texts are written: Folded replaces line ends left by an obsolete folding by spaces.
  enum class Texts : uint8_t { Plain, Folded };
  // Adds a request at the back. False, and nothing changes, when there is no room for it.
  [[nodiscard]] bool push(const RequestFields& request, Texts texts);
  // The oldest request; borrowed until the next push or pop. Requires: !empty().
  [[nodiscard]] RequestFields front() const;
  // Requires: !empty().
  void pop();
  // Requires: !empty().
  void set_back_body_bytes(uint64_t bytes);

  [[nodiscard]] bool empty() const { return count_ == 0; }
  [[nodiscard]] uint8_t count() const { return count_; }

 private:
  struct Record;
  [[nodiscard]] bool make_room(size_t bytes);
  void release();

  BufferPool* pool_;
  std::span<uint8_t> block_;
  uint32_t front_ = 0;  // offset of the oldest record
  uint32_t back_ = 0;   // offset of the newest record
  uint32_t end_ = 0;    // offset after the newest record
  uint8_t count_ = 0;
};

}  // namespace flowscope::http
