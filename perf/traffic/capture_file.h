#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "flowcore/base/result.h"

namespace flowscope::traffic {

// Writes a classic capture file of Ethernet frames, one large block at a time. A failed write is
// remembered and told by finish().
// Thread rule: one thread.
class CaptureFile {
 public:
  enum class Precision : uint8_t { Microseconds, Nanoseconds };

  static Result<CaptureFile> create(const std::string& path, Precision precision);
  CaptureFile(CaptureFile&& other) noexcept;
  CaptureFile& operator=(CaptureFile&& other) = delete;
  ~CaptureFile();

  // Room for the next frame, to be filled at once. Requires: bytes <= 65535.
  [[nodiscard]] std::span<uint8_t> add(uint64_t time_ns, size_t bytes);
  // Writes what is left and closes the file.
  [[nodiscard]] Result<void> finish();

  [[nodiscard]] uint64_t packets() const { return packets_; }
  [[nodiscard]] uint64_t bytes() const { return bytes_written_ + used_; }

 private:
  CaptureFile(std::string path, int descriptor, Precision precision);
  void put_u32(uint32_t value);
  void flush();

  std::string path_;
  int descriptor_;
  Precision precision_;
  std::unique_ptr<uint8_t[]> block_;
  size_t used_ = 0;
  uint64_t packets_ = 0;
  uint64_t bytes_written_ = 0;
  int error_number_ = 0;
};

}  // namespace flowscope::traffic
