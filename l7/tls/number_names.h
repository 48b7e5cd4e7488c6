#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace flowscope::tls {

// A number of an IANA registry by its name there, or as four hexadecimal digits such as "0x00ff"
// when it is none of those that are met.
class NumberName {
 public:
  enum class Registry : uint8_t { CipherSuites, Groups };

  NumberName(Registry registry, uint16_t number);
  // Valid as long as this object.
  [[nodiscard]] std::string_view text() const {
    return known_.empty() ? std::string_view(digits_.data(), digits_.size()) : known_;
  }

 private:
  std::string_view known_;
  std::array<char, 6> digits_;
};

// "TLS_AES_128_GCM_SHA256" (IANA TLS Cipher Suites).
[[nodiscard]] inline NumberName cipher_suite_name(uint16_t suite) {
  return {NumberName::Registry::CipherSuites, suite};
}
// "x25519" (IANA TLS Supported Groups).
[[nodiscard]] inline NumberName group_name(uint16_t group) {
  return {NumberName::Registry::Groups, group};
}

}  // namespace flowscope::tls
