#include "dataplane/export/output_sink.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace flowscope {

namespace {

constexpr int kPollMs = 50;
constexpr int kHurriedPolls = 10;

enum class Wait : uint8_t { Writable, GivenUp, Interrupted };

// Waits until a reader has taken something.
Wait wait_for_reader(int descriptor, const OutputShared& shared) {
  for (int hurried_polls = 0; hurried_polls < kHurriedPolls;) {
    pollfd waiting = {.fd = descriptor, .events = POLLOUT, .revents = 0};
    if (poll(&waiting, 1, kPollMs) > 0) return Wait::Writable;
    if (shared.reopen.load(std::memory_order_relaxed)) return Wait::Interrupted;
    if (shared.hurry.load(std::memory_order_relaxed)) ++hurried_polls;
  }
  return Wait::GivenUp;
}

}  // namespace

void OutputNotices::add(std::string text) {
  const std::lock_guard lock(mutex_);
  if (waiting_.size() < kWaiting) waiting_.push_back(std::move(text));
}

std::vector<std::string> OutputNotices::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(waiting_, {});
}

Written OutputSink::write_to(int descriptor, std::string_view text) {
  size_t bytes = 0;
  while (bytes < text.size()) {
    const ssize_t taken = ::write(descriptor, text.data() + bytes, text.size() - bytes);
    if (taken > 0) {
      bytes += static_cast<size_t>(taken);
      shared_.bytes_written.fetch_add(static_cast<uint64_t>(taken), std::memory_order_relaxed);
      continue;
    }
    const int reason = taken == 0 ? EIO : errno;
    if (reason == EINTR) continue;
    if (reason != EAGAIN) return {.end = WriteEnd::Refused, .bytes = bytes, .error = reason};
    switch (wait_for_reader(descriptor, shared_)) {
      case Wait::Writable:
        break;
      case Wait::GivenUp:
        return {.end = WriteEnd::Refused, .bytes = bytes, .error = ETIMEDOUT};
      case Wait::Interrupted:
        return {.end = WriteEnd::Again, .bytes = bytes};
    }
  }
  return {.end = WriteEnd::Done, .bytes = bytes};
}

}  // namespace flowscope
