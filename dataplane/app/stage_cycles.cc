#include "dataplane/app/stage_cycles.h"

#include <fmt/format.h>

#include "dataplane/app/cycles.h"
#include "dataplane/pipeline/pipeline.h"

namespace flowscope {

void StageCycles::measure(bool is_on) {
  const std::lock_guard lock(mutex_);
  if (is_on == is_on_) return;
  is_on_ = is_on;
  for (size_t i = 0; i < pipelines_.size(); ++i) {
    Pipeline& pipeline = *pipelines_[i];
    Part& part = parts_[i];
    const uint64_t received = pipeline.ledger().received();
    if (is_on) {
      part.received_before = received;
      pipeline.pulse().measure_by(read_cycles);
    } else {
      pipeline.pulse().measure_no_more();
      part.packets += received - part.received_before;
    }
  }
}

bool StageCycles::is_on() {
  const std::lock_guard lock(mutex_);
  return is_on_;
}

std::vector<StageCyclesLine> StageCycles::now() {
  const std::lock_guard lock(mutex_);
  std::vector<StageCyclesLine> lines;
  for (size_t i = 0; i < pipelines_.size(); ++i) {
    const Pipeline& pipeline = *pipelines_[i];
    StageCyclesLine& line = lines.emplace_back();
    for (size_t stage = 0; stage < kStages; ++stage)
      line.cycles.at(stage) = pipeline.pulse().cycles(static_cast<Stage>(stage));
    line.packets = parts_[i].packets;
    if (is_on_) line.packets += pipeline.ledger().received() - parts_[i].received_before;
  }
  return lines;
}

std::string cycles_text(std::span<const StageCyclesLine> lines) {
  uint64_t packets = 0;
  for (const StageCyclesLine& line : lines) packets += line.packets;
  std::string text;
  if (packets == 0) return text;
  for (size_t stage = static_cast<size_t>(Stage::Receive);
       stage <= static_cast<size_t>(Stage::Release); ++stage) {
    uint64_t cycles = 0;
    for (const StageCyclesLine& line : lines) cycles += line.cycles.at(stage);
    if (cycles == 0) continue;
    text += fmt::format("{}{} {:.1f}", text.empty() ? "" : ", ", name_of(static_cast<Stage>(stage)),
                        static_cast<double>(cycles) / static_cast<double>(packets));
  }
  return text;
}

}  // namespace flowscope
