#pragma once

#include <string>
#include <string_view>

#include "perf/traffic/random.h"

namespace flowscope::traffic {

// A certificate (DER, RFC 5280) that is well-formed but signed with random bytes: subject and, as a
// host name, its alternative name are `subject`.
[[nodiscard]] std::string make_certificate(Random& random, std::string_view issuer,
                                           std::string_view subject);

}  // namespace flowscope::traffic
