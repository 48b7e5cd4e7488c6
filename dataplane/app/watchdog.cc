#include "dataplane/app/watchdog.h"

#include <fmt/format.h>

#include "flowcore/base/check.h"

namespace flowscope {

namespace {

bool is_running(Stage stage) { return stage != Stage::Starting && stage != Stage::Done; }

}  // namespace

void Watchdog::set_limit_ns(uint64_t limit_ns) {
  limit_ns_ = limit_ns;
  // Nobody looks any more whether a worker that was told of moves again.
  if (limit_ns == 0) std::fill(seen_.begin(), seen_.end(), Seen{});
}

std::vector<std::string> Watchdog::look(uint64_t now_ns, std::span<const Pulse::Beat> beats) {
  FS_CHECK(beats.size() == seen_.size());
  std::vector<std::string> lines;
  if (limit_ns_ == 0) return lines;
  for (size_t worker = 0; worker < beats.size(); ++worker) {
    Seen& seen = seen_[worker];
    const double seconds = static_cast<double>(now_ns - seen.since_ns) / 1e9;
    const Stage stage = seen.beat.stage();
    if (beats[worker] != seen.beat || !is_running(stage)) {
      if (seen.is_told) {
        lines.push_back(fmt::format("{} moves again, after {:.1f} s in stage {}", names_[worker],
                                    seconds, name_of(stage)));
      }
      seen = {.beat = beats[worker], .since_ns = now_ns};
      continue;
    }
    if (seen.is_told || now_ns - seen.since_ns < limit_ns_) continue;
    seen.is_told = true;
    ++stalls_[worker];
    lines.push_back(fmt::format("{} has been in stage {} for {:.1f} s", names_[worker],
                                name_of(stage), seconds));
  }
  return lines;
}

}  // namespace flowscope
