#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "dataplane/pipeline/pulse.h"

namespace flowscope {

class Pipeline;

// What one worker did while its stages were measured.
struct StageCyclesLine {
  std::array<uint64_t, kStages> cycles{};  // by Stage, of the processor's time stamp counter
  uint64_t packets = 0;                    // received meanwhile
};

// Switches the measuring of stages on and off while the workers go on, and knows what was measured
// since the start. Thread rule: any thread. Lifetime: within that of the pipelines. Cost: nothing
// while off but for the branches of Pulse; while on, some 11 readings of the counter for each burst
// of a worker, 20 to 40 cycles each: 3 to 7 cycles a packet of full bursts, all of them counted in
// the stage that is left.
class StageCycles {
 public:
  explicit StageCycles(std::span<const std::unique_ptr<Pipeline>> pipelines)
      : pipelines_(pipelines), parts_(pipelines.size()) {}

  void measure(bool is_on);
  // What each worker did so far; packets may be a burst more or less than what cycles are of.
  [[nodiscard]] std::vector<StageCyclesLine> now();
  [[nodiscard]] bool is_on();

 private:
  // The packets of a worker: those of times that are over, and where the present one began.
  struct Part {
    uint64_t packets = 0;
    uint64_t received_before = 0;
  };

  std::span<const std::unique_ptr<Pipeline>> pipelines_;
  std::mutex mutex_;  // of what follows
  bool is_on_ = false;
  std::vector<Part> parts_;
};

// "receive 21.0, decode 18.3", cycles a packet of all workers, of the stages that handle packets;
// empty where no packet came while they were measured.
[[nodiscard]] std::string cycles_text(std::span<const StageCyclesLine> lines);

}  // namespace flowscope
