#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "l7/tls/wire.h"

namespace flowscope::tls {

// A protocol version as EVE readers know it: "TLS 1.3", "TLS 1.2", "TLS 1.1", "TLSv1", "SSLv3",
// "SSLv2", "TLS 1.3 draft-28", and "UNDETERMINED" for what is none of them.
class VersionName {
 public:
  explicit VersionName(ProtocolVersion version);
  [[nodiscard]] std::string_view text() const { return {chars_.data(), size_}; }

 private:
  void put(std::string_view text);
  void put_draft(uint8_t draft);

  std::array<char, 24> chars_{};
  size_t size_ = 0;
};

// The description of an alert as RFC 8446 6 and its forerunners name it, such as
// "handshake_failure"; "unknown" for numbers without a name.
[[nodiscard]] std::string_view alert_name(uint8_t description);

}  // namespace flowscope::tls
