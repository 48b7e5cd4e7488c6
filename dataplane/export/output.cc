#include "dataplane/export/output.h"

#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "dataplane/export/file_sink.h"
#include "dataplane/export/pipe_sink.h"
#include "dataplane/export/socket_sink.h"

namespace flowscope {

namespace {

// Room for a full buffer and, behind it, the longest line: a record of 64 KiB, each byte escaped.
constexpr size_t kBufferBytes = size_t{1} << 20;
// An outage is told of when it lasts, and when it is over.
constexpr uint64_t kToldAfterNs = 1'000'000'000;
// How often one flush may meet a destination that was opened anew.
constexpr int kSessionsPerFlush = 3;

using OpenedSink = Result<std::unique_ptr<OutputSink>>;

bool is_fifo(const std::string& path) {
  struct stat status = {};
  return stat(path.c_str(), &status) == 0 && S_ISFIFO(status.st_mode);
}

OpenedSink open_sink(const OutputOptions& options, OutputShared& shared) {
  const std::string& to = options.destination;
  if (to == "-") return PipeSink::open_standard_output(shared);
  if (to.starts_with(SocketSink::kTcpPrefix) || to.starts_with(SocketSink::kUnixPrefix))
    return SocketSink::open(to, options.unreachable, shared);
  if (is_fifo(to)) return PipeSink::open(to, shared);
  return FileSink::open(options, shared);
}

uint64_t lines_in(std::string_view text) {
  return static_cast<uint64_t>(std::count(text.begin(), text.end(), '\n'));
}

// 1234567 as "1,234,567".
std::string grouped(uint64_t number) {
  std::string digits = std::to_string(number);
  for (size_t at = digits.size(); at > 3;) digits.insert(at -= 3, ",");
  return digits;
}

}  // namespace

Result<std::unique_ptr<Output>> Output::open(const OutputOptions& options) {
  auto shared = std::make_unique<OutputShared>();
  OpenedSink sink = open_sink(options, *shared);
  if (!sink.ok()) return sink.error();
  const std::string name =
      options.destination == "-" ? std::string("standard output") : options.destination;
  return std::unique_ptr<Output>(new Output(name, std::move(shared), std::move(sink.value())));
}

Output::Output(std::string destination, std::unique_ptr<OutputShared> shared,
               std::unique_ptr<OutputSink> sink)
    : destination_(std::move(destination)),
      shared_(std::move(shared)),
      sink_(std::move(sink)),
      buffer_(kBufferBytes),
      session_(sink_->session()) {}

void Output::flush(uint64_t now_ns) {
  take_reopen_request(now_ns);
  if (empty()) return;
  const uint64_t lost_before = lines_lost_.load(std::memory_order_relaxed);
  const int reason = sink_->prepare(now_ns);
  follow_session();
  if (reason != 0) {
    lose();
    refused(reason, now_ns, lost_before);
    return;
  }
  if (front_ == Front::LineStart) sink_->between_lines(now_ns, buffer_.size());
  write_out(now_ns);
}

void Output::idle(uint64_t now_ns) {
  take_reopen_request(now_ns);
  const int reason = sink_->prepare(now_ns);
  if (reason == 0 && front_ == Front::LineStart) sink_->between_lines(now_ns, 0);
}

void Output::finish(uint64_t now_ns) {
  flush(now_ns);
  if (empty()) return;
  add_lost(lines_in(buffer_.text()));
  buffer_.clear();
}

void Output::take_reopen_request(uint64_t now_ns) {
  // Relaxed: partner of reopen(), orders nothing.
  if (shared_->reopen.exchange(false, std::memory_order_relaxed)) sink_->reopen(now_ns);
}

void Output::write_out(uint64_t now_ns) {
  const uint64_t lost_before = lines_lost_.load(std::memory_order_relaxed);
  for (int sessions = 0; sessions < kSessionsPerFlush;) {
    sessions += sink_->session() == session_ ? 0 : 1;
    follow_session();
    const std::string_view text = buffer_.text();
    if (text.empty()) return;
    const Written written = sink_->write(text);
    keep_rest(text, written.bytes);
    switch (written.end) {
      case WriteEnd::Done:
        accepted(now_ns);
        return;
      case WriteEnd::Refused:
        lose();
        refused(written.error, now_ns, lost_before);
        return;
      case WriteEnd::Again:
        take_reopen_request(now_ns);
        if (const int reason = sink_->prepare(now_ns); reason != 0) {
          lose();
          refused(reason, now_ns, lost_before);
          return;
        }
        break;
    }
  }
  lose();
  refused(ESTALE, now_ns, lost_before);
}

void Output::keep_rest(std::string_view text, size_t written) {
  if (written != 0) front_ = text[written - 1] == '\n' ? Front::LineStart : Front::MidLine;
  buffer_.keep(text.substr(written));
}

void Output::follow_session() {
  if (sink_->session() == session_) return;
  session_ = sink_->session();
  if (front_ == Front::LineStart) return;
  const std::string_view text = buffer_.text();
  buffer_.keep(text.substr(std::min(text.size(), text.find('\n') + 1)));
  front_ = Front::LineStart;
  add_lost(1);
}

void Output::lose() {
  const std::string_view text = buffer_.text();
  const size_t kept = front_ == Front::MidLine ? text.find('\n') + 1 : 0;
  add_lost(lines_in(text.substr(kept)));
  buffer_.keep(text.substr(0, kept));
}

void Output::refused(int reason, uint64_t now_ns, uint64_t lines_lost_before) {
  if (error_.exchange(reason, std::memory_order_relaxed) == 0) {
    outage_began_ns_ = now_ns;
    lines_lost_before_ = lines_lost_before;
    outage_told_ = false;
  }
  last_error_.store(reason, std::memory_order_relaxed);
  if (outage_told_ || now_ns - outage_began_ns_ < kToldAfterNs) return;
  outage_told_ = true;
  shared_->notices.add("output: records cannot be written to " + destination_ + ": "
                       + std::strerror(reason) + "; they are lost until it takes them again");
}

void Output::accepted(uint64_t now_ns) {
  const int reason = error_.exchange(0, std::memory_order_relaxed);
  if (reason == 0) return;
  outages_.fetch_add(1, std::memory_order_relaxed);
  const uint64_t lost = lines_lost_.load(std::memory_order_relaxed) - lines_lost_before_;
  const uint64_t seconds = (now_ns - outage_began_ns_ + 500'000'000) / 1'000'000'000;
  shared_->notices.add("output: " + grouped(lost) + " records could not be written to "
                       + destination_ + " for " + grouped(seconds) + " s: " + std::strerror(reason)
                       + "; writing again");
}

OutputCounts Output::counts() const {
  return {.bytes_written = shared_->bytes_written.load(std::memory_order_relaxed),
          .lines_lost = lines_lost_.load(std::memory_order_relaxed),
          .outages = outages_.load(std::memory_order_relaxed),
          .error = error_.load(std::memory_order_relaxed),
          .last_error = last_error_.load(std::memory_order_relaxed)};
}

}  // namespace flowscope
