#pragma once

#include <array>
#include <cstdint>

#include "flowcore/base/buffer_pool.h"
#include "l7/http/transaction.h"

namespace flowscope::http {

// The fields of a response while its body passes by. Takes pool memory for its texts only.
class KeptResponse {
 public:
  explicit KeptResponse(BufferPool& pool) : texts_(pool) {}

  // Copies the fields but the hash. Without pool memory the texts are left out and the fields
  // marked as truncated.
  void keep(const ResponseFields& fields, Texts texts);
  // Borrowed until the next call that changes this.
  [[nodiscard]] ResponseFields fields() const;
  void clear() { texts_.clear(); }

 private:
  static constexpr size_t kTexts = 6;

  Buffer texts_;  // one behind the other
  Timestamp time_;
  std::array<uint16_t, kTexts> text_bytes_{};
  uint16_t status_ = 0;
  uint8_t minor_version_ = 1;
  bool truncated_ = false;
};

}  // namespace flowscope::http
