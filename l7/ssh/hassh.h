#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "l7/digest/digest.h"
#include "l7/ssh/kex_init.h"

namespace flowscope::ssh {

// A HASSH (of a client) or HASSHServer fingerprint: the text
//   key exchanges;ciphers;MACs;compressions
// of the lists for what that side sends, and its MD5 in hexadecimal.
// About 4 KiB: a scratch on the stack, not something to keep.
class Hassh {
 public:
  // A longer text (real ones have 300 to 2,000 bytes) is hashed but not kept.
  static constexpr size_t kTextBytesMax = 4096;

  Hassh(const KexInit& init, Role role);

  [[nodiscard]] std::string_view hash() const { return {hash_.data(), hash_.size()}; }
  // Empty when it was longer than kTextBytesMax.
  [[nodiscard]] std::string_view text() const {
    return {text_.data(), text_bytes_ <= kTextBytesMax ? text_bytes_ : 0};
  }

 private:
  size_t text_bytes_ = 0;
  std::array<char, Md5::kDigestBytes * 2> hash_;
  std::array<char, kTextBytesMax> text_;  // left unset: only text_bytes_ of it are ever read
};

}  // namespace flowscope::ssh
