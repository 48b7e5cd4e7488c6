// The incremental functions below are marked deprecated in OpenSSL 3 in favour of EVP, which
// allocates a state per digest; they are the ones that work in memory of ours.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "l7/tls/digest.h"

#include <openssl/md5.h>
#include <openssl/sha.h>

#include <new>

#include "flowcore/base/check.h"

namespace flowscope::tls {
namespace {

MD5_CTX* md5_state(std::array<unsigned char, 96>& storage) {
  static_assert(sizeof(MD5_CTX) <= sizeof storage);
  static_assert(alignof(MD5_CTX) <= 8);
  return std::launder(static_cast<MD5_CTX*>(static_cast<void*>(storage.data())));
}

}  // namespace

Md5::Md5() { MD5_Init(::new (static_cast<void*>(state_.data())) MD5_CTX); }

void Md5::update(Bytes bytes) { MD5_Update(md5_state(state_), bytes.begin(), bytes.size()); }

std::array<uint8_t, Md5::kDigestBytes> Md5::finish() {
  std::array<uint8_t, kDigestBytes> digest;
  MD5_Final(digest.data(), md5_state(state_));
  return digest;
}

std::array<uint8_t, kSha256Bytes> sha256(Bytes bytes) {
  SHA256_CTX state;
  std::array<uint8_t, kSha256Bytes> digest;
  SHA256_Init(&state);
  SHA256_Update(&state, bytes.begin(), bytes.size());
  SHA256_Final(digest.data(), &state);
  return digest;
}

void write_hex(Bytes bytes, std::span<char> text) {
  FS_DCHECK(text.size() >= bytes.size() * 2);
  constexpr char kDigits[] = "0123456789abcdef";
  for (size_t i = 0; i < bytes.size(); ++i) {
    text[2 * i] = kDigits[bytes[i] >> 4];
    text[2 * i + 1] = kDigits[bytes[i] & 0xf];
  }
}

}  // namespace flowscope::tls
