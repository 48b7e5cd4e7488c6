#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "flowcore/base/buffer_pool.h"
#include "l7/digest/digest.h"

namespace flowscope::http {

// A SHA-256 in hexadecimal.
class HashText {
 public:
  HashText() = default;
  explicit HashText(const std::array<uint8_t, Sha256::kDigestBytes>& digest);
  // Empty: there is none. Lives as long as this.
  [[nodiscard]] std::string_view text() const { return {text_.data(), size_}; }

 private:
  std::array<char, 2 * Sha256::kDigestBytes> text_{};
  size_t size_ = 0;
};

// The SHA-256 of one body while it passes by. Takes one block of 512 bytes of the pool when content
// comes, holds none otherwise. Thread rule: that of the pool, which must outlive it. Cost: that of
// SHA-256 over the content.
class BodyHash {
 public:
  explicit BodyHash(BufferPool& pool) : pool_(&pool) {}
  ~BodyHash() { stop(); }
  BodyHash(const BodyHash&) = delete;
  BodyHash& operator=(const BodyHash&) = delete;

  // A body begins, of which the hash is wanted.
  void start() { is_on_ = true; }
  // Takes the next bytes of its content. Without pool memory there will be no hash.
  void add(Bytes content);
  // The body is over, or not all of it was seen: no hash.
  void stop();
  // The body is over: its hash, unless nothing came or stop() was called.
  [[nodiscard]] HashText finish();
  // Content is wanted.
  [[nodiscard]] bool is_on() const { return is_on_; }

 private:
  BufferPool* pool_;
  std::span<uint8_t> state_;  // of a Sha256; empty before the first byte
  bool is_on_ = false;
};

}  // namespace flowscope::http
