#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace flowscope::dns {

// A byte that does not stand for itself where a name is text, RFC 4343 section 2.1.
[[nodiscard]] constexpr bool is_escaped(uint8_t byte) {
  return byte < 0x20 || byte >= 0x7f || byte == '.' || byte == '\\';
}

// Characters side by side. escaped_in() reads kBytes and tells how many of them are escaped. Each
// instruction set has it, with the same results.
namespace portable {
struct NameBlock {
  static constexpr size_t kBytes = 16;
  static uint32_t escaped_in(const char* text) {
    uint32_t count = 0;
    for (size_t i = 0; i < kBytes; ++i) count += is_escaped(static_cast<uint8_t>(text[i])) ? 1 : 0;
    return count;
  }
};
}  // namespace portable

#ifdef __SSE2__
namespace sse2 {
struct NameBlock {
  static constexpr size_t kBytes = 16;
  static uint32_t escaped_in(const char* text) {
    const void* const place = text;
    const __m128i bytes = _mm_loadu_si128(static_cast<const __m128i_u*>(place));
    // Compared as signed, bytes above ASCII are below the space too.
    const __m128i outside = _mm_or_si128(_mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20)),
                                         _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7f)));
    const __m128i special = _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('.')),
                                         _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')));
    const __m128i escaped = _mm_or_si128(outside, special);
    return static_cast<uint32_t>(std::popcount(static_cast<uint32_t>(_mm_movemask_epi8(escaped))));
  }
};
}  // namespace sse2
using NameBlock = sse2::NameBlock;
#else
using NameBlock = portable::NameBlock;
#endif

}  // namespace flowscope::dns
