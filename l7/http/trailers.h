#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "l7/http/anomaly.h"

namespace flowscope::http {

// Follows the trailers of a chunked body (RFC 9112 section 7.1.2) to the empty line that ends them,
// in text that arrives cut anywhere. Keeps a hash of the name of the line at hand, no text.
// Thread rule: a value. Cost: one step for a byte of a name, one search for a value.
class TrailerReader {
 public:
  // How many bytes of `text` belong to the trailers, the empty line included; npos: all, and more.
  [[nodiscard]] size_t take(std::string_view text);
  // What was wrong with them up to now. A name that only shares its hash with a forbidden one
  // counts as forbidden; nobody sends one by chance.
  [[nodiscard]] AnomalySet anomalies() const { return anomalies_; }

 private:
  enum class State : uint8_t { LineStart, Name, Value, AfterCr };
  static constexpr uint32_t kHashStart = 2166136261;

  AnomalySet anomalies_;
  uint32_t name_hash_ = kHashStart;
  State state_ = State::LineStart;
};

}  // namespace flowscope::http
