#include "dataplane/export/text_buffer.h"

#include <algorithm>

namespace flowscope {

TextBuffer::TextBuffer(size_t capacity)
    : memory_(std::make_unique<char[]>(capacity)), capacity_(capacity) {}

char* TextBuffer::grow(const char* end, size_t bytes) {
  const auto used = static_cast<size_t>(end - memory_.get());
  const size_t capacity = std::max(2 * capacity_, used + bytes);
  auto larger = std::make_unique<char[]>(capacity);
  std::memcpy(larger.get(), memory_.get(), used);
  memory_ = std::move(larger);
  capacity_ = capacity;
  return memory_.get() + used;
}

void TextBuffer::keep(std::string_view kept) {
  FS_DCHECK(kept.size() <= size_);
  if (!kept.empty()) std::memmove(memory_.get(), kept.data(), kept.size());
  size_ = kept.size();
}

}  // namespace flowscope
