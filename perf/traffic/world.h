#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "perf/traffic/frame.h"
#include "perf/traffic/random.h"

namespace flowscope::traffic {

// What sessions talk about and who talks: names, payload to fill bodies with, servers with their
// certificates, and a route of its own for each session. All names and addresses are of the blocks
// reserved for documentation, benchmarks and private use.
// Thread rule: one thread.
class World {
 public:
  explicit World(uint64_t seed);

  // A host name, a few thousand in all; and a path with a query now and then.
  [[nodiscard]] std::string host(Random& random) const;
  [[nodiscard]] std::string target(Random& random) const;
  // Printable and random bytes. Requires: bytes <= kFillBytesMax.
  [[nodiscard]] std::string_view text(Random& random, size_t bytes) const;
  [[nodiscard]] std::string_view opaque(Random& random, size_t bytes) const;
  // Certificates of a server and its two issuers, each DER, as a TLS 1.2 Certificate message lists
  // them.
  [[nodiscard]] std::string_view certificate_list(Random& random) const;
  // A route no session has had before (for 16 million sessions), to `port` of some server.
  [[nodiscard]] Route route(Random& random, Transport transport, uint16_t port, uint8_t ip_version);

  static constexpr size_t kFillBytesMax = 32 * 1024;

 private:
  std::string text_;
  std::string opaque_;
  std::vector<std::string> certificate_lists_;
  uint32_t sessions_ = 0;
};

}  // namespace flowscope::traffic
