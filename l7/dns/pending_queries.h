#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "flowcore/base/buffer_pool.h"
#include "flowcore/base/bytes.h"
#include "flowcore/base/check.h"
#include "flowcore/base/flow_side.h"
#include "l7/dns/vocabulary.h"

namespace flowscope::dns {

// How long a query waits for its response, by the times of packets.
inline constexpr uint64_t kQueryTimeoutNs = 30'000'000'000;
// Most queries of one flow that wait at the same time.
inline constexpr uint32_t kPendingQueriesMax = 256;

// The queries of one flow that wait for their response, oldest first, packed into one pool block
// that grows as needed and goes back to the pool when none waits. A flow whose queries come one by
// one holds a block of the smallest size, and takes none of a larger size when those are used up.
// Thread rule: that of the pool, which must outlive it. Cost: one copy of the question per query; a
// look-up steps over the queries that are older than the one sought.
class PendingQueries {
 public:
  explicit PendingQueries(BufferPool& pool) : pool_(&pool) {}
  ~PendingQueries() { clear(); }
  PendingQueries(const PendingQueries&) = delete;
  PendingQueries& operator=(const PendingQueries&) = delete;

  struct Head {
    uint64_t first_ns = 0;  // when it was sent first
    uint64_t last_ns = 0;   // and last
    uint32_t tx_id = 0;
    uint16_t id = 0;
    uint16_t question_bytes = 0;
    uint8_t retransmissions = 0;  // 255 stands for more
    uint8_t answers = 0;          // the same; a query that more answers may follow stays
    FlowSide asker = FlowSide::Initiator;
  };
  // `question` is the first question as it lay in the query (name, type, class), or empty. Borrowed
  // until the next call that changes the queue.
  struct Entry {
    Head head;
    Bytes question;

    [[nodiscard]] uint16_t type() const {
      return question.size() < 4 ? uint16_t{0} : load_be16(question, question.size() - 4);
    }
    // Its answer comes in any number of messages.
    [[nodiscard]] bool is_transfer() const {
      return type() == number_of(RrType::Axfr) || type() == number_of(RrType::Ixfr);
    }
  };
  // Where an entry lies; until the next push() or remove().
  using Position = uint32_t;
  static constexpr Position kNone = UINT32_MAX;

  // Adds an entry at the back; `head.question_bytes` is set here. False, and nothing changes, when
  // there is no room for it.
  [[nodiscard]] bool push(Head head, Bytes question);
  // The oldest entry with this id and asker and this question, its letters in any case (RFC 1035
  // section 2.3.3; clients that randomise them, and servers that do not keep them).
  [[nodiscard]] Position find(uint16_t id, FlowSide asker, Bytes question) const;
  // The oldest with this id and asker, whatever it asks.
  [[nodiscard]] Position find(uint16_t id, FlowSide asker) const;
  [[nodiscard]] Entry at(Position position) const {
    const Head head = head_at(position);
    return {head, Bytes{block_, end_}.sub(position + sizeof head, head.question_bytes)};
  }
  // Changes what is known of an entry, not its question.
  void set(Position position, const Head& head);
  void remove(Position position);
  // The oldest. Requires: !empty().
  [[nodiscard]] Entry front() const { return at(front_); }
  void pop_front() { remove(front_); }
  void clear();

  [[nodiscard]] bool empty() const { return count_ == 0; }
  [[nodiscard]] uint32_t count() const { return count_; }

 private:
  // Largest block that the queries of one flow may take.
  static constexpr uint32_t kBlockBytesMax = 16384;

  template <class Fits>
  [[nodiscard]] Position find_if(Fits&& fits) const;
  [[nodiscard]] Head head_at(Position position) const {
    FS_DCHECK(position + sizeof(Head) <= end_);
    Head head;
    std::memcpy(&head, std::span(block_, block_bytes_).subspan(position).data(), sizeof head);
    return head;
  }
  [[nodiscard]] bool make_room(uint32_t bytes);

  BufferPool* pool_;
  uint8_t* block_ = nullptr;
  uint16_t block_bytes_ = 0;
  uint16_t front_ = 0;  // offset of the oldest entry
  uint16_t end_ = 0;    // offset behind the newest
  uint16_t count_ = 0;
};

static_assert(sizeof(PendingQueries) <= 24);

// Whether two questions ask the same, by the rules of find().
[[nodiscard]] bool same_question(Bytes a, Bytes b);

}  // namespace flowscope::dns
