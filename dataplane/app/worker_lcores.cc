#include "dataplane/app/worker_lcores.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/lcore_list.h"
#include "dataplane/app/doctor/system.h"

namespace flowscope {

namespace {

std::string list_of(const EalLcores& lcores) {
  std::vector<uint32_t> all = lcores.others;
  all.insert(std::lower_bound(all.begin(), all.end(), lcores.main), lcores.main);
  return list_of_numbers(all);
}

Result<std::vector<uint32_t>> place_on(std::vector<uint32_t> chosen, const EalLcores& lcores,
                                       uint32_t workers) {
  for (const uint32_t lcore : chosen) {
    if (lcore == lcores.main) {
      return Error{
          fmt::format("worker.lcores: lcore {} is the main lcore, which is for signals and "
                      "statistics; choose another, or another main lcore with --main-lcore",
                      lcore)};
    }
    if (std::find(lcores.others.begin(), lcores.others.end(), lcore) != lcores.others.end())
      continue;
    return Error{fmt::format(
        "worker.lcores: lcore {} is none of the EAL's, which are {}; add it to -l or --lcores",
        lcore, list_of(lcores))};
  }
  chosen.resize(workers);
  return chosen;
}

}  // namespace

Result<std::vector<uint32_t>> place_workers(const Config& config, const EalLcores& lcores) {
  auto chosen = parse_lcores(config.worker.lcores);
  if (!chosen.ok()) return Error{"worker.lcores: " + chosen.error().message};
  const uint32_t workers = config.workers;
  if (!chosen.value().empty()) return place_on(std::move(chosen.value()), lcores, workers);
  if (workers > std::max<size_t>(lcores.others.size(), 1)) {
    return Error{fmt::format(
        "--workers {} needs {} lcores (one is the main lcore), EAL gave {}: use -l 0-{}", workers,
        workers + 1, lcores.others.size() + 1, workers)};
  }
  std::vector<uint32_t> in_turn = lcores.others;
  in_turn.resize(std::min<size_t>(in_turn.size(), workers));
  return in_turn;
}

}  // namespace flowscope
