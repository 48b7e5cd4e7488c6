#include "perf/traffic/capture_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace flowscope::traffic {
namespace {

constexpr size_t kBlockBytes = 1U << 20;
constexpr size_t kFrameBytesMax = 65535;
constexpr size_t kRecordHeaderBytes = 16;

}  // namespace

Result<CaptureFile> CaptureFile::create(const std::string& path, Precision precision) {
  const int descriptor = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (descriptor < 0) return Error{path + ": cannot be written: " + std::strerror(errno)};
  return CaptureFile(path, descriptor, precision);
}

CaptureFile::CaptureFile(std::string path, int descriptor, Precision precision)
    : path_(std::move(path)),
      descriptor_(descriptor),
      precision_(precision),
      block_(std::make_unique_for_overwrite<uint8_t[]>(kBlockBytes)) {
  put_u32(precision == Precision::Microseconds ? 0xa1b2c3d4 : 0xa1b23c4d);
  put_u32(0x00040002);  // version 2.4
  put_u32(0);
  put_u32(0);
  put_u32(262144);
  put_u32(1);  // LINKTYPE_ETHERNET
}

CaptureFile::CaptureFile(CaptureFile&& other) noexcept
    : path_(std::move(other.path_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      precision_(other.precision_),
      block_(std::move(other.block_)),
      used_(other.used_),
      packets_(other.packets_),
      bytes_written_(other.bytes_written_),
      error_number_(other.error_number_) {}

CaptureFile::~CaptureFile() {
  if (descriptor_ >= 0) close(descriptor_);
}

void CaptureFile::put_u32(uint32_t value) {
  std::memcpy(&block_[used_], &value, sizeof value);
  used_ += sizeof value;
}

std::span<uint8_t> CaptureFile::add(uint64_t time_ns, size_t bytes) {
  FS_CHECK(bytes <= kFrameBytesMax);
  if (kBlockBytes - used_ < kRecordHeaderBytes + bytes) flush();
  const uint64_t fraction_ns = time_ns % 1'000'000'000;
  put_u32(static_cast<uint32_t>(time_ns / 1'000'000'000));
  put_u32(static_cast<uint32_t>(precision_ == Precision::Microseconds ? fraction_ns / 1000
                                                                      : fraction_ns));
  put_u32(static_cast<uint32_t>(bytes));
  put_u32(static_cast<uint32_t>(bytes));
  const std::span<uint8_t> frame(&block_[used_], bytes);
  used_ += bytes;
  ++packets_;
  return frame;
}

void CaptureFile::flush() {
  size_t done = 0;
  while (done < used_ && error_number_ == 0) {
    const ssize_t written = write(descriptor_, &block_[done], used_ - done);
    if (written > 0) {
      done += static_cast<size_t>(written);
    } else if (errno != EINTR) {
      error_number_ = errno;
    }
  }
  bytes_written_ += used_;
  used_ = 0;
}

Result<void> CaptureFile::finish() {
  flush();
  if (close(std::exchange(descriptor_, -1)) != 0 && error_number_ == 0) error_number_ = errno;
  if (error_number_ == 0) return {};
  return Error{path_ + ": cannot be written: " + std::strerror(error_number_)};
}

}  // namespace flowscope::traffic
