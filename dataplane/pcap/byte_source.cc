#include "dataplane/pcap/byte_source.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace flowscope {
namespace {

[[nodiscard]] std::string reason_of(int error_number) {
  switch (error_number) {
    case ENOENT:
      return "no such file";
    case EACCES:
      return "no permission to read it";
    default:
      return std::strerror(error_number);
  }
}

}  // namespace

Result<ByteSource> ByteSource::open(const std::string& path) {
  const bool is_stdin = path == "-";
  ByteSource source;
  // Without O_NONBLOCK the opening of a named pipe would wait for its writer, deaf to a stop.
  source.descriptor_ =
      is_stdin ? dup(STDIN_FILENO) : ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  const std::string name = is_stdin ? "standard input" : path;
  if (source.descriptor_ < 0) return Error{name + ": " + reason_of(errno)};

  struct stat status {};
  if (fstat(source.descriptor_, &status) != 0) return Error{name + ": " + reason_of(errno)};
  if (S_ISDIR(status.st_mode)) return Error{name + ": is a directory, not a capture file"};
  if (isatty(source.descriptor_) != 0) {
    return Error{name + ": is a terminal; give a capture file or pipe one in"};
  }
  source.kind_ = S_ISREG(status.st_mode) ? Kind::File : Kind::Pipe;
  if (source.kind_ == Kind::File) {
    // A hint for the kernel's read-ahead; reading works without.
    (void)posix_fadvise(source.descriptor_, 0, 0, POSIX_FADV_SEQUENTIAL);
  }
  return source;
}

ByteSource ByteSource::of(Bytes bytes, size_t bytes_per_read) {
  ByteSource source;
  source.memory_ = bytes;
  source.bytes_per_read_ = bytes_per_read;
  return source;
}

ByteSource& ByteSource::operator=(ByteSource&& other) noexcept {
  std::swap(kind_, other.kind_);
  std::swap(descriptor_, other.descriptor_);
  std::swap(error_number_, other.error_number_);
  std::swap(memory_, other.memory_);
  std::swap(bytes_per_read_, other.bytes_per_read_);
  return *this;
}

ByteSource::~ByteSource() {
  if (descriptor_ >= 0) close(descriptor_);
}

ByteSource::Got ByteSource::read(std::span<uint8_t> room) {
  if (kind_ == Kind::Memory) {
    const Bytes piece = memory_.first(std::min(room.size(), bytes_per_read_));
    if (piece.empty()) return {.outcome = Outcome::End};
    std::memcpy(room.data(), piece.begin(), piece.size());
    memory_ = memory_.after(piece.size());
    return {.outcome = Outcome::Some, .bytes = piece.size()};
  }
  if (kind_ == Kind::Pipe) {
    pollfd ready{.fd = descriptor_, .events = POLLIN, .revents = 0};
    if (poll(&ready, 1, kPipeWaitMs) <= 0) return {.outcome = Outcome::Nothing};
  }
  const ssize_t bytes = ::read(descriptor_, room.data(), room.size());
  if (bytes > 0) return {.outcome = Outcome::Some, .bytes = static_cast<size_t>(bytes)};
  if (bytes == 0) return {.outcome = Outcome::End};
  if (errno == EINTR || errno == EAGAIN) return {.outcome = Outcome::Nothing};
  error_number_ = errno;
  return {.outcome = Outcome::Failed};
}

std::string ByteSource::failure() const { return reason_of(error_number_); }

}  // namespace flowscope
