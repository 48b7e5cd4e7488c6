#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace flowscope::dns {

// Resource record types whose content we read (IANA DNS parameters, TYPE registry).
enum class RrType : uint16_t {
  A = 1,
  Ns = 2,
  Md = 3,
  Mf = 4,
  Cname = 5,
  Soa = 6,
  Mb = 7,
  Mg = 8,
  Mr = 9,
  Ptr = 12,
  Mx = 15,
  Txt = 16,
  Aaaa = 28,
  Srv = 33,
  Dname = 39,
  Opt = 41,
  Spf = 99,
};

// Room for the text of a number that has no mnemonic.
using NumberText = std::array<char, 16>;

// "AAAA", or "TYPE65280" (RFC 3597 section 5) written into `scratch`.
[[nodiscard]] std::string_view rr_type_name(uint16_t type, NumberText& scratch);

// "NXDOMAIN", or "RCODE12" written into `scratch`. Takes the extended code of RFC 6891 as well.
[[nodiscard]] std::string_view rcode_name(uint16_t rcode, NumberText& scratch);

}  // namespace flowscope::dns
