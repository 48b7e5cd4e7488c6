#pragma once

#include <algorithm>
#include <memory>

#include "flowcore/base/bytes.h"

namespace flowscope::testing {

// A copy of bytes in a heap block of exactly their size, so that the address sanitizer sees any
// read before the first or past the last of them.
class ExactFrame {
 public:
  explicit ExactFrame(Bytes bytes)
      : size_(bytes.size()), block_(std::make_unique<uint8_t[]>(bytes.size())) {
    std::copy(bytes.begin(), bytes.end(), block_.get());
  }

  [[nodiscard]] Bytes bytes() const { return {block_.get(), size_}; }

 private:
  size_t size_;
  std::unique_ptr<uint8_t[]> block_;
};

}  // namespace flowscope::testing
