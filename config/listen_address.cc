#include "config/listen_address.h"

#include <arpa/inet.h>

#include <array>
#include <charconv>

namespace flowscope {

std::string ListenAddress::text() const {
  const std::string host = is_v6 ? "[" + address + "]" : address;
  return host + ":" + std::to_string(port);
}

Result<ListenAddress> parse_listen_address(std::string_view text) {
  const Error error{"\"" + std::string(text)
                    + "\" is no address to listen on; expected a port such as 9464, or an address "
                      "and a port such as 127.0.0.1:9464 or [::1]:9464"};
  ListenAddress parsed;
  const size_t colon = text.rfind(':');
  std::string_view port = text;
  if (colon != std::string_view::npos) {
    port = text.substr(colon + 1);
    std::string_view address = text.substr(0, colon);
    parsed.is_v6 = address.size() > 2 && address.front() == '[' && address.back() == ']';
    if (parsed.is_v6) address = address.substr(1, address.size() - 2);
    parsed.address = address;
    std::array<unsigned char, 16> binary{};
    if (inet_pton(parsed.is_v6 ? AF_INET6 : AF_INET, parsed.address.c_str(), binary.data()) != 1)
      return error;
  }
  const char* const end = port.data() + port.size();
  const auto [stop, code] = std::from_chars(port.data(), end, parsed.port);
  if (code != std::errc{} || stop != end) return error;
  return parsed;
}

}  // namespace flowscope
