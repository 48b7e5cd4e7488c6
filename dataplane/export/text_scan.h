#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace flowscope {

// A byte that a JSON string cannot hold as it is, or that must be looked at: controls, the
// quotation mark, the backslash, and every byte above ASCII (it may not be UTF-8).
[[nodiscard]] constexpr bool needs_care(uint8_t byte) {
  return byte < 0x20 || byte == '"' || byte == '\\' || byte >= 0x80;
}

// Copies text up to the first byte that needs care, a block at a time. Both twins have the same
// shape. kBlockBytes: copy() reads that many bytes and writes that many, whatever it finds, and
// gives the number of plain bytes at the front.
namespace portable {
struct TextBlock {
  static constexpr size_t kBlockBytes = 8;
  static size_t copy(char* to, const char* from) {
    for (size_t i = 0; i < kBlockBytes; ++i) {
      to[i] = from[i];
      if (needs_care(static_cast<uint8_t>(from[i]))) return i;
    }
    return kBlockBytes;
  }
};
}  // namespace portable

#ifdef __SSE2__
namespace sse2 {
struct TextBlock {
  static constexpr size_t kBlockBytes = 16;
  static size_t copy(char* to, const char* from) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), bytes);
    // Compared as signed, bytes above ASCII are below the space too.
    const __m128i care = _mm_or_si128(_mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20)),
                                      _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
                                                   _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'))));
    // Bit 16 stands for "none in this block".
    return static_cast<size_t>(
        std::countr_zero(static_cast<uint32_t>(_mm_movemask_epi8(care)) | 0x10000U));
  }
};
}  // namespace sse2
using TextBlock = sse2::TextBlock;
#else
using TextBlock = portable::TextBlock;
#endif

// Copies the plain bytes at the front of [from, from + size) and gives their number. Writes nothing
// past to + size. Requires: room for size bytes at `to`.
template <class Block>
size_t copy_plain(char* to, const char* from, size_t size) {
  size_t done = 0;
  while (size - done >= Block::kBlockBytes) {
    const size_t plain = Block::copy(to + done, from + done);
    done += plain;
    if (plain < Block::kBlockBytes) return done;
  }
  for (; done < size && !needs_care(static_cast<uint8_t>(from[done])); ++done)
    to[done] = from[done];
  return done;
}

}  // namespace flowscope
