// The functions below are marked deprecated in OpenSSL 3 in favour of EVP, which allocates a state
// per cipher; they are the ones that work in memory of ours.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "l7/quic/aes128.h"

#include <openssl/aes.h>

#include <new>

namespace flowscope::quic::portable {
namespace {

constexpr int kKeyBits = 128;

}  // namespace

Aes128::Aes128(const Block& key) {
  static_assert(sizeof(AES_KEY) <= sizeof(schedule_) && alignof(AES_KEY) <= 8);
  AES_set_encrypt_key(key.data(), kKeyBits, ::new (static_cast<void*>(schedule_.data())) AES_KEY);
}

Block Aes128::encrypt(const Block& block) const {
  const void* const schedule = schedule_.data();
  Block out;
  AES_encrypt(block.data(), out.data(), std::launder(static_cast<const AES_KEY*>(schedule)));
  return out;
}

}  // namespace flowscope::quic::portable
