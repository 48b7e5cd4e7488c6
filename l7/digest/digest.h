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

  Md5();
  void update(Bytes bytes);
  [[nodiscard]] std::array<uint8_t, kDigestBytes> finish();

 private:
  alignas(8) std::array<unsigned char, 96> state_;
};

// SHA-256 by the same means.
class Sha256 {
 public:
  static constexpr size_t kDigestBytes = 32;

  Sha256();
  void update(Bytes bytes);
  [[nodiscard]] std::array<uint8_t, kDigestBytes> finish();

 private:
  alignas(8) std::array<unsigned char, 112> state_;
};

// SHA-256 of a whole run of bytes.
[[nodiscard]] std::array<uint8_t, Sha256::kDigestBytes> sha256(Bytes bytes);

// Writes `bytes` as lower-case hexadecimal. Requires: `text` holds two characters per byte.
void write_hex(Bytes bytes, std::span<char> text);

}  // namespace flowscope
