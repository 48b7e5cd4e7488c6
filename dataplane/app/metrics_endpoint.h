#pragma once

#include <memory>
#include <string>

#include "dataplane/app/figures.h"
#include "flowcore/base/result.h"

namespace flowscope {

// Serves the metrics to Prometheus by HTTP, below /metrics, for the time of this object; each fetch
// takes a sample. Thread rule: made and destroyed by one thread; has threads of its own. Lifetime:
// within that of the figures.
class MetricsEndpoint {
 public:
  // `address` as in telemetry.prometheus, not "off". The error names the address and what is wrong
  // with it: taken, not of this machine, not allowed; or that this build has no endpoint.
  static Result<std::unique_ptr<MetricsEndpoint>> open(const std::string& address,
                                                       Figures& figures);

  MetricsEndpoint() = default;
  virtual ~MetricsEndpoint() = default;
  MetricsEndpoint(const MetricsEndpoint&) = delete;
  MetricsEndpoint& operator=(const MetricsEndpoint&) = delete;

  // Where it is, with the port that was taken: "http://127.0.0.1:9464/metrics".
  [[nodiscard]] virtual std::string url() const = 0;
};

}  // namespace flowscope
