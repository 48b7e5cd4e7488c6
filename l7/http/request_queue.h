#pragma once

#include <cstdint>
#include <span>
#include <string_view>

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

  // Whether room is kept for the hash of the body, which is told when the body is over.
  enum class Hash : uint8_t { None, Room };
  // Adds a request at the back. False, and nothing changes, when there is no room for it.
  [[nodiscard]] bool push(const RequestFields& request, Texts texts, Hash hash);
  // The oldest request; borrowed until the next push or pop. Requires: !empty().
  [[nodiscard]] RequestFields front() const { return at(front_); }
  // Requires: !empty().
  void pop();
  // The newest request, as the record of it will be, and its removal. Require: !empty().
  [[nodiscard]] RequestFields back() const { return at(back_); }
  void drop_back();
  // Requires: !empty(). An empty `sha256` leaves the request without one.
  void set_back_body(uint64_t bytes, std::string_view sha256);

  [[nodiscard]] bool empty() const { return count_ == 0; }
  [[nodiscard]] uint8_t count() const { return count_; }

 private:
  struct Record;
  [[nodiscard]] RequestFields at(uint32_t offset) const;
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
