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
// plain bytes at the front; all_plain() looks at the bytes of two words. All have the same shape.
namespace portable {

// Bytes side by side in one word, the first lowest. In the sums below a byte that needs care may
// set the mark of the byte above it too, but never of one below: the lowest mark is exact.
struct TextBlock {
  static constexpr size_t kBlockBytes = sizeof(uint64_t);
  static size_t copy(char* to, const char* from) {
    uint64_t bytes;
    std::memcpy(&bytes, from, sizeof bytes);
    std::memcpy(to, &bytes, sizeof bytes);
    const uint64_t found = marks(bytes);
    return found == 0 ? kBlockBytes : static_cast<size_t>(std::countr_zero(found)) / 8;
  }
  static bool all_plain(uint64_t front, uint64_t back) { return (marks(front) | marks(back)) == 0; }

 private:
  static constexpr uint64_t every(uint8_t byte) { return ~uint64_t{0} / 0xff * byte; }
  static constexpr uint64_t zero_bytes(uint64_t bytes) { return (bytes - every(1)) & ~bytes; }
  static constexpr uint64_t marks(uint64_t bytes) {
    const uint64_t controls = (bytes - every(0x20)) & ~bytes;
    return (bytes | controls | zero_bytes(bytes ^ every('"')) | zero_bytes(bytes ^ every('\\')))
           & every(0x80);
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
    // Bit 16 stands for "none in this block".
    return static_cast<size_t>(std::countr_zero(marks(bytes) | 0x10000U));
  }
  static bool all_plain(uint64_t front, uint64_t back) {
    return marks(_mm_set_epi64x(static_cast<int64_t>(back), static_cast<int64_t>(front))) == 0;
  }

 private:
  static uint32_t marks(__m128i bytes) {
    // Compared as signed, bytes above ASCII are below the space too.
    const __m128i care = _mm_or_si128(_mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20)),
                                      _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
                                                   _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'))));
    return static_cast<uint32_t>(_mm_movemask_epi8(care));
  }
};
}  // namespace sse2
using TextBlock = sse2::TextBlock;
#else
using TextBlock = portable::TextBlock;
#endif

template <class Word>
Word load(const char* from) {
  Word word;
  std::memcpy(&word, from, sizeof word);
  return word;
}

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

// Copies a text of less than 16 bytes; whether all of it is plain. Its two halves overlap, but in
// the shortest texts.
template <class Block>
bool copy_short(char* to, const char* from, size_t size) {
  if (size >= sizeof(uint64_t)) {
    const uint64_t front = load<uint64_t>(from);
    const uint64_t back = load<uint64_t>(from + size - sizeof back);
    std::memcpy(to, &front, sizeof front);
    std::memcpy(to + size - sizeof back, &back, sizeof back);
    return Block::all_plain(front, back);
  }
  if (size >= sizeof(uint32_t)) {
    const uint32_t front = load<uint32_t>(from);
    const uint32_t back = load<uint32_t>(from + size - sizeof back);
    std::memcpy(to, &front, sizeof front);
    std::memcpy(to + size - sizeof back, &back, sizeof back);
    const uint64_t both = front | uint64_t{back} << 32;
    return Block::all_plain(both, both);
  }
  bool care = false;
  for (size_t i = 0; i < size; ++i) {
    to[i] = from[i];
    care |= needs_care(static_cast<uint8_t>(from[i]));
  }
  return !care;
}

// Copies the plain bytes at the front of [from, from + size) and gives their number. Writes nothing
// past to + size. Requires: room for size bytes at `to`.
template <class Block>
size_t copy_plain(char* to, const char* from, size_t size) {
  if (size >= 16) return copy_blocks<Block>(to, from, size);
  if (copy_short<Block>(to, from, size)) [[likely]]
    return size;
  size_t plain = 0;
  while (!needs_care(static_cast<uint8_t>(from[plain]))) ++plain;
  return plain;
}

}  // namespace flowscope
