#include "l7/http/exchanges.h"

namespace flowscope::http {

void Exchanges::close_newest(uint64_t body_bytes) {
  if (newest_is_open_) requests_.set_back_body_bytes(body_bytes);
  newest_is_open_ = false;
}

MethodKind Exchanges::method_to_answer() const {
  if (overdue_ != 0) return (overdue_heads_ & 1U) != 0 ? MethodKind::Head : MethodKind::Other;
  return requests_.empty() ? MethodKind::Other : requests_.front().kind;
}

void Exchanges::begin_answer() {
  if (overdue_ != 0) {
    --overdue_;
    overdue_heads_ >>= 1U;
    answer_ = Answer::ToUnknown;
  } else {
    answer_ = requests_.empty() ? Answer::ToUnknown : Answer::ToFront;
  }
}

RequestFields Exchanges::front_request(const Progress& progress) const {
  RequestFields request = requests_.front();
  if (newest_is_open_ && requests_.count() == 1) request.body_bytes = progress.request_bytes;
  return request;
}

void Exchanges::pop_request() {
  requests_.pop();
  if (requests_.empty()) newest_is_open_ = false;
}

void Exchanges::add_overdue(MethodKind kind) {
  if (kind == MethodKind::Head && overdue_ < 64) overdue_heads_ |= uint64_t{1} << overdue_;
  if (overdue_ != UINT32_MAX) ++overdue_;
}

}  // namespace flowscope::http
