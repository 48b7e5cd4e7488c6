#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "flowcore/base/timestamp.h"

namespace flowscope {

// One figure; dots in the name stand for nesting ("decoder.pkts").
struct StatsFigure {
  std::string name;
  uint64_t value = 0;
};

// All counters at one moment, gathered by the main thread for a stats record. Order does not
// matter: it is sorted when written. Requires: no name is also the group of another ("a" beside
// "a.b").
struct StatsSnapshot {
  Timestamp time;
  std::vector<StatsFigure> figures;
};

}  // namespace flowscope
