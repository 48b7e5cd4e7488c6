#pragma once

#include <array>
#include <cstdint>

#include "l7/first_bytes.h"

namespace flowscope::known {

// What may come behind the bytes that a protocol is known by.
enum class Later : uint8_t {
  Nothing,     // it stays what it is: the flow is left alone
  AnotherOne,  // TLS after STARTTLS, anything behind SOCKS: parsers go on looking
};

// A protocol that has a signature and no parser: the flow record names it, no record tells of it.
struct KnownProtocol {
  const char* name = nullptr;       // app_proto; Suricata's where it has one
  std::array<uint16_t, 5> ports{};  // where its weak patterns count
  Later later = Later::Nothing;
  std::array<FirstBytes, 12> first_bytes{};  // the first without a pattern ends them
};

}  // namespace flowscope::known
