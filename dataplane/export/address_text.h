#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "flowcore/extract/flow_key.h"

namespace flowscope {

// Longest address text, "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255", and what put_ipv4 writes
// too much.
inline constexpr size_t kAddressChars = 48;

// One byte of an IPv4 address in decimal, with the dot that may follow.
struct DecimalByte {
  std::array<char, 4> chars{};
  uint8_t digits = 0;
};

// Built at compile time: 5 bytes each, 1280 in all.
inline constexpr std::array<DecimalByte, 256> kDecimalBytes = [] {
  std::array<DecimalByte, 256> table{};
  for (uint32_t value = 0; value < table.size(); ++value) {
    DecimalByte& entry = table[value];
    if (value >= 100) entry.chars[entry.digits++] = static_cast<char>('0' + value / 100);
    if (value >= 10) entry.chars[entry.digits++] = static_cast<char>('0' + value / 10 % 10);
    entry.chars[entry.digits++] = static_cast<char>('0' + value % 10);
    entry.chars[entry.digits] = '.';
  }
  return table;
}();

// The first four bytes of the address, dotted. Writes at most 16 characters; needs that much room.
inline char* put_ipv4(char* out, const Address& address) {
  for (size_t i = 0; i < 4; ++i) {
    const DecimalByte& entry = kDecimalBytes[address[i]];
    std::memcpy(out, entry.chars.data(), entry.chars.size());
    out += entry.digits + (i < 3 ? 1 : 0);
  }
  return out;
}

// RFC 5952, with the forms of inet_ntop for IPv4-mapped and IPv4-compatible addresses.
// Needs room for kAddressChars.
char* put_ipv6(char* out, const Address& address);

inline char* put_address(char* out, const Address& address, uint8_t ip_version) {
  return ip_version == 6 ? put_ipv6(out, address) : put_ipv4(out, address);
}

}  // namespace flowscope
