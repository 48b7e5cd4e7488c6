#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "flowcore/base/bytes.h"
#include "l7/quic/aes128.h"

namespace flowscope::quic {

// GHASH, the authenticator of GCM (NIST SP 800-38D 6.4): a sum of blocks, multiplied by the key
// after each. Bytes are taken in runs, the last block of each filled up with zeros. Once in
// portable code, once in the processor's instructions; same shape, same bits.
namespace portable {

class Ghash {
 public:
  explicit Ghash(const Block& key);
  void update(Bytes run);
  void update(const Block& block);
  [[nodiscard]] Block sum() const;

 private:
  // An element of GF(2^128) as two numbers; the top bit of `high` is the coefficient of x^0.
  struct Element {
    uint64_t high = 0;
    uint64_t low = 0;
  };

  static Element load(Bytes block);
  void multiply_by_key();

  std::array<Element, 16> multiples_{};  // of the key, by four coefficients
  Element sum_;
};

}  // namespace portable

#if defined(__AES__) && defined(__PCLMUL__)
namespace pclmul {

class Ghash {
 public:
  explicit Ghash(const Block& key);
  void update(Bytes run);
  void update(const Block& block);
  [[nodiscard]] Block sum() const;

 private:
  __m128i key_;
  __m128i sum_;
};

}  // namespace pclmul
using pclmul::Ghash;
#else
using portable::Ghash;
#endif

}  // namespace flowscope::quic
