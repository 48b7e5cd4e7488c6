#pragma once

#include <cstdint>
#include <string_view>

namespace flowscope::quic {

// What EVE readers call a TLS extension, such as "server_name" (IANA TLS ExtensionType Values);
// empty for one without a name.
[[nodiscard]] std::string_view extension_name(uint16_t type);

}  // namespace flowscope::quic
