#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "flowcore/base/bytes.h"
#include "l7/dns/wire.h"

namespace flowscope::dns {

// Whether the record's content has the form its type asks for. Content of types we do not read, and
// absent content (RFC 2136 section 2.4), is always sound. Cost: as name_is_sound, at most twice.
[[nodiscard]] bool rdata_is_sound(Bytes message, const Record& record);

// The texts below are written into storage of the caller; the views live as long as it does.

// Room for the longest IPv6 text.
using AddressText = std::array<char, 40>;
// "192.0.2.1". Requires: 4 bytes.
[[nodiscard]] std::string_view ipv4_text(Bytes address, AddressText& storage);
// "2001:db8::1", in the form of RFC 5952. Requires: 16 bytes.
[[nodiscard]] std::string_view ipv6_text(Bytes address, AddressText& storage);

// The joined strings of a TXT record (RFC 1035 section 3.3.14). A single string is borrowed from
// the message; several are copied one after the other, up to what the array holds.
class JoinedStrings {
 public:
  static constexpr size_t kBytesMax = 2048;

  // Requires: the strings fill `rdata` exactly.
  explicit JoinedStrings(Bytes rdata);
  JoinedStrings(const JoinedStrings&) = delete;
  JoinedStrings& operator=(const JoinedStrings&) = delete;
  ~JoinedStrings() = default;

  [[nodiscard]] std::string_view view() const { return view_; }
  [[nodiscard]] bool is_cut() const { return is_cut_; }

 private:
  std::string_view view_;
  bool is_cut_ = false;
  std::array<char, kBytesMax> storage_;
};

}  // namespace flowscope::dns
