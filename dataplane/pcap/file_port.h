#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dataplane/pcap/capture_reader.h"
#include "dataplane/pcap/port_counters.h"
#include "flowcore/base/result.h"
#include "flowcore/packet/burst.h"

namespace flowscope {

// A port that replays capture files, one after the other, as fast as they are asked for. A file
// that cannot be opened or breaks off is noted in faults(), and the next one follows.
// Thread rule: one thread. Lifetime: frames of a burst are valid until the next receive().
class FilePort {
 public:
  // `packets_max`: the most packets of a burst, at most kBurstMax.
  FilePort(std::vector<std::string> paths, uint32_t packets_max)
      : paths_(std::move(paths)), packets_max_(packets_max) {}

  // Tells before a run what would keep one of the files from being replayed. Waits for no pipe.
  static Result<void> check(const std::vector<std::string>& paths);

  // Sets burst.count and the packets. Zero: the files have ended(), or a pipe has nothing yet
  // (which it was given ByteSource::kPipeWaitMs to bring).
  size_t receive(Burst& burst) {
    if (reader_) [[likely]] {
      if (const size_t count = reader_->read(burst, packets_max_)) {
        count_in(burst);
        return count;
      }
    }
    return receive_from_next(burst);
  }
  // Nothing to give back: the reader writes over its block only when the next burst is asked for.
  void release(Burst& burst) { burst.count = 0; }
  [[nodiscard]] bool ended() const { return !reader_ && next_path_ == paths_.size(); }

  [[nodiscard]] const std::vector<Error>& faults() const { return faults_; }
  [[nodiscard]] PortCounters counters() const {
    return {.received = received_, .bytes = bytes_, .dropped_by_port = 0, .drops_known = true};
  }

 private:
  [[nodiscard]] size_t receive_from_next(Burst& burst);
  void open_next();
  void close_reader();
  void count_in(const Burst& burst) {
    received_ += burst.count;
    for (uint32_t i = 0; i < burst.count; ++i) bytes_ += burst.packet[i].frame.size();
  }

  std::vector<std::string> paths_;
  size_t next_path_ = 0;
  uint32_t packets_max_;
  std::optional<CaptureReader> reader_;
  std::vector<Error> faults_;
  uint64_t received_ = 0;
  uint64_t bytes_ = 0;
};

}  // namespace flowscope
