#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include "flowcore/base/bytes.h"
#include "flowcore/base/result.h"

namespace flowscope {

// Where a capture's bytes come from: an open file, pipe or standard input, or bytes in memory. Owns
// the file descriptor.
// Thread rule: one thread. Cost: one read(2) per call, and one poll(2) before it unless it is a
// regular file.
class ByteSource {
 public:
  enum class Outcome : uint8_t {
    Some,
    Nothing,  // a pipe had nothing for kPipeWaitMs, or a signal came: ask again
    End,
    Failed,  // see failure()
  };
  struct Got {
    Outcome outcome = Outcome::End;
    size_t bytes = 0;
  };
  // How long a pipe is waited for, so that whoever asks can look up now and then.
  static constexpr int kPipeWaitMs = 100;

  // Opens a file, named pipe or, for "-", standard input.
  static Result<ByteSource> open(const std::string& path);
  // `bytes` must outlive the source. At most `bytes_per_read` are given at a time, as by a slow
  // pipe.
  static ByteSource of(Bytes bytes, size_t bytes_per_read = SIZE_MAX);

  ByteSource(ByteSource&& other) noexcept { *this = std::move(other); }
  ByteSource& operator=(ByteSource&& other) noexcept;
  ByteSource(const ByteSource&) = delete;
  ByteSource& operator=(const ByteSource&) = delete;
  ~ByteSource();

  // Fills the front of `room`. Requires: room is not empty.
  [[nodiscard]] Got read(std::span<uint8_t> room);
  // True when reading never waits for somebody else: a regular file or memory.
  [[nodiscard]] bool never_waits() const { return kind_ != Kind::Pipe; }
  // Why the last read failed.
  [[nodiscard]] std::string failure() const;

 private:
  enum class Kind : uint8_t { File, Pipe, Memory };
  ByteSource() = default;

  Kind kind_ = Kind::Memory;
  int descriptor_ = -1;
  int error_number_ = 0;
  Bytes memory_;
  size_t bytes_per_read_ = SIZE_MAX;
};

}  // namespace flowscope
