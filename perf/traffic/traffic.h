#pragma once

#include <cstdint>
#include <string>

#include "flowcore/base/result.h"
#include "perf/traffic/capture_file.h"

namespace flowscope::traffic {

// What was written.
struct Totals {
  uint64_t packets = 0;
  uint64_t bytes = 0;  // of the file
};

// Large captures are told of on standard error every few seconds.
struct Output {
  std::string path;
  CaptureFile::Precision precision = CaptureFile::Precision::Microseconds;
  uint64_t seed = 1;
};

// A small capture with some of everything: HTTP with keep-alive, chunked bodies and a POST, TLS 1.2
// and 1.3, DNS over UDP and TCP, pings, over IPv4 and IPv6, and sessions that nobody answers.
// Always the same bytes.
[[nodiscard]] Result<Totals> write_sample(const std::string& path);

// Whole sessions of each protocol, `live` of them at a time, mixed packet by packet.
struct Mix {
  uint64_t http = 0;
  uint64_t tls = 0;
  uint64_t dns = 0;
  uint32_t live = 1000;
};
[[nodiscard]] Result<Totals> write_mix(const Output& output, const Mix& mix);

// `packets` SYNs, each of another flow, unanswered.
[[nodiscard]] Result<Totals> write_synflood(const Output& output, uint64_t packets);

// One TCP flow of `packets` packets: full segments, every second one acknowledged.
[[nodiscard]] Result<Totals> write_elephant(const Output& output, uint64_t packets);

}  // namespace flowscope::traffic
