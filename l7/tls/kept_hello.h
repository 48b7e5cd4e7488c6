#pragma once

#include <array>
#include <cstdint>

#include "flowcore/base/buffer_pool.h"
#include "l7/tls/tls_session.h"

namespace flowscope::tls {

// The fields of the hello that came first, kept until the other one completes the record. The texts
// lie one after another in one pooled block, usually of the smallest size.
class KeptHello {
 public:
  explicit KeptHello(BufferPool& buffers) : texts_(buffers) {}

  // Copies `fields`. False, and nothing is kept, when the pool has no room for them.
  [[nodiscard]] bool keep(const HelloFields& fields);
  // Valid until the next call that changes this object.
  [[nodiscard]] HelloFields fields() const;
  void clear() { texts_.clear(); }

 private:
  static constexpr size_t kTexts = 6;

  Buffer texts_;
  std::array<uint16_t, kTexts> text_bytes_{};
  ProtocolVersion version_ = ProtocolVersion::None;
  bool has_pre_shared_key_ = false;
};

}  // namespace flowscope::tls
