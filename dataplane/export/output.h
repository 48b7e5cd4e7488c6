#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/export/output_sink.h"
#include "dataplane/export/text_buffer.h"
#include "flowcore/base/result.h"

namespace flowscope {

// What is done at the start about a socket on which nobody listens: that is an error, or it is
// tried again until somebody does.
enum class Unreachable : uint8_t { Refuse, GoOn };

struct OutputOptions {
  // A path, "-" for standard output, "tcp://HOST:PORT" or "unix:PATH".
  std::string destination = "-";
  Unreachable unreachable = Unreachable::Refuse;
  // The rest is of files.
  bool append = false;  // to what the file holds already
  Rotation rotation;
};

// What became of an output so far.
struct OutputCounts {
  uint64_t bytes_written = 0;
  uint64_t lines_lost = 0;  // made, but not taken by the destination
  uint64_t outages = 0;     // that are over
  int error = 0;            // errno of the last write; 0 while all is well
  int last_error = 0;       // of the last outage
};

// Where lines go. Collects lines in a buffer and writes them in big pieces that end at line ends.
// When the destination refuses, lines are lost and counted, and it is tried again after a while; so
// a full disk or a vanished reader never stops the exporter. When it takes lines again, a notice
// tells how many were lost, for how long and why. Thread rule: the exporter's thread; hurry(),
// reopen(), counts() and take_notices() may be called by any. SIGPIPE must be ignored or blocked.
class Output {
 public:
  // Creates or empties a file, unless it is to be appended to; a FIFO is waited for until it has a
  // reader, a socket for some seconds. Host names are looked up here only.
  static Result<std::unique_ptr<Output>> open(const OutputOptions& options);

  // Whole lines are appended here; write them out as soon as full().
  [[nodiscard]] TextBuffer& buffer() { return buffer_; }
  [[nodiscard]] bool empty() const { return buffer_.size() == 0; }
  [[nodiscard]] bool full() const { return buffer_.size() >= kFullBytes; }
  // Writes out all lines, or loses them. `now_ns` is a monotonic clock: it decides about trying
  // again.
  void flush(uint64_t now_ns);
  // Of a file, from the next write on.
  void set_rotation(const Rotation& rotation) { sink_->set_rotation(rotation); }
  // There is nothing to write: rotates what is due, opens again what broke. Some times a second.
  void idle(uint64_t now_ns);
  // The last flush: counts what cannot be written, a half line as well.
  void finish(uint64_t now_ns);

  // From now on a reader that takes nothing for half a second is given up (otherwise it is waited
  // for as long as it takes). Safe to call on a signal.
  void hurry() { shared_->hurry.store(true, std::memory_order_relaxed); }
  // Opens the destination again, soon: a file that was renamed is left alone, a session ended and
  // begun. A reader that is waited for does not hold it up. Safe to call on a signal.
  void reopen() { shared_->reopen.store(true, std::memory_order_relaxed); }

  [[nodiscard]] const std::string& destination() const { return destination_; }
  // A moment's view; each figure alone is exact.
  [[nodiscard]] OutputCounts counts() const;
  // What there is to say since the last call, for the log.
  [[nodiscard]] std::vector<std::string> take_notices() { return shared_->notices.take(); }

  static constexpr size_t kFullBytes = size_t{256} << 10;

 private:
  // Whether the buffer begins a line, or goes on with one whose front is written already.
  enum class Front : uint8_t { LineStart, MidLine };

  Output(std::string destination, std::unique_ptr<OutputShared> shared,
         std::unique_ptr<OutputSink> sink);
  void take_reopen_request(uint64_t now_ns);
  void write_out(uint64_t now_ns);
  // Gives up a line whose front went to a session that is over.
  void follow_session();
  // Counts the lines of the buffer as lost. A line whose front is written already is kept, so that
  // it can be completed and no broken line is left behind.
  void lose();
  void keep_rest(std::string_view text, size_t written);
  void refused(int reason, uint64_t now_ns, uint64_t lines_lost_before);
  void accepted(uint64_t now_ns);
  void add_lost(uint64_t lines) { lines_lost_.fetch_add(lines, std::memory_order_relaxed); }

  std::string destination_;
  std::unique_ptr<OutputShared> shared_;
  std::unique_ptr<OutputSink> sink_;
  TextBuffer buffer_;
  Front front_ = Front::LineStart;
  uint64_t session_;

  // The outage that goes on while error_ is not 0.
  uint64_t outage_began_ns_ = 0;
  uint64_t lines_lost_before_ = 0;
  bool outage_told_ = false;

  // Written by the exporter's thread alone, read by any, each figure for itself: relaxed.
  std::atomic<uint64_t> lines_lost_{0};
  std::atomic<uint64_t> outages_{0};
  std::atomic<int> error_{0};
  std::atomic<int> last_error_{0};
};

}  // namespace flowscope
