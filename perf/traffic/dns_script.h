#pragma once

#include <cstdint>
#include <string>

#include "perf/traffic/world.h"

namespace flowscope::traffic {

// A question and how it is answered (RFC 1035, RFC 3596).
struct DnsExchange {
  enum class Type : uint16_t { A = 1, Aaaa = 28 };
  enum class Answer : uint8_t { Addresses, Alias, NoSuchName };

  uint16_t id = 0;
  std::string name;
  Type type = Type::A;
  Answer answer = Answer::Addresses;
};

[[nodiscard]] DnsExchange random_lookup(const World& world, Random& random);
[[nodiscard]] std::string dns_query(const DnsExchange& exchange);
[[nodiscard]] std::string dns_response(const DnsExchange& exchange, Random& random);
// A message as TCP carries it, with its length in front.
[[nodiscard]] std::string dns_over_tcp(const std::string& message);

}  // namespace flowscope::traffic
