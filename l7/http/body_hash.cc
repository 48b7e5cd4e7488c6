#include "l7/http/body_hash.h"

#include <cstring>
#include <type_traits>
#include <utility>

namespace flowscope::http {

HashText::HashText(const std::array<uint8_t, Sha256::kDigestBytes>& digest) : size_(text_.size()) {
  write_hex({digest.data(), digest.size()}, text_);
}

void BodyHash::add(Bytes content) {
  static_assert(std::is_trivially_copyable_v<Sha256>);
  if (!is_on_ || content.empty()) return;
  Sha256 hash;
  if (state_.empty()) {
    state_ = pool_->take(sizeof hash);
    if (state_.empty()) return stop();
  } else {
    std::memcpy(&hash, state_.data(), sizeof hash);
  }
  hash.update(content);
  std::memcpy(state_.data(), &hash, sizeof hash);
}

void BodyHash::stop() {
  if (!state_.empty()) pool_->give_back(std::exchange(state_, {}));
  is_on_ = false;
}

HashText BodyHash::finish() {
  HashText text;
  if (!state_.empty()) {
    Sha256 hash;
    std::memcpy(&hash, state_.data(), sizeof hash);
    text = HashText(hash.finish());
  }
  stop();
  return text;
}

}  // namespace flowscope::http
