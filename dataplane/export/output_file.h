#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "dataplane/export/text_buffer.h"
#include "flowcore/base/result.h"

namespace flowscope {

// Where lines go: a file, a FIFO or standard output. Collects lines in a buffer and writes them in
// big pieces that end at line ends. When the destination refuses, lines are lost and counted, and
// it is tried again a second later; so a full disk or a vanished reader never stops the exporter.
// Thread rule: the exporter's thread; the figures may be read, and hurry() called, by any. SIGPIPE
// must be ignored or blocked.
class OutputFile {
 public:
  // "-" is standard output. Creates or empties a file; a FIFO is waited for until it has a reader.
  static Result<std::unique_ptr<OutputFile>> open(const std::string& destination);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  // Whole lines are appended here; write them out as soon as full().
  [[nodiscard]] TextBuffer& buffer() { return buffer_; }
  [[nodiscard]] bool empty() const { return buffer_.size() == 0; }
  [[nodiscard]] bool full() const { return buffer_.size() >= kFullBytes; }
  // Writes out all lines, or loses them. `now_ns` is a monotonic clock: it decides about trying
  // again.
  void flush(uint64_t now_ns);
  // The last flush: tries whatever the clock says, and counts what cannot be written.
  void finish();

  // From now on a reader that takes nothing for half a second is given up (otherwise it is waited
  // for as long as it takes). Safe to call on a signal.
  void hurry() { hurry_.store(true, std::memory_order_relaxed); }

  [[nodiscard]] const std::string& destination() const { return destination_; }
  [[nodiscard]] uint64_t bytes_written() const {
    return bytes_written_.load(std::memory_order_relaxed);
  }
  [[nodiscard]] uint64_t lines_lost() const { return lines_lost_.load(std::memory_order_relaxed); }
  // Why the last write failed, an errno; 0 while all is well.
  [[nodiscard]] int error() const { return error_.load(std::memory_order_relaxed); }

  static constexpr size_t kFullBytes = size_t{256} << 10;
  static constexpr uint64_t kRetryAfterNs = 1'000'000'000;

 private:
  // Who closes the descriptor.
  enum class Ownership : uint8_t { Ours, Shared };
  OutputFile(int descriptor, Ownership ownership, std::string destination);

  static Result<std::unique_ptr<OutputFile>> open_standard_output();
  void write_out();
  // Writes as much as the destination takes, sets error_, and gives what is left.
  std::string_view write_some(std::string_view text);
  // Waits for a reader to take something; false when it is given up.
  [[nodiscard]] bool wait_for_reader() const;
  // Counts the lines of `rest`, a part of the buffer, as lost. A line whose front is written
  // already is kept, so that it can be completed and no broken line is left behind.
  enum class Front : uint8_t { LineStart, MidLine };
  void lose(std::string_view rest, Front front);

  int descriptor_;
  Ownership ownership_;
  std::string destination_;
  TextBuffer buffer_;
  Front front_ = Front::LineStart;  // of the buffer
  uint64_t retry_at_ns_ = 0;
  // Written by the exporter's thread alone, read by any, each figure for itself: relaxed.
  std::atomic<uint64_t> bytes_written_{0};
  std::atomic<uint64_t> lines_lost_{0};
  std::atomic<int> error_{0};
  // Set by any thread, read by the exporter's; it orders nothing else: relaxed.
  std::atomic<bool> hurry_{false};
};

}  // namespace flowscope
