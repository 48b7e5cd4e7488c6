#include "dataplane/export/output_file.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace flowscope {

namespace {

// Room for a full buffer and, behind it, the longest line: a record of 64 KiB, each byte escaped.
constexpr size_t kBufferBytes = size_t{1} << 20;
constexpr int kPollMs = 50;
constexpr int kHurriedPolls = 10;

Error open_error(const std::string& destination) {
  return Error{"cannot write records to '" + destination + "': " + std::strerror(errno)};
}

bool is_pipe(int descriptor) {
  struct stat status = {};
  return fstat(descriptor, &status) == 0 && S_ISFIFO(status.st_mode);
}

}  // namespace

Result<std::unique_ptr<OutputFile>> OutputFile::open(const std::string& destination) {
  if (destination == "-") return open_standard_output();
  constexpr int kFlags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY;
  const int descriptor = ::open(destination.c_str(), kFlags, 0644);
  if (descriptor < 0) return open_error(destination);
  // A pipe must never hold the thread fast: see wait_for_reader().
  if (is_pipe(descriptor)) fcntl(descriptor, F_SETFL, O_WRONLY | O_NONBLOCK);
  return std::unique_ptr<OutputFile>(new OutputFile(descriptor, Ownership::Ours, destination));
}

Result<std::unique_ptr<OutputFile>> OutputFile::open_standard_output() {
  const std::string name = "standard output";
  const int flags = fcntl(STDOUT_FILENO, F_GETFL);
  if (flags < 0) return open_error(name);
  if (is_pipe(STDOUT_FILENO)) {
    // Opened anew, because making the given one non-blocking would reach all programs that share
    // it.
    const int own = ::open("/proc/self/fd/1", O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    if (own >= 0) return std::unique_ptr<OutputFile>(new OutputFile(own, Ownership::Ours, name));
  }
  return std::unique_ptr<OutputFile>(new OutputFile(STDOUT_FILENO, Ownership::Shared, name));
}

OutputFile::OutputFile(int descriptor, Ownership ownership, std::string destination)
    : descriptor_(descriptor),
      ownership_(ownership),
      destination_(std::move(destination)),
      buffer_(kBufferBytes) {}

OutputFile::~OutputFile() {
  if (ownership_ == Ownership::Ours) ::close(descriptor_);
}

void OutputFile::flush(uint64_t now_ns) {
  if (empty()) return;
  if (error() != 0 && now_ns < retry_at_ns_) {
    lose(buffer_.text(), front_);
    return;
  }
  write_out();
  if (error() != 0) retry_at_ns_ = now_ns + kRetryAfterNs;
}

void OutputFile::finish() {
  if (!empty()) write_out();
  if (!empty()) lose(buffer_.text(), Front::LineStart);
}

void OutputFile::write_out() {
  const std::string_view text = buffer_.text();
  const std::string_view rest = write_some(text);
  if (rest.empty()) {
    buffer_.clear();
    front_ = Front::LineStart;
    return;
  }
  Front front = front_;
  if (rest.size() < text.size()) {
    front = text[text.size() - rest.size() - 1] == '\n' ? Front::LineStart : Front::MidLine;
  }
  // The reader of a broken pipe is gone with its half line; a new one wants whole lines.
  if (error() == EPIPE) front = Front::LineStart;
  lose(rest, front);
}

std::string_view OutputFile::write_some(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor_, text.data(), text.size());
    if (written > 0) {
      text.remove_prefix(static_cast<size_t>(written));
      bytes_written_.fetch_add(static_cast<uint64_t>(written), std::memory_order_relaxed);
      continue;
    }
    const int reason = written == 0 ? EIO : errno;
    if (reason == EINTR) continue;
    if (reason == EAGAIN && wait_for_reader()) continue;
    error_.store(reason == EAGAIN ? ETIMEDOUT : reason, std::memory_order_relaxed);
    return text;
  }
  error_.store(0, std::memory_order_relaxed);
  return text;
}

bool OutputFile::wait_for_reader() const {
  for (int hurried_polls = 0; hurried_polls < kHurriedPolls;) {
    pollfd waiting = {.fd = descriptor_, .events = POLLOUT, .revents = 0};
    if (poll(&waiting, 1, kPollMs) > 0) return true;
    if (hurry_.load(std::memory_order_relaxed)) ++hurried_polls;
  }
  return false;
}

void OutputFile::lose(std::string_view rest, Front front) {
  std::string_view kept;
  if (front == Front::MidLine) kept = rest.substr(0, rest.find('\n') + 1);
  const std::string_view lost = rest.substr(kept.size());
  const auto lines = static_cast<uint64_t>(std::count(lost.begin(), lost.end(), '\n'));
  lines_lost_.fetch_add(lines, std::memory_order_relaxed);
  buffer_.keep(kept);
  front_ = front;
}

}  // namespace flowscope
