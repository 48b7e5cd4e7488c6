// The incremental functions below are marked deprecated in OpenSSL 3 in favour of EVP, which
// allocates a state per digest; they are the ones that work in memory of ours.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "l7/digest/digest.h"

#include <openssl/md5.h>
#include <openssl/sha.h>

#include <new>

#include "flowcore/base/check.h"

namespace flowscope {
namespace {

// The library's state inside ours.
template <class State, size_t kBytes>
State* state_in(std::array<unsigned char, kBytes>& storage) {
  static_assert(sizeof(State) <= kBytes);
  static_assert(alignof(State) <= 8);
  return std::launder(static_cast<State*>(static_cast<void*>(storage.data())));
}

}  // namespace

Md5::Md5() { MD5_Init(::new (static_cast<void*>(state_.data())) MD5_CTX); }

void Md5::update(Bytes bytes) {
  MD5_Update(state_in<MD5_CTX>(state_), bytes.begin(), bytes.size());
}

std::array<uint8_t, Md5::kDigestBytes> Md5::finish() {
  std::array<uint8_t, kDigestBytes> digest;
  MD5_Final(digest.data(), state_in<MD5_CTX>(state_));
  return digest;
}

Sha256::Sha256() { SHA256_Init(::new (static_cast<void*>(state_.data())) SHA256_CTX); }

void Sha256::update(Bytes bytes) {
  SHA256_Update(state_in<SHA256_CTX>(state_), bytes.begin(), bytes.size());
}

std::array<uint8_t, Sha256::kDigestBytes> Sha256::finish() {
  std::array<uint8_t, kDigestBytes> digest;
  SHA256_Final(digest.data(), state_in<SHA256_CTX>(state_));
  return digest;
}

std::array<uint8_t, Sha256::kDigestBytes> sha256(Bytes bytes) {
  Sha256 state;
  state.update(bytes);
  return state.finish();
}

void write_hex(Bytes bytes, std::span<char> text) {
  FS_DCHECK(text.size() >= bytes.size() * 2);
  constexpr char kDigits[] = "0123456789abcdef";
  for (size_t i = 0; i < bytes.size(); ++i) {
    text[2 * i] = kDigits[bytes[i] >> 4];
    text[2 * i + 1] = kDigits[bytes[i] & 0xf];
  }
}

}  // namespace flowscope
