#include "l7/http/exchanges.h"

namespace flowscope::http {

void Exchanges::close_newest(uint64_t body_bytes, std::string_view sha256) {
  if (newest_is_open_) requests_.set_back_body(body_bytes, sha256);
  newest_is_open_ = false;
}

MethodKind Exchanges::method_to_answer() const {
  if (overdue_ != 0) return (overdue_heads_ & 1U) != 0 ? MethodKind::Head : MethodKind::Other;
  return requests_.empty() ? MethodKind::Other : requests_.front().kind;
}

bool Exchanges::lacks_upgrade() const {
  if (overdue_ != 0 || requests_.empty()) return false;
  const RequestFields request = requests_.front();
  return !request.asks_upgrade && !request.truncated;
}

bool Exchanges::begin_answer() {
  request_was_lost_ = false;
  if (overdue_ != 0) {
    --overdue_;
    overdue_heads_ >>= 1U;
    answer_ = Answer::ToUnknown;
    return true;
  }
  answer_ = requests_.empty() ? Answer::ToUnknown : Answer::ToFront;
  return answer_ == Answer::ToFront || !all_is_known_;
}

void Exchanges::lose_requests(Lost lost) {
  all_is_known_ = false;
  pipelines_ |= lost == Lost::BetweenMessages && !requests_.empty();
  is_unpaired_ |= pipelines_;
  request_was_lost_ = true;
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
