#pragma once

#include <array>
#include <cstdint>
#include <type_traits>

#include "flowcore/base/buffer_pool.h"
#include "l7/tls/tls_session.h"

namespace flowscope::tls {

// The parts of a session that came already, kept until the record is complete. All lie one after
// another in one pooled block: of 512 bytes with one hello as a rule, of 2 KiB with both and a
// certificate, never more than 24 KiB of it used.
// Thread rule: that of its pool.
class KeptSession {
 public:
  enum class Part : uint8_t { Client, Server };

  explicit KeptSession(BufferPool& buffers) : block_(buffers) {}

  // Copies the fields. False, and that part is not kept, when the pool has no room for it.
  // Requires: not kept before.
  [[nodiscard]] bool keep(Part part, const HelloFields& hello);
  [[nodiscard]] bool keep(Part part, const CertificateFields& certificate);

  [[nodiscard]] bool has_hello(Part part) const { return hello_at_[index_of(part)] != 0; }
  [[nodiscard]] bool has_certificate(Part part) const {
    return certificate_at_[index_of(part)] != 0;
  }
  // Requires: it was kept. Valid until the next call that changes this object.
  [[nodiscard]] HelloFields hello(Part part) const;
  [[nodiscard]] CertificateFields certificate(Part part) const;
  void clear();

 private:
  static constexpr size_t kHelloTexts = 7;
  static constexpr size_t kCertificateTexts = 4;

  static constexpr size_t index_of(Part part) { return static_cast<size_t>(part); }

  template <class Numbers, size_t kTexts>
  [[nodiscard]] uint32_t append(const Numbers& numbers, const std::array<Bytes, kTexts>& texts);
  template <class Numbers, size_t kTexts>
  [[nodiscard]] std::array<Bytes, kTexts> read(uint32_t at, Numbers& numbers) const;

  Buffer block_;
  // Where each part begins, counted from 1; 0: not kept.
  std::array<uint32_t, 2> hello_at_{};
  std::array<uint32_t, 2> certificate_at_{};
};

}  // namespace flowscope::tls
