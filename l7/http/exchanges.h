#pragma once

#include <cstdint>
#include <utility>

#include "l7/http/anomaly.h"
#include "l7/http/head.h"
#include "l7/http/kept_response.h"
#include "l7/http/request_queue.h"
#include "l7/http/transaction.h"

namespace flowscope::http {

// The requests and responses of one flow, paired in order (RFC 9112 section 9.3.2) and written as
// transactions. Knows no bytes: the parser says what began and what ended.
// Thread rule: that of the pool, which must outlive it.
class Exchanges {
 public:
  explicit Exchanges(BufferPool& pool) : requests_(pool), response_(pool) {}

  // What the parser knows when a record is written: who asks, and how much of the body that passes
  // by on either side has been seen.
  struct Progress {
    FlowSide client;
    uint64_t request_bytes;
    uint64_t response_bytes;
  };

  // Puts a request at the back of the queue. When there is no room the oldest ones are written.
  template <class Sink>
  void add_request(const Head& head, const Progress& progress, Sink& sink);
  // The newest request has a body, which passes by from now on.
  void open_newest() { newest_is_open_ = !requests_.empty(); }
  void close_newest(uint64_t body_bytes);

  // The method that the next final response answers.
  [[nodiscard]] MethodKind method_to_answer() const;
  // A final response begins: settles which request it answers.
  void begin_answer();
  // Keeps the fields of the response that began until its body is over.
  void keep_answer(const ResponseFields& fields) { response_.keep(fields); }
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

 private:
  // The response whose body passes by: to the oldest waiting request, to one that we do not know,
  // or already written because its request had to leave.
  enum class Answer : uint8_t { None, ToFront, ToUnknown, Written };

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
  bool newest_is_open_ = false;  // the body of the newest queued request still passes by
};

template <class Sink>
void Exchanges::add_request(const Head& head, const Progress& progress, Sink& sink) {
  using Texts = RequestQueue::Texts;
  const RequestFields request = request_fields(head);
  newest_is_open_ = false;
  if (requests_.count() == RequestQueue::kRequestsMax) {
    if (overdue_ == 0) sink.anomaly(progress.client, name_of(Anomaly::PipelineTooDeep));
    write_front(progress, sink);
  }
  while (!requests_.push(request, head.folded ? Texts::Folded : Texts::Plain)) {
    if (requests_.empty()) {
      // The pool is used up: the record is written now rather than lost.
      HttpTransaction transaction;
      transaction.tx_id = next_tx_id_++;
      transaction.request = request;
      sink.message(progress.client, transaction);
      add_overdue(request.kind);
      return;
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
    sink.message(progress.client, transaction);
    if (answer == Answer::ToFront) pop_request();
  }
  response_.clear();
}

// Writes the oldest request with what there is of its answer.
template <class Sink>
void Exchanges::write_front(const Progress& progress, Sink& sink) {
  if (answer_ == Answer::ToFront) {
    write_kept_answer(progress, sink);
    answer_ = Answer::Written;
    return;
  }
  HttpTransaction transaction;
  transaction.tx_id = next_tx_id_++;
  transaction.request = front_request(progress);
  sink.message(progress.client, transaction);
  add_overdue(transaction.request.kind);
  pop_request();
}

template <class Sink>
void Exchanges::write_all(const Progress& progress, Sink& sink) {
  write_kept_answer(progress, sink);
  while (!requests_.empty()) write_front(progress, sink);
  overdue_ = 0;
  overdue_heads_ = 0;
}

}  // namespace flowscope::http
