#pragma once

#include <cstdint>
#include <string_view>
#include <utility>

#include "l7/http/anomaly.h"
#include "l7/http/head.h"
#include "l7/http/kept_response.h"
#include "l7/http/request_queue.h"
#include "l7/http/transaction.h"

namespace flowscope::http {

// The requests and responses of one flow, paired in order (RFC 9112 section 9.3.2) and written as
// transactions. Knows no bytes: the parser says what began, what ended and what was lost.
// Thread rule: that of the pool, which must outlive it.
class Exchanges {
 public:
  explicit Exchanges(BufferPool& pool) : requests_(pool), response_(pool) {}

  // What the parser knows when a record is written: who asks, how much of the body that passes by
  // on either side has been seen, and the hash of a response body that is over.
  struct Progress {
    FlowSide client;
    uint64_t request_bytes;
    uint64_t response_bytes;
    std::string_view response_sha256;
  };

  // Puts a request at the back of the queue. When there is no room the oldest ones are written.
  template <class Sink>
  void add_request(const RequestFields& request, Texts texts, RequestQueue::Hash hash,
                   const Progress& progress, Sink& sink);
  // The newest request has a body, which passes by from now on.
  void open_newest() { newest_is_open_ = !requests_.empty(); }
  void close_newest(uint64_t body_bytes, std::string_view sha256);

  // The method that the next final response answers.
  [[nodiscard]] MethodKind method_to_answer() const;
  // Whether the request that the next response answers is known not to have asked for another
  // protocol.
  [[nodiscard]] bool lacks_upgrade() const;
  // A final response begins: settles which request it answers. False when there was none, and all
  // of the flow is known.
  [[nodiscard]] bool begin_answer();
  // The response under way answers a request that nobody saw, which may have been HEAD.
  [[nodiscard]] bool answers_unknown() const { return answer_ == Answer::ToUnknown; }
  // The same, and the client is one that waits for each answer.
  [[nodiscard]] bool answers_unknown_in_turn() const { return answers_unknown() && !pipelines_; }
  // Keeps the fields of the response that began until its body is over.
  void keep_answer(const ResponseFields& fields, Texts texts) { response_.keep(fields, texts); }
  // Writes the response that began, with its request, if it has not been written yet.
  template <class Sink>
  void write_answer(const ResponseFields& fields, const Progress& progress, Sink& sink);
  template <class Sink>
  void write_kept_answer(const Progress& progress, Sink& sink) {
    write_answer(response_.fields(), progress, sink);
  }
  // Writes all that waits, as it is.
  template <class Sink>
  void write_all(const Progress& progress, Sink& sink);

  // Something of the answering side was lost: any of the waiting requests may have had its answer
  // there, and a record without a status is better than one with another request's.
  template <class Sink>
  void lose_answers(const Progress& progress, Sink& sink);
  // Something of the asking side was lost. Requests that came before have their answers still;
  // `between` says that it was lost behind a whole message.
  enum class Lost : uint8_t { BetweenMessages, WithinMessage };
  void lose_requests(Lost lost);
  // The flow was picked up in its middle, or something was lost before it was clear who asks.
  void begin_in_the_middle() {
    all_is_known_ = false;
    request_was_lost_ = true;
  }

 private:
  // The response whose body passes by: to the oldest waiting request, to one that we do not know,
  // or already written because its request had to leave.
  enum class Answer : uint8_t { None, ToFront, ToUnknown, Written };

  template <class Sink>
  void write_unpaired(const RequestFields& request, Texts texts, const Progress& progress,
                      Sink& sink);
  template <class Sink>
  void write_unqueued(const RequestFields& request, const Progress& progress, Sink& sink);
  template <class Sink>
  void write_front(const Progress& progress, Sink& sink);
  [[nodiscard]] RequestFields front_request(const Progress& progress) const;
  void pop_request();
  void add_overdue(MethodKind kind);

