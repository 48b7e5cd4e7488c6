#pragma once

#include <array>
#include <bit>
#include <cstring>
#include <string_view>

#include "l7/http/head_marks.h"

namespace flowscope::http {

// Walks the lines of a text once, block by block: where each ends, where its first colon is, and
// whether it holds control characters that end no line. Lifetime: that of the text. Cost: some 100
// instructions for each 64 characters up to the end of the last line, and 35 for each line.
template <class Block>
class BasicHeadScan {
 public:
  explicit BasicHeadScan(std::string_view text) : text_(text) {}

  struct Line {
    size_t end = std::string_view::npos;    // of its line feed; npos: the text ends before it
    size_t colon = std::string_view::npos;  // the first one from its start on; may lie behind `end`
  };
  // The next line; the first call gives the first one. Not inlined, for a caller that holds a line
  // in hand has no registers left for the blocks.
  [[gnu::noinline]] Line next() {
    Line line;
    for (;;) {
      if (line.colon == std::string_view::npos && marks_.colons != 0)
        line.colon = base_ + static_cast<size_t>(std::countr_zero(marks_.colons));
      if (marks_.line_feeds != 0) {
        const auto bit = static_cast<unsigned>(std::countr_zero(marks_.line_feeds));
        line.end = base_ + bit;
        marks_.line_feeds &= marks_.line_feeds - 1;
        marks_.colons &= ~uint64_t{0} << bit;
        return line;
      }
      if (!load_next()) return line;
    }
  }

  // Whether a control character stands before `end` that is neither a line feed nor in front of
  // one. Requires: `end` is behind the last line that next() gave, or the end of the text and
  // next() found no more lines.
  [[nodiscard]] bool has_odd_control(size_t end) const {
    const size_t in_block = end - base_;
    if (in_block >= kBlockBytes) return was_odd_ || odd_ != 0 || ends_in_control_;
    return was_odd_ || (odd_ & ~(~uint64_t{0} << in_block)) != 0;
  }

 private:
  bool load_next() {
    const size_t base = is_begun_ ? base_ + kBlockBytes : 0;
    if (base >= text_.size()) return false;
    is_begun_ = true;
    base_ = base;
    marks_ = marks_at(base);
    was_odd_ |= odd_ != 0 || (ends_in_control_ && (marks_.line_feeds & 1) == 0);
    const uint64_t line_ends = marks_.line_feeds | marks_.line_feeds >> 1;
    odd_ = marks_.controls & ~line_ends;
    // Whether the last one stands in front of a line feed is not known yet.
    ends_in_control_ = odd_ >> (kBlockBytes - 1) != 0;
    odd_ &= ~uint64_t{0} >> 1;
    return true;
  }

  // The last block of a text lies over the one before it; a short text is copied.
  [[nodiscard]] HeadMarks marks_at(size_t base) const {
    const size_t left = text_.size() - base;
    if (left >= kBlockBytes) return Block::marks_of(text_.data() + base);
    if (text_.size() < kBlockBytes) {
      std::array<char, kBlockBytes> copy;
      copy.fill(' ');
      std::memcpy(copy.data(), text_.data(), text_.size());
      return Block::marks_of(copy.data());
    }
    HeadMarks marks = Block::marks_of(text_.data() + text_.size() - kBlockBytes);
    const size_t seen = kBlockBytes - left;
    marks.line_feeds >>= seen;
    marks.colons >>= seen;
    marks.controls >>= seen;
    return marks;
  }

  std::string_view text_;
  size_t base_ = 0;
  HeadMarks marks_;   // of the block at base_, without what lies before the line at hand
  uint64_t odd_ = 0;  // of that block: controls that are no line ends
  bool is_begun_ = false;
  bool ends_in_control_ = false;  // that block, which a line feed may follow
  bool was_odd_ = false;          // in a block before
};
using HeadScan = BasicHeadScan<HeadBlock>;

}  // namespace flowscope::http
