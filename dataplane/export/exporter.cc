#include "dataplane/export/exporter.h"

#include <pthread.h>
#include <signal.h>
#include <time.h>

#include <algorithm>
#include <utility>

#include "flowcore/base/check.h"

namespace flowscope {

namespace {

// Records taken from one ring before its room is given back and the next ring has its turn.
constexpr size_t kBatchRecords = 256;
// A line waits no longer than this under load, and this when there is nothing else to do.
constexpr uint64_t kLineAgeMaxNs = 200'000'000;
constexpr uint64_t kIdleLineAgeMaxNs = 5'000'000;
constexpr long kSleepMinNs = 500'000;
constexpr long kSleepMaxNs = 1'000'000;

uint64_t monotonic_ns() {
  timespec now = {};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
}

void sleep_ns(long ns) {
  const timespec pause = {.tv_sec = 0, .tv_nsec = ns};
  nanosleep(&pause, nullptr);
}

}  // namespace

Exporter::Exporter(std::unique_ptr<Output> output, EveOptions options)
    : output_(std::move(output)), eve_(options) {
  group_.reserve(kCommunityIdsAtOnce);
}

Exporter::~Exporter() { stop(); }

void Exporter::add_ring(RecordRing& ring) {
  FS_CHECK(!thread_.joinable());
  rings_.push_back(&ring);
}

void Exporter::start() {
  FS_CHECK(!thread_.joinable());
  // Signals are for the main thread; and a write to a broken pipe must answer EPIPE, not kill.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { run(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void Exporter::stop() {
  if (!thread_.joinable()) return;
  stopping_.store(true, std::memory_order_release);  // pairs with the acquire load in run()
  thread_.join();
}

void Exporter::run() {
  long pause_ns = kSleepMinNs;
  for (;;) {
    // Read before the rings: a pass that finds nothing after it has seen everything.
    const bool stopping = stopping_.load(std::memory_order_acquire);
    size_t records = take_waiting();
    for (RecordRing* ring : rings_) records += drain(*ring);
    flush_if_due(records);
    if (records != 0) {
      pause_ns = kSleepMinNs;
    } else if (stopping) {
      output_->finish(monotonic_ns());
      return;
    } else {
      sleep_ns(pause_ns);
      pause_ns = std::min(2 * pause_ns, kSleepMaxNs);
    }
  }
}

size_t Exporter::drain(RecordRing& ring) {
  size_t records = 0;
  while (records < kBatchRecords && take_group(ring)) {
    eve_.write(group_, output_->buffer());
    for (const RecordReader& record : group_) count(record.head().kind);
    records += group_.size();
    if (output_->full()) output_->flush(monotonic_ns());
  }
  if (records != 0) ring.release();
  return records;
}

bool Exporter::take_group(RecordRing& ring) {
  group_.clear();
  while (group_.size() < kCommunityIdsAtOnce) {
    const Bytes bytes = ring.front();
    if (bytes.empty()) break;
    group_.emplace_back(bytes, heads_);
    ring.pop();
  }
  return !group_.empty();
}

size_t Exporter::take_waiting() {
  std::vector<StatsSnapshot> waiting;
  std::optional<ExportSettings> settings;
  {
    const std::lock_guard lock(waiting_mutex_);
    waiting.swap(stats_waiting_);
    settings.swap(settings_waiting_);
  }
  if (settings) {
    eve_ = EveWriter(settings->eve);
    output_->set_rotation(settings->rotation);
  }
  for (const StatsSnapshot& snapshot : waiting) eve_.write_stats(snapshot, output_->buffer());
  return waiting.size();
}

void Exporter::flush_if_due(size_t records) {
  const uint64_t now_ns = monotonic_ns();
  if (output_->empty()) {
    oldest_line_ns_ = 0;
    output_->idle(now_ns);
    return;
  }
  if (oldest_line_ns_ == 0) oldest_line_ns_ = now_ns;
  const uint64_t age_ns = now_ns - oldest_line_ns_;
  if (age_ns < (records == 0 ? kIdleLineAgeMaxNs : kLineAgeMaxNs)) return;
  output_->flush(now_ns);
  oldest_line_ns_ = 0;
}

void Exporter::count(RecordKind kind) {
  std::atomic<uint64_t>& counter = records_[static_cast<size_t>(kind)];
  counter.store(counter.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

void Exporter::write_stats(StatsSnapshot snapshot) {
  const std::lock_guard lock(waiting_mutex_);
  if (stats_waiting_.size() == kStatsWaiting) {
    stats_lost_.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  stats_waiting_.push_back(std::move(snapshot));
}

void Exporter::change(const ExportSettings& settings) {
  const std::lock_guard lock(waiting_mutex_);
  settings_waiting_ = settings;
}

ExportCounts Exporter::counts() const {
  ExportCounts counts;
  for (size_t i = 0; i < kRecordKinds; ++i) {
    counts.records[i] = records_[i].load(std::memory_order_relaxed);  // written by count()
  }
  const OutputCounts output = output_->counts();
  counts.bytes_written = output.bytes_written;
  counts.lines_lost = output.lines_lost + stats_lost_.load(std::memory_order_relaxed);
  counts.outages = output.outages;
  counts.output_error = output.error;
  counts.last_output_error = output.last_error;
  return counts;
}

}  // namespace flowscope
