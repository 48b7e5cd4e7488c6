#include "dataplane/export/file_sink.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "dataplane/export/output.h"
#include "dataplane/export/rotated_files.h"

namespace flowscope {

namespace {

constexpr uint64_t kLookEveryNs = 1'000'000'000;
// After a rotation that failed.
constexpr uint64_t kRotateRetryNs = 60'000'000'000;

// The path behind symbolic links, so that rotation renames the file and not the link.
std::string real_path(const std::string& path) {
  const std::unique_ptr<char, decltype(&std::free)> real(realpath(path.c_str(), nullptr),
                                                         &std::free);
  return real != nullptr ? std::string(real.get()) : path;
}

bool ends_mid_line(const std::string& path, uint64_t bytes) {
  if (bytes == 0) return false;
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  char last = '\n';
  return file.is_open() && pread(file.number(), &last, 1, static_cast<off_t>(bytes - 1)) == 1
         && last != '\n';
}

}  // namespace

Result<std::unique_ptr<OutputSink>> FileSink::open(const OutputOptions& options,
                                                   OutputShared& shared) {
  std::unique_ptr<FileSink> sink(new FileSink(options, shared));
  const int reason = sink->open_file(options.append ? Content::Keep : Content::Discard);
  if (reason != 0) {
    return Error{"cannot write records to '" + options.destination + "': " + std::strerror(reason)};
  }
  if (sink->is_regular_) sink->path_ = real_path(sink->path_);
  return std::unique_ptr<OutputSink>(std::move(sink));
}

FileSink::FileSink(const OutputOptions& options, OutputShared& shared)
    : OutputSink(shared), path_(options.destination), rotation_(options.rotation) {}

int FileSink::open_file(Content content) {
  // Should the name lead to a FIFO by now, it must not hold the thread fast.
  const int flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK
                    | (content == Content::Discard ? O_TRUNC : 0);
  Descriptor file(::open(path_.c_str(), flags, 0644));
  struct stat status = {};
  if (!file.is_open() || fstat(file.number(), &status) != 0) return errno;
  file_ = std::move(file);
  is_regular_ = S_ISREG(status.st_mode) && status.st_nlink != 0;
  device_ = status.st_dev;
  number_ = status.st_ino;
  size_ = is_regular_ ? static_cast<uint64_t>(status.st_size) : 0;
  begun_ns_ = now_ns_;
  was_renamed_ = false;
  error_ = 0;
  begin_session();
  end_half_line();
  return 0;
}

// What a program that was killed, or a disk that was full, has left behind.
void FileSink::end_half_line() {
  if (!is_regular_ || !ends_mid_line(path_, size_)) return;
  if (write_to(file_.number(), "\n").end != WriteEnd::Done) return;
  ++size_;
  notice("output: " + path_
         + " ended in the middle of a line, which is broken; going on behind it");
}

bool FileSink::was_deleted() const {
  struct stat status = {};
  return is_regular_ && fstat(file_.number(), &status) == 0 && status.st_nlink == 0;
}

int FileSink::prepare(uint64_t now_ns) {
  now_ns_ = now_ns;
  if (error_ != 0 && now_ns < retry_at_ns_) return error_;
  if (file_.is_open()) return 0;
  error_ = open_file(Content::Keep);
  if (error_ != 0) retry_at_ns_ = now_ns + kOutputRetryNs;
  return error_;
}

void FileSink::between_lines(uint64_t now_ns, size_t bytes) {
  if (!is_regular_) return;
  if (now_ns >= next_look_ns_) {
    next_look_ns_ = now_ns + kLookEveryNs;
    follow_name();
  }
  if (size_ == 0 || begun_ns_ == 0) begun_ns_ = now_ns;
  if (is_due(now_ns, bytes)) rotate(now_ns);
}

void FileSink::follow_name() {
  struct stat ours = {};
  if (fstat(file_.number(), &ours) == 0) size_ = static_cast<uint64_t>(ours.st_size);
  struct stat named = {};
  const bool is_there = stat(path_.c_str(), &named) == 0;
  if (is_there && named.st_dev == device_ && named.st_ino == number_) return;
  const bool was_deleted = ours.st_nlink == 0;
  // Renamed by somebody who will tell us when to let go of it.
  if (!is_there && !was_deleted && !was_renamed_) return;
  if (open_file(Content::Keep) != 0) return;
  notice("output: " + path_ + (is_there ? " is another file now" : " was deleted")
         + "; going on in the new one");
}

Written FileSink::write(std::string_view text) {
  const Written written = write_to(file_.number(), text);
  if (was_deleted()) return begun_anew(written.bytes);
  size_ += written.bytes;
  error_ = written.error;
  if (error_ != 0) retry_at_ns_ = now_ns_ + kOutputRetryNs;
  return written;
}

// Deleting is also how a full disk is emptied, and only our closing gives the room back.
Written FileSink::begun_anew(size_t bytes_in_vain) {
  shared().bytes_written.fetch_sub(bytes_in_vain, std::memory_order_relaxed);
  file_.close();
  error_ = open_file(Content::Keep);
  if (error_ == 0) {
    notice("output: " + path_ + " was deleted; going on in a new one");
    return {.end = WriteEnd::Again};
  }
  retry_at_ns_ = now_ns_ + kOutputRetryNs;
  return {.end = WriteEnd::Refused, .error = error_};
}

void FileSink::reopen(uint64_t now_ns) {
  now_ns_ = now_ns;
  if (const int reason = open_file(Content::Keep); reason != 0) {
    notice("output: cannot open " + path_ + " again: " + std::strerror(reason)
           + "; going on in the old one");
    return;
  }
  notice("output: opened " + path_ + " again");
}

bool FileSink::is_due(uint64_t now_ns, size_t bytes) const {
  if (size_ == 0 || now_ns < rotate_not_before_ns_) return false;
  if (rotation_.bytes != 0 && size_ + bytes > rotation_.bytes) return true;
  return rotation_.every_ns != 0 && now_ns - begun_ns_ >= rotation_.every_ns;
}

void FileSink::rotate(uint64_t now_ns) {
  const Result<std::string> renamed = rename_with_time(path_);
  if (!renamed.ok()) {
    rotate_not_before_ns_ = now_ns + kRotateRetryNs;
    notice("output: " + renamed.error().message + "; it grows on");
    return;
  }
  // Where no new file can be had, lines go on into the old one, and follow_name() tries again.
  if (const int reason = open_file(Content::Keep); reason != 0) {
    was_renamed_ = true;
    rotate_not_before_ns_ = now_ns + kRotateRetryNs;
    notice("output: cannot begin a new " + path_ + ": " + std::strerror(reason) + "; going on in "
           + renamed.value());
    return;
  }
  if (rotation_.keep != 0) delete_oldest_rotated(path_, rotation_.keep);
}

}  // namespace flowscope
