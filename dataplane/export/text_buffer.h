#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>

#include "flowcore/base/check.h"

namespace flowscope {

// A big run of characters that is appended to, written out and used again. Reserved once; it grows
// only for a line that is longer than all foresight. Thread rule: one thread. Cost: appending is a
// copy.
class TextBuffer {
 public:
  explicit TextBuffer(size_t capacity);

  [[nodiscard]] std::string_view text() const { return {memory_.get(), size_}; }
  [[nodiscard]] size_t size() const { return size_; }
  void clear() { size_ = 0; }

  // Where the next character goes; append by writing there, then commit(end of what was written).
  [[nodiscard]] char* cursor() { return memory_.get() + size_; }
  [[nodiscard]] char* limit() { return memory_.get() + capacity_; }
  // Requires: cursor() <= end <= limit().
  void commit(const char* end) {
    FS_DCHECK(end >= memory_.get() && end <= limit());
    size_ = static_cast<size_t>(end - memory_.get());
  }
  // Makes room for `bytes` after `end`, up to which characters are written but not committed; gives
  // the place of `end` after the move.
  [[nodiscard]] char* grow(const char* end, size_t bytes);
  // Keeps only the characters of `kept`, a part of text().
  void keep(std::string_view kept);

 private:
  std::unique_ptr<char[]> memory_;
  size_t capacity_;
  size_t size_ = 0;
};

}  // namespace flowscope
