#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#ifdef __AES__
#include <immintrin.h>
#endif

namespace flowscope::quic {

using Block = std::array<uint8_t, 16>;

// AES-128 in the one direction that counter mode and header protection need (FIPS 197), in memory
// of ours: once by libcrypto, once in the processor's instructions; same shape, same bits. It is
// not hardened against anybody who measures its time: keys of Initial packets are public.
namespace portable {

class Aes128 {
 public:
  explicit Aes128(const Block& key);
  [[nodiscard]] Block encrypt(const Block& block) const;

 private:
  alignas(8) std::array<unsigned char, 256> schedule_;
};

}  // namespace portable

#ifdef __AES__
namespace aesni {

class Aes128 {
 public:
  explicit Aes128(const Block& key) {
    round_keys_[0] = _mm_loadu_si128(static_cast<const __m128i_u*>(as_memory(key)));
    extend<1, 0x01>();
    extend<2, 0x02>();
    extend<3, 0x04>();
    extend<4, 0x08>();
    extend<5, 0x10>();
    extend<6, 0x20>();
    extend<7, 0x40>();
    extend<8, 0x80>();
    extend<9, 0x1b>();
    extend<10, 0x36>();
  }

  [[nodiscard]] Block encrypt(const Block& block) const {
    __m128i state = _mm_loadu_si128(static_cast<const __m128i_u*>(as_memory(block)));
    state = _mm_xor_si128(state, round_keys_[0]);
    for (size_t i = 1; i < kRounds; ++i) state = _mm_aesenc_si128(state, round_keys_[i]);
    state = _mm_aesenclast_si128(state, round_keys_[kRounds]);
    Block out;
    _mm_storeu_si128(static_cast<__m128i_u*>(static_cast<void*>(out.data())), state);
    return out;
  }

 private:
  static constexpr size_t kRounds = 10;
  static const void* as_memory(const Block& block) { return block.data(); }

  // One step of the key schedule (FIPS 197 5.2): each word is joined with all before it.
  template <size_t kRound, int kConstant>
  void extend() {
    __m128i words = round_keys_[kRound - 1];
    const __m128i mixed =
        _mm_shuffle_epi32(_mm_aeskeygenassist_si128(words, kConstant), _MM_SHUFFLE(3, 3, 3, 3));
    for (int i = 0; i < 3; ++i) words = _mm_xor_si128(words, _mm_slli_si128(words, 4));
    round_keys_[kRound] = _mm_xor_si128(words, mixed);
  }

  __m128i round_keys_[kRounds + 1];
};

}  // namespace aesni
using aesni::Aes128;
#else
using portable::Aes128;
#endif

}  // namespace flowscope::quic
