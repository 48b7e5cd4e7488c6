#include "dataplane/export/pipe_sink.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace flowscope {

namespace {

Error open_error(const std::string& name) {
  return Error{"cannot write records to '" + name + "': " + std::strerror(errno)};
}

bool is_pipe(int descriptor) {
  struct stat status = {};
  return fstat(descriptor, &status) == 0 && S_ISFIFO(status.st_mode);
}

// Nobody can have read half of what is not in the pipe any more, so a new reader begins a line.
bool is_empty(int descriptor) {
  int bytes = 0;
  return ioctl(descriptor, FIONREAD, &bytes) == 0 && bytes == 0;
}

}  // namespace

Result<std::unique_ptr<OutputSink>> PipeSink::open(const std::string& path, OutputShared& shared) {
  Descriptor pipe(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!pipe.is_open()) return open_error(path);
  // A pipe must never hold the thread fast: write_to() waits where it can be told to stop.
  fcntl(pipe.number(), F_SETFL, O_WRONLY | O_NONBLOCK);
  return std::unique_ptr<OutputSink>(new PipeSink(shared, path, std::move(pipe), -1));
}

Result<std::unique_ptr<OutputSink>> PipeSink::open_standard_output(OutputShared& shared) {
  if (fcntl(STDOUT_FILENO, F_GETFL) < 0) return open_error("standard output");
  Descriptor own;
  if (is_pipe(STDOUT_FILENO)) {
    // Opened anew, because making the given one non-blocking would reach all programs that share
    // it.
    own = Descriptor(::open("/proc/self/fd/1", O_WRONLY | O_NONBLOCK | O_CLOEXEC));
  }
  return std::unique_ptr<OutputSink>(
      new PipeSink(shared, std::string(), std::move(own), STDOUT_FILENO));
}

PipeSink::PipeSink(OutputShared& shared, std::string path, Descriptor pipe, int shared_number)
    : OutputSink(shared),
      path_(std::move(path)),
      pipe_(std::move(pipe)),
      number_(pipe_.is_open() ? pipe_.number() : shared_number) {}

PipeSink::~PipeSink() = default;

int PipeSink::prepare(uint64_t now_ns) {
  now_ns_ = now_ns;
  if (error_ == 0) return 0;
  if (now_ns < retry_at_ns_) return error_;
  // A reader of the FIFO that has our name now will not see what goes into one that had it.
  if (has_other_pipe() && open_again() != 0) retry_at_ns_ = now_ns + kOutputRetryNs;
  return now_ns < retry_at_ns_ ? error_ : 0;
}

bool PipeSink::has_other_pipe() const {
  if (path_.empty()) return false;
  struct stat ours = {};
  struct stat named = {};
  if (fstat(number_, &ours) != 0 || stat(path_.c_str(), &named) != 0) return false;
  return S_ISFIFO(named.st_mode) && (ours.st_dev != named.st_dev || ours.st_ino != named.st_ino);
}

int PipeSink::open_again() {
  Descriptor pipe(::open(path_.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
  if (!pipe.is_open()) return errno;
  pipe_ = std::move(pipe);
  number_ = pipe_.number();
  begin_session();
  return 0;
}

Written PipeSink::write(std::string_view text) {
  const Written written = write_to(number_, text);
  error_ = written.error;
  if (error_ != 0) retry_at_ns_ = now_ns_ + kOutputRetryNs;
  if (error_ == EPIPE && is_empty(number_)) begin_session();
  return written;
}

void PipeSink::reopen(uint64_t) {
  if (path_.empty()) return;
  // Without a reader there is nothing that could be opened.
  if (has_other_pipe() && open_again() != 0) return;
  error_ = 0;
}

}  // namespace flowscope
