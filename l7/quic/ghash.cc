#include "l7/quic/ghash.h"

#include <algorithm>

namespace flowscope::quic {
namespace {

Bytes view(const Block& block) { return {block.data(), block.size()}; }

// Calls take(block) for each block of a run, the last one filled up with zeros.
template <class F>
void for_each_block(Bytes run, F&& take) {
  for (; run.size() >= sizeof(Block); run = run.after(sizeof(Block)))
    take(run.first(sizeof(Block)));
  if (run.empty()) return;
  Block last{};
  std::copy(run.begin(), run.end(), last.begin());
  take(view(last));
}

}  // namespace

namespace portable {
namespace {

// The polynomial x^128 + x^7 + x^2 + x + 1 in this order of bits, and what the four coefficients
// that a shift pushes out come to when it is divided by.
constexpr uint64_t kPolynomial = 0xe1ULL << 56;
consteval std::array<uint64_t, 16> make_remainders() {
  std::array<uint64_t, 16> remainders{};
  for (uint64_t pushed_out = 0; pushed_out < 16; ++pushed_out) {
    for (int bit = 0; bit < 4; ++bit) {
      if ((pushed_out >> bit & 1) != 0) remainders.at(pushed_out) ^= kPolynomial >> (3 - bit);
    }
  }
  return remainders;
}
constexpr std::array<uint64_t, 16> kRemainders = make_remainders();

}  // namespace

Ghash::Element Ghash::load(Bytes block) { return {load_be64(block, 0), load_be64(block, 8)}; }

// The multiples by 1000, 0100, 0010, 0001 are the key and its products with x, x^2, x^3; all others
// are sums of these.
Ghash::Ghash(const Block& key) {
  Element power = load(view(key));
  for (size_t i = 8; i > 0; i /= 2) {
    multiples_.at(i) = power;
    const uint64_t carry = (power.low & 1) != 0 ? kPolynomial : 0;
    power.low = power.low >> 1 | power.high << 63;
    power.high = power.high >> 1 ^ carry;
  }
  for (size_t i = 2; i < multiples_.size(); i *= 2) {
    for (size_t j = 1; j < i; ++j) {
      multiples_.at(i + j) = {multiples_.at(i).high ^ multiples_.at(j).high,
                              multiples_.at(i).low ^ multiples_.at(j).low};
    }
  }
}

// Horner's rule from the highest coefficients down, four at a time (Shoup's method).
void Ghash::multiply_by_key() {
  Element product;
  const auto step = [&](uint64_t coefficients) {
    const uint64_t pushed_out = product.low & 0xf;
    product.low = product.low >> 4 | product.high << 60;
    product.high = product.high >> 4 ^ kRemainders[pushed_out];
    product.high ^= multiples_[coefficients].high;
    product.low ^= multiples_[coefficients].low;
  };
  for (int shift = 0; shift < 64; shift += 4) step(sum_.low >> shift & 0xf);
  for (int shift = 0; shift < 64; shift += 4) step(sum_.high >> shift & 0xf);
  sum_ = product;
}

void Ghash::update(Bytes run) {
  for_each_block(run, [this](Bytes block) {
    const Element element = load(block);
    sum_.high ^= element.high;
    sum_.low ^= element.low;
    multiply_by_key();
  });
}

void Ghash::update(const Block& block) { update(view(block)); }

Block Ghash::sum() const {
  Block block;
  for (size_t i = 0; i < 8; ++i) {
    block.at(i) = static_cast<uint8_t>(sum_.high >> (56 - 8 * i));
    block.at(8 + i) = static_cast<uint8_t>(sum_.low >> (56 - 8 * i));
  }
  return block;
}

}  // namespace portable

#if defined(__AES__) && defined(__PCLMUL__)
namespace pclmul {
namespace {

__m128i reversed(__m128i bytes) {
  return _mm_shuffle_epi8(bytes,
                          _mm_set_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
}

__m128i load_reversed(const void* sixteen_bytes) {
  return reversed(_mm_loadu_si128(static_cast<const __m128i_u*>(sixteen_bytes)));
}

// The product of two elements whose bits lie in reverse order: a product of polynomials, one shift
// because of that order, and the division by x^128 + x^7 + x^2 + x + 1.
__m128i multiply(__m128i a, __m128i b) {
  const __m128i middle =
      _mm_xor_si128(_mm_clmulepi64_si128(a, b, 0x10), _mm_clmulepi64_si128(a, b, 0x01));
  __m128i low = _mm_xor_si128(_mm_clmulepi64_si128(a, b, 0x00), _mm_slli_si128(middle, 8));
  __m128i high = _mm_xor_si128(_mm_clmulepi64_si128(a, b, 0x11), _mm_srli_si128(middle, 8));

  const __m128i low_carries = _mm_srli_epi32(low, 31);
  const __m128i high_carries = _mm_srli_epi32(high, 31);
  low = _mm_or_si128(_mm_slli_epi32(low, 1), _mm_slli_si128(low_carries, 4));
  high = _mm_or_si128(_mm_slli_epi32(high, 1), _mm_slli_si128(high_carries, 4));
  high = _mm_or_si128(high, _mm_srli_si128(low_carries, 12));

  const __m128i folded = _mm_xor_si128(
      _mm_slli_epi32(low, 31), _mm_xor_si128(_mm_slli_epi32(low, 30), _mm_slli_epi32(low, 25)));
  low = _mm_xor_si128(low, _mm_slli_si128(folded, 12));
  const __m128i reduced =
      _mm_xor_si128(_mm_xor_si128(_mm_srli_epi32(low, 1), _mm_srli_epi32(low, 2)),
                    _mm_xor_si128(_mm_srli_epi32(low, 7), _mm_srli_si128(folded, 4)));
  return _mm_xor_si128(high, _mm_xor_si128(low, reduced));
}

}  // namespace

Ghash::Ghash(const Block& key) : key_(load_reversed(key.data())), sum_(_mm_setzero_si128()) {}

void Ghash::update(Bytes run) {
  for_each_block(run, [this](Bytes block) {
    sum_ = multiply(_mm_xor_si128(sum_, load_reversed(block.begin())), key_);
  });
}

void Ghash::update(const Block& block) { update(view(block)); }

Block Ghash::sum() const {
  Block block;
  _mm_storeu_si128(static_cast<__m128i_u*>(static_cast<void*>(block.data())), reversed(sum_));
  return block;
}

}  // namespace pclmul
#endif

}  // namespace flowscope::quic
