#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace flowscope {

// How long a destination that failed is left alone.
inline constexpr uint64_t kOutputRetryNs = 1'000'000'000;

// Lines about an output for the log, made by the exporter's thread and taken by another. At most
// kWaiting wait; of more the first ones stay. Thread rule: any.
class OutputNotices {
 public:
  void add(std::string text);
  [[nodiscard]] std::vector<std::string> take();

  static constexpr size_t kWaiting = 16;

 private:
  // Taken a few times in an outage and a few times a second, so a lock is good enough.
  std::mutex mutex_;
  std::vector<std::string> waiting_;
};

// What the exporter's thread and others share about one output. Flags and figures stand each for
// itself: relaxed.
struct OutputShared {
  // Set by any, read by the exporter's thread: gives up a reader that takes nothing.
  std::atomic<bool> hurry{false};
  // Set by any, taken by the exporter's thread: the destination shall be opened again.
  std::atomic<bool> reopen{false};
  std::atomic<uint64_t> bytes_written{0};  // by the exporter's thread
  OutputNotices notices;
};

// How a write ended: Done, all of it; Refused, with a reason; Again, because the destination was
// opened anew or shall be, and what was not written can be tried at once.
enum class WriteEnd : uint8_t { Done, Refused, Again };

struct Written {
  WriteEnd end = WriteEnd::Done;
  size_t bytes = 0;  // from the front of the text
  int error = 0;     // errno of a refusal
};

// When a file is renamed and a new one begun.
struct Rotation {
  uint64_t bytes = 0;     // 0: not by size
  uint64_t every_ns = 0;  // 0: not by time
  uint32_t keep = 0;      // 0: all of them
};

// One destination of text: a file, a pipe or a socket. Output gives it whole lines in big pieces
// and keeps the account of what it refuses. Thread rule: the exporter's thread. A sink of its own
// accord never waits but for a slow reader.
class OutputSink {
 public:
  explicit OutputSink(OutputShared& shared) : shared_(shared) {}
  virtual ~OutputSink() = default;
  OutputSink(const OutputSink&) = delete;
  OutputSink& operator=(const OutputSink&) = delete;

  // Makes ready for a write: opens what broke, once in a while. 0, or an errno of why nothing can
  // be written now. `now_ns` is a monotonic clock.
  [[nodiscard]] virtual int prepare(uint64_t now_ns) = 0;
  // Between two lines, with `bytes` more to be written now: the moment for beginning another file.
  // Requires: prepare() just said 0.
  virtual void between_lines(uint64_t now_ns, size_t bytes) = 0;
  // Writes as much from the front of `text` as the destination takes; waits for a slow reader until
  // `hurry` or `reopen` of the shared flags. Requires: prepare() said 0.
  [[nodiscard]] virtual Written write(std::string_view text) = 0;
  // Opens the destination again, so that a file which was renamed is left alone from now on. Goes
  // on with the old one when that fails.
  virtual void reopen(uint64_t now_ns) = 0;

  // From the next between_lines() on. What is no file has none.
  virtual void set_rotation(const Rotation&) {}

  // How often writing began at a place that knows nothing of what was written before; a half line
  // from before cannot be completed there.
  [[nodiscard]] uint64_t session() const { return session_; }

 protected:
  void begin_session() { ++session_; }
  [[nodiscard]] OutputShared& shared() const { return shared_; }
  void notice(std::string text) { shared_.notices.add(std::move(text)); }
  // Writes to a descriptor and waits for its reader where it is full. A reader that is given up is
  // refused with ETIMEDOUT.
  [[nodiscard]] Written write_to(int descriptor, std::string_view text);

 private:
  OutputShared& shared_;
  uint64_t session_ = 0;
};

}  // namespace flowscope
