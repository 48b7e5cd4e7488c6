#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "flowcore/base/result.h"

namespace flowscope {

// Where a service listens: a numeric address and a TCP port, 0 for any that is free.
struct ListenAddress {
  std::string address = "127.0.0.1";
  uint16_t port = 0;
  bool is_v6 = false;

  // "127.0.0.1:9464", "[::1]:9464".
  [[nodiscard]] std::string text() const;
};

// Reads PORT, ADDRESS:PORT or [ADDRESS]:PORT; without an address it is that of the loopback.
[[nodiscard]] Result<ListenAddress> parse_listen_address(std::string_view text);

}  // namespace flowscope
