#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "flowcore/base/bytes.h"

namespace flowscope::testing {

// What a stream handed on: the bytes, and where among them how many were missing.
struct HandedOn {
  struct Gap {
    size_t at;
    uint64_t missing_bytes;
    friend bool operator==(const Gap&, const Gap&) = default;
  };
  std::string bytes;
  std::vector<Gap> gaps;

  void on_bytes(Bytes run) { bytes += run.as_text(); }
  void on_gap(uint32_t missing_bytes) {
    if (!gaps.empty() && gaps.back().at == bytes.size()) {
      gaps.back().missing_bytes += missing_bytes;
    } else {
      gaps.push_back({bytes.size(), missing_bytes});
    }
  }
  friend bool operator==(const HandedOn&, const HandedOn&) = default;
};

}  // namespace flowscope::testing
