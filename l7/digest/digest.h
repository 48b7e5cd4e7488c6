#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "flowcore/base/bytes.h"

namespace flowscope {

// MD5 of bytes that come in pieces, computed by libcrypto in place: no allocation, no fetch by
// name. For fingerprints only, where the hash is given by an outside definition.
class Md5 {
 public:
  static constexpr size_t kDigestBytes = 16;
  using Digest = std::array<uint8_t, kDigestBytes>;

  Md5();
  void update(Bytes bytes);
  [[nodiscard]] Digest finish();

 private:
  alignas(8) std::array<unsigned char, 96> state_;
};

// SHA-256 by the same means.
class Sha256 {
 public:
  static constexpr size_t kDigestBytes = 32;
  using Digest = std::array<uint8_t, kDigestBytes>;

  Sha256();
  void update(Bytes bytes);
  [[nodiscard]] Digest finish();

 private:
  alignas(8) std::array<unsigned char, 112> state_;
};

// Digests of a whole run of bytes.
[[nodiscard]] Md5::Digest md5(Bytes bytes);
[[nodiscard]] Sha256::Digest sha256(Bytes bytes);
using Sha1Digest = std::array<uint8_t, 20>;
[[nodiscard]] Sha1Digest sha1(Bytes bytes);

// The two hexadecimal digits of every byte, in lower case.
inline constexpr std::array<std::array<char, 2>, 256> kHexDigits = [] {
  constexpr char kDigits[] = "0123456789abcdef";
  std::array<std::array<char, 2>, 256> table{};
  for (size_t byte = 0; byte < table.size(); ++byte)
    table.at(byte) = {kDigits[byte >> 4], kDigits[byte & 0xf]};
  return table;
}();

// Writes `bytes` as lower-case hexadecimal. Requires: `text` holds two characters per byte.
void write_hex(Bytes bytes, std::span<char> text);

}  // namespace flowscope
