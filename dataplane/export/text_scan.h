#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace flowscope {

// A byte that a JSON string cannot hold as it is, or that must be looked at: controls, the
// quotation mark, the backslash, and every byte above ASCII (it may not be UTF-8).
[[nodiscard]] constexpr bool needs_care(uint8_t byte) {
  return byte < 0x20 || byte == '"' || byte == '\\' || byte >= 0x80;
}

// Blocks: copy() reads kBlockBytes and writes as many, whatever it finds, and gives the number of
// plain bytes at the front. All have the same shape.
namespace portable {

// Bytes side by side in one word, the first lowest. In the sums below a byte that needs care may
// set the mark of the byte above it too, but never of one below: the lowest mark is exact.
template <class Word>
struct TextWord {
  static constexpr size_t kBlockBytes = sizeof(Word);
  static size_t copy(char* to, const char* from) {
    Word bytes;
    std::memcpy(&bytes, from, sizeof bytes);
    std::memcpy(to, &bytes, sizeof bytes);
    const Word controls = (bytes - every(0x20)) & ~bytes;
    const Word marks =
        (bytes | controls | zero_bytes(bytes ^ every('"')) | zero_bytes(bytes ^ every('\\')))
        & every(0x80);
    return marks == 0 ? kBlockBytes : static_cast<size_t>(std::countr_zero(marks)) / 8;
  }

 private:
  static constexpr Word every(uint8_t byte) { return static_cast<Word>(~Word{0}) / 0xff * byte; }
  static constexpr Word zero_bytes(Word bytes) { return (bytes - every(1)) & ~bytes; }
};
using TextBlock = TextWord<uint64_t>;

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

// Copies at least one block; the last one overlaps the one before, so that no byte is left over.
// Requires: size >= Block::kBlockBytes.
template <class Block>
size_t copy_blocks(char* to, const char* from, size_t size) {
  const size_t last = size - Block::kBlockBytes;
  for (size_t done = 0; done < last; done += Block::kBlockBytes) {
    const size_t plain = Block::copy(to + done, from + done);
    if (plain < Block::kBlockBytes) return done + plain;
  }
  return last + Block::copy(to + last, from + last);
}

// Copies the plain bytes at the front of [from, from + size) and gives their number. Writes nothing
// past to + size. Requires: room for size bytes at `to`.
template <class Block>
size_t copy_plain(char* to, const char* from, size_t size) {
  if (size >= Block::kBlockBytes) return copy_blocks<Block>(to, from, size);
  if (size >= sizeof(uint64_t)) return copy_blocks<portable::TextWord<uint64_t>>(to, from, size);
  if (size >= sizeof(uint32_t)) return copy_blocks<portable::TextWord<uint32_t>>(to, from, size);
  size_t done = 0;
  for (; done < size && !needs_care(static_cast<uint8_t>(from[done])); ++done)
    to[done] = from[done];
  return done;
}

}  // namespace flowscope
