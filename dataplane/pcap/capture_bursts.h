#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "dataplane/pcap/capture_reader.h"
#include "flowcore/base/result.h"
#include "flowcore/base/timestamp.h"
#include "flowcore/packet/burst.h"

namespace flowscope {

// How a capture's packets are handed out.
struct CaptureOptions {
  // A packet older than one before it gets that one's time: captures of several interfaces, or of a
  // clock that was set back, go forward then.
  bool monotonic = false;
  uint32_t packets_max = 64;  // of a burst, 1 to kBurstMax
};

// The packets of one capture, burst by burst: what the ranges over captures step through.
// Thread rule: one thread. Lifetime: movable, which leaves bursts and their frames where they are;
// a burst is valid until the next() after it. Cost: the reader's, and 60 KB for the burst.
class CaptureBursts {
 public:
  CaptureBursts(CaptureReader reader, const CaptureOptions& options)
      : reader_(std::move(reader)), options_(options), burst_(std::make_unique<Burst>()) {
    options_.packets_max = std::clamp<uint32_t>(options.packets_max, 1, kBurstMax);
  }
  // No packets, for the reason given.
  explicit CaptureBursts(Error fault) : fault_(std::move(fault)) {}

  // Reads the next burst; null when the capture has ended, for good or with a fault(). Waits for a
  // pipe as long as its writer takes.
  [[nodiscard]] Burst* next() {
    if (!reader_) return nullptr;
    while (!reader_->ended()) {
      if (reader_->read(*burst_, options_.packets_max) == 0) continue;
      if (options_.monotonic) go_forward();
      return burst_.get();
    }
    fault_ = reader_->fault();
    return nullptr;
  }

  // Why there are no more packets, in one line that names the file; nothing while there are, and
  // where the capture was read to its proper end.
  [[nodiscard]] const std::optional<Error>& fault() const { return fault_; }
  [[nodiscard]] uint64_t packets_read() const { return reader_ ? reader_->packets_read() : 0; }
  [[nodiscard]] uint64_t bytes_read() const { return reader_ ? reader_->bytes_read() : 0; }

 private:
  void go_forward() {
    for (uint32_t i = 0; i < burst_->count; ++i) {
      latest_ = std::max(latest_, burst_->packet[i].time);
      burst_->packet[i].time = latest_;
    }
  }

  std::optional<CaptureReader> reader_;
  CaptureOptions options_;
  std::unique_ptr<Burst> burst_;
  Timestamp latest_;  // of the packets so far, where monotonic
  std::optional<Error> fault_;
};

}  // namespace flowscope
