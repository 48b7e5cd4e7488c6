#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#ifdef __SSE2__
#include <immintrin.h>
#endif

namespace flowscope::http {

// What the characters of a block are, bit i for character i.
struct HeadMarks {
  uint64_t line_feeds = 0;
  uint64_t colons = 0;
  uint64_t controls = 0;  // below 0x20, line feeds included, and 0x7F

  friend bool operator==(const HeadMarks&, const HeadMarks&) = default;
};

// Blocks: marks_of() reads kBlockBytes characters. All have the same shape and the same results.
inline constexpr size_t kBlockBytes = 64;

namespace portable {

struct HeadBlock {
  static HeadMarks marks_of(const void* characters) {
    HeadMarks marks;
    for (size_t i = 0; i < kBlockBytes; ++i) {
      const uint8_t code = static_cast<const uint8_t*>(characters)[i];
      marks.line_feeds |= uint64_t{code == '\n'} << i;
      marks.colons |= uint64_t{code == ':'} << i;
      marks.controls |= uint64_t{code < 0x20 || code == 0x7F} << i;
    }
    return marks;
  }
};

}  // namespace portable

#ifdef __SSE2__
namespace sse2 {

struct HeadBlock {
  static HeadMarks marks_of(const void* characters) {
    HeadMarks marks;
    for (size_t at = 0; at < kBlockBytes; at += 16) {
      const __m128i code = _mm_loadu_si128(static_cast<const __m128i_u*>(characters) + at / 16);
      const __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(code, _mm_set1_epi8(0x1F)), code);
      marks.line_feeds |= bits(_mm_cmpeq_epi8(code, _mm_set1_epi8('\n'))) << at;
      marks.colons |= bits(_mm_cmpeq_epi8(code, _mm_set1_epi8(':'))) << at;
      marks.controls |= bits(_mm_or_si128(low, _mm_cmpeq_epi8(code, _mm_set1_epi8(0x7F)))) << at;
    }
    return marks;
  }

 private:
  static uint64_t bits(__m128i block) { return static_cast<uint32_t>(_mm_movemask_epi8(block)); }
};

}  // namespace sse2
#endif

#ifdef __AVX2__
namespace avx2 {

struct HeadBlock {
  static HeadMarks marks_of(const void* characters) {
    HeadMarks marks;
    for (size_t at = 0; at < kBlockBytes; at += 32) {
      const __m256i code = _mm256_loadu_si256(static_cast<const __m256i_u*>(characters) + at / 32);
      const __m256i low = _mm256_cmpeq_epi8(_mm256_min_epu8(code, _mm256_set1_epi8(0x1F)), code);
      const __m256i del = _mm256_cmpeq_epi8(code, _mm256_set1_epi8(0x7F));
      marks.line_feeds |= bits(_mm256_cmpeq_epi8(code, _mm256_set1_epi8('\n'))) << at;
      marks.colons |= bits(_mm256_cmpeq_epi8(code, _mm256_set1_epi8(':'))) << at;
      marks.controls |= bits(_mm256_or_si256(low, del)) << at;
    }
    return marks;
  }

 private:
  static uint64_t bits(__m256i block) { return static_cast<uint32_t>(_mm256_movemask_epi8(block)); }
};

}  // namespace avx2
using HeadBlock = avx2::HeadBlock;
#elif defined(__SSE2__)
using HeadBlock = sse2::HeadBlock;
#else
using HeadBlock = portable::HeadBlock;
#endif

}  // namespace flowscope::http
