#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "flowcore/base/bytes.h"

namespace flowscope::dns {

// Record contents that are no text, as text. Written into storage of the caller; the views live as
// long as it does. Cost: linear in what is written.

// Most bytes of one value that are written in hexadecimal; the rest is left out.
inline constexpr size_t kHexBytesMax = 256;
// Room for so many bytes with a colon behind each, and for the longest prefix of generic_text().
using HexText = std::array<char, 3 * kHexBytesMax + 16>;

// "0aff". At most kHexBytesMax bytes of `value`.
[[nodiscard]] std::string_view hex_text(Bytes value, HexText& storage);
// "0a:ff". The same limit.
[[nodiscard]] std::string_view colons_text(Bytes value, HexText& storage);
// "\# 2 0aff" (RFC 3597 section 5), with the length of all of the content. The same limit.
[[nodiscard]] std::string_view generic_text(Bytes value, HexText& storage);
// RFC 4648 section 7 without padding, lower case: owners of NSEC3 records. The same limit.
[[nodiscard]] std::string_view base32_text(Bytes value, HexText& storage);
// "42 21 54.000 N 71 6 18.000 W -24.00m 30.00m 10000.00m 10.00m" (RFC 1876 section 3).
// Requires: content that rdata_is_sound() found good, of version 0.
[[nodiscard]] std::string_view location_text(Bytes rdata, HexText& storage);

}  // namespace flowscope::dns