  RequestQueue requests_;
  KeptResponse response_;
  uint64_t next_tx_id_ = 0;
  // Requests that left the queue unanswered; their responses come before those of the queued ones.
  // A bit for each of the oldest 64 says that it was HEAD.
  uint64_t overdue_heads_ = 0;
  uint32_t overdue_ = 0;
  Answer answer_ = Answer::None;
  bool newest_is_open_ = false;    // the body of the newest queued request still passes by
  bool all_is_known_ = true;       // nothing of either side was lost
  bool pipelines_ = false;         // a request came while an earlier one waited
  bool request_was_lost_ = false;  // and no answer has come since
  // An unknown number of answers to known requests, or requests, was lost in a flow that pipelines:
  // which answer belongs to which request can't be told any more, so each is written by itself.
  bool is_unpaired_ = false;
};

template <class Sink>
void Exchanges::add_request(const RequestFields& request, Texts texts, RequestQueue::Hash hash,
                            const Progress& progress, Sink& sink) {
  newest_is_open_ = false;
  pipelines_ |= !requests_.empty() || request_was_lost_;
  is_unpaired_ |= request_was_lost_;
  if (is_unpaired_) return write_unpaired(request, texts, progress, sink);
  if (requests_.count() == RequestQueue::kRequestsMax) {
    if (overdue_ == 0) sink.anomaly(progress.client, name_of(Anomaly::PipelineTooDeep));
    write_front(progress, sink);
  }
  while (!requests_.push(request, texts, hash)) {
    if (requests_.empty()) {
      // The pool is used up: the record is written now rather than lost.
      write_unqueued(request, progress, sink);
      return add_overdue(request.kind);
    }
    write_front(progress, sink);
  }
}

template <class Sink>
void Exchanges::write_answer(const ResponseFields& fields, const Progress& progress, Sink& sink) {
  const Answer answer = std::exchange(answer_, Answer::None);
  if (answer == Answer::ToFront || answer == Answer::ToUnknown) {
    HttpTransaction transaction;
    if (answer == Answer::ToFront) transaction.request = front_request(progress);
    transaction.tx_id = next_tx_id_++;
    transaction.response = fields;
    transaction.response.body_bytes = progress.response_bytes;
    transaction.response.body_sha256 = progress.response_sha256;
    sink.message(progress.client, transaction);
    if (answer == Answer::ToFront) pop_request();
  }
  response_.clear();
}

// Writes a request by itself; the queue makes its texts those of a record.
template <class Sink>
void Exchanges::write_unpaired(const RequestFields& request, Texts texts, const Progress& progress,
                               Sink& sink) {
  if (!requests_.push(request, texts, RequestQueue::Hash::None))
    return write_unqueued(request, progress, sink);
  write_unqueued(requests_.back(), progress, sink);
  requests_.drop_back();
}

template <class Sink>
void Exchanges::write_unqueued(const RequestFields& request, const Progress& progress, Sink& sink) {
  HttpTransaction transaction;
  transaction.tx_id = next_tx_id_++;
  transaction.request = request;
  sink.message(progress.client, transaction);
}

// Writes the oldest request with what there is of its answer.
template <class Sink>
void Exchanges::write_front(const Progress& progress, Sink& sink) {
  if (answer_ == Answer::ToFront) {
    write_kept_answer(progress, sink);
    answer_ = Answer::Written;
    return;
  }
  const RequestFields request = front_request(progress);
  write_unqueued(request, progress, sink);
  add_overdue(request.kind);
  pop_request();
}

template <class Sink>
void Exchanges::write_all(const Progress& progress, Sink& sink) {
  write_kept_answer(progress, sink);
  while (!requests_.empty()) write_front(progress, sink);
  overdue_ = 0;
  overdue_heads_ = 0;
}

template <class Sink>
void Exchanges::lose_answers(const Progress& progress, Sink& sink) {
  all_is_known_ = false;
  request_was_lost_ = request_was_lost_ && pipelines_;
  write_kept_answer(progress, sink);
  // A client that waits for each answer sends its next request when the lost ones have passed.
  if (pipelines_ && (!requests_.empty() || overdue_ != 0)) is_unpaired_ = true;
  write_all(progress, sink);
}

}  // namespace flowscope::http
