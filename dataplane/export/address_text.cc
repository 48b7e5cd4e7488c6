#include "dataplane/export/address_text.h"

#include <string_view>

#include "flowcore/base/bytes.h"

namespace flowscope {

namespace {

constexpr size_t kGroups = 8;
constexpr std::string_view kHexDigits = "0123456789abcdef";

// A run of groups that are zero.
struct ZeroRun {
  size_t first = kGroups;
  size_t count = 0;
};

// The longest run, the first of equals; a single group is not worth "::" (RFC 5952 section 4.2).
ZeroRun longest_zero_run(const std::array<uint16_t, kGroups>& groups) {
  ZeroRun longest;
  ZeroRun current;
  for (size_t i = 0; i < kGroups; ++i) {
    if (groups[i] != 0) {
      current.count = 0;
      continue;
    }
    if (current.count++ == 0) current.first = i;
    if (current.count > longest.count) longest = current;
  }
  return longest.count >= 2 ? longest : ZeroRun{};
}

// Without leading zeros, in lower case (RFC 5952 sections 4.1 and 4.3).
char* put_group(char* out, uint16_t group) {
  if (group >= 0x1000) *out++ = kHexDigits[group >> 12];
  if (group >= 0x100) *out++ = kHexDigits[group >> 8 & 15];
  if (group >= 0x10) *out++ = kHexDigits[group >> 4 & 15];
  *out++ = kHexDigits[group & 15];
  return out;
}

}  // namespace

char* put_ipv6(char* out, const Address& address) {
  const Bytes bytes(address.data(), address.size());
  std::array<uint16_t, kGroups> groups;
  for (size_t i = 0; i < kGroups; ++i) groups[i] = load_be16(bytes, 2 * i);
  const ZeroRun zeros = longest_zero_run(groups);
  // ::a.b.c.d and ::ffff:a.b.c.d
  const bool holds_ipv4 =
      zeros.first == 0 && (zeros.count == 6 || (zeros.count == 5 && groups[5] == 0xffff));
  const size_t groups_in_hex = holds_ipv4 ? 6 : kGroups;
  for (size_t i = 0; i < groups_in_hex; ++i) {
    if (i == zeros.first) {
      *out++ = ':';
      if (zeros.first == 0) *out++ = ':';
      i += zeros.count - 1;
      continue;
    }
    out = put_group(out, groups[i]);
    if (i + 1 < kGroups) *out++ = ':';
  }
  if (!holds_ipv4) return out;
  Address last{};
  std::memcpy(last.data(), address.data() + 12, 4);
  return put_ipv4(out, last);
}

}  // namespace flowscope
