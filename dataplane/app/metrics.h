#pragma once

#include <vector>

#include "dataplane/app/stats_view.h"

namespace prometheus {
struct MetricFamily;
}

namespace flowscope {

// The moment as the metrics of metric_names.h, in that order; those that have nothing to tell are
// there without samples.
[[nodiscard]] std::vector<prometheus::MetricFamily> metrics_of(const StatsMoment& moment);

}  // namespace flowscope
