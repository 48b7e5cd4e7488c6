#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "dataplane/export/eve_writer.h"
#include "dataplane/export/output.h"
#include "dataplane/export/stats_snapshot.h"
#include "dataplane/pipeline/flow_heads.h"
#include "dataplane/pipeline/record_reader.h"
#include "dataplane/pipeline/record_ring.h"

namespace flowscope {

// What of an exporter can change while it writes.
struct ExportSettings {
  EveOptions eve;
  Rotation rotation;
};

// What an exporter has done so far. Lines lost were made but not taken by the destination.
struct ExportCounts {
  std::array<uint64_t, kRecordKinds> records{};
  uint64_t bytes_written = 0;
  uint64_t lines_lost = 0;
  uint64_t outages = 0;  // times that the destination took nothing, and took lines again
  // errno of the last write, 0 while all is well.
  int output_error = 0;
  int last_output_error = 0;  // of the last outage
};

// The one thread that empties the rings of all workers, formats the records and writes them out.
// Thread rule: add_ring, start and stop belong to one thread; the other calls to any.
// Lifetime: the rings must outlive stop().
class Exporter {
 public:
  Exporter(std::unique_ptr<Output> output, EveOptions options);
  ~Exporter();
  Exporter(const Exporter&) = delete;
  Exporter& operator=(const Exporter&) = delete;

  // Requires: not started yet.
  void add_ring(RecordRing& ring);
  void start();
  // Writes out everything that was published before the call, then ends the thread. Waits for a
  // slow reader of the output as long as it takes, unless hurry() was called.
  void stop();
  // Gives up a reader that takes nothing for half a second. Safe to call on a signal.
  void hurry() { output_->hurry(); }
  // Opens the output again, soon; see Output. Safe to call on a signal.
  void reopen() { output_->reopen(); }
  // From now on as these say, soon.
  void change(const ExportSettings& settings);
  // What there is to say of the output since the last call, for the log.
  [[nodiscard]] std::vector<std::string> take_notices() { return output_->take_notices(); }

  // Writes a stats record, soon. At most kStatsWaiting wait; more are lost and counted with the
  // lines.
  void write_stats(StatsSnapshot snapshot);

  [[nodiscard]] ExportCounts counts() const;
  // For messages about output_error.
  [[nodiscard]] const std::string& destination() const { return output_->destination(); }

  static constexpr size_t kStatsWaiting = 16;

 private:
  void run();
  // Formats up to a batch of the ring's records; gives their number.
  size_t drain(RecordRing& ring);
  // Takes the next few records out of the ring, as many as are formatted at a time; whether there
  // were any.
  bool take_group(RecordRing& ring);
  // Takes what other threads left: settings, and stats, which are written; gives their number.
  size_t take_waiting();
  void flush_if_due(size_t records);
  void count(RecordKind kind);

  std::unique_ptr<Output> output_;
  EveWriter eve_;
  FlowHeads heads_;
  std::vector<RecordReader> group_;  // borrows from a ring until its release()
  std::vector<RecordRing*> rings_;
  std::thread thread_;
  uint64_t oldest_line_ns_ = 0;  // when the first line came into the empty buffer
  // Written by the exporter's thread alone, read by any, each figure for itself: relaxed.
  std::array<std::atomic<uint64_t>, kRecordKinds> records_{};
  std::atomic<uint64_t> stats_lost_{0};
  // Released by stop(), acquired by run(): what was published before stop() is seen after it.
  std::atomic<bool> stopping_{false};
  // They come a few times a minute from the main thread, so a lock is good enough.
  std::mutex waiting_mutex_;
  std::vector<StatsSnapshot> stats_waiting_;
  std::optional<ExportSettings> settings_waiting_;
};

}  // namespace flowscope
