// The incremental functions below are marked deprecated in OpenSSL 3 in favour of EVP, which
// allocates a state per digest; they are the ones that work in memory of ours.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "l7/digest/digest.h"

#include <openssl/md5.h>
#include <openssl/sha.h>

#include <cstring>
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

Md5::Digest Md5::finish() {
  Digest digest;
  MD5_Final(digest.data(), state_in<MD5_CTX>(state_));
  return digest;
}

Sha256::Sha256() { SHA256_Init(::new (static_cast<void*>(state_.data())) SHA256_CTX); }

void Sha256::update(Bytes bytes) {
  SHA256_Update(state_in<SHA256_CTX>(state_), bytes.begin(), bytes.size());
}

Sha256::Digest Sha256::finish() {
  Digest digest;
  SHA256_Final(digest.data(), state_in<SHA256_CTX>(state_));
  return digest;
}

Md5::Digest md5(Bytes bytes) {
  Md5 state;
  state.update(bytes);
  return state.finish();
}

Sha256::Digest sha256(Bytes bytes) {
  Sha256 state;
  state.update(bytes);
  return state.finish();
}

Sha1Digest sha1(Bytes bytes) {
  static_assert(std::tuple_size_v<Sha1Digest> == SHA_DIGEST_LENGTH);
  SHA_CTX state;
  SHA1_Init(&state);
  SHA1_Update(&state, bytes.begin(), bytes.size());
  Sha1Digest digest;
  SHA1_Final(digest.data(), &state);
  return digest;
}

void write_hex(Bytes bytes, std::span<char> text) {
  FS_DCHECK(text.size() >= bytes.size() * 2);
  for (size_t i = 0; i < bytes.size(); ++i)
    std::memcpy(text.data() + 2 * i, kHexDigits[bytes[i]].data(), 2);
}

}  // namespace flowscope
