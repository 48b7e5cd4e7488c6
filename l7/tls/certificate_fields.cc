// The incremental functions of SHA-1 are marked deprecated in OpenSSL 3 in favour of EVP, which
// allocates a state per digest.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "l7/tls/certificate_fields.h"

#include <openssl/sha.h>

#include "flowcore/base/byte_reader.h"

namespace flowscope::tls {
namespace {

std::array<uint8_t, SHA_DIGEST_LENGTH> sha1(Bytes bytes) {
  SHA_CTX state;
  SHA1_Init(&state);
  SHA1_Update(&state, bytes.begin(), bytes.size());
  std::array<uint8_t, SHA_DIGEST_LENGTH> digest;
  SHA1_Final(digest.data(), &state);
  return digest;
}

// The whole names at the front of a list that fit below the limit.
Bytes cut_alternative_names(Bytes names) {
  const Bytes cut = names.first(CertificateFields::kAlternativeNamesBytesMax);
  AlternativeNameWalk walk(cut);
  size_t kept_bytes = 0;
  while (walk.next()) kept_bytes = cut.size() - walk.rest().size();
  return cut.first(kept_bytes);
}

}  // namespace

CertificateFields::Hex::Hex(Bytes bytes, Case digit_case) {  // NOLINT(*-member-init)
  const char* const digits = digit_case == Case::Upper ? "0123456789ABCDEF" : "0123456789abcdef";
  for (const uint8_t byte : bytes.first(kSerialBytesMax)) {
    if (size_ > 0) chars_[size_++] = ':';
    chars_[size_++] = digits[byte >> 4];
    chars_[size_++] = digits[byte & 0xf];
  }
}

std::optional<CertificateFields> read_certificate_message(Bytes body) {
  ByteReader message(body);
  ByteReader list(message.bytes(message.u24()));
  const Bytes first = list.bytes(list.u24());
  if (!message.ok() || !list.ok() || first.empty()) return std::nullopt;
  if (first.size() > CertificateFields::kCertificateBytesMax) return std::nullopt;

  CertificateFields fields;
  fields.numbers.chain_count = 1;
  while (list.remaining() > 0 && fields.numbers.chain_count < CertificateFields::kChainMax) {
    list.skip(list.u24());
    if (!list.ok()) break;
    ++fields.numbers.chain_count;
  }
  fields.numbers.sha1 = sha1(first);
  fields.numbers.sha256 = sha256(first);
  const std::optional<Certificate> certificate = read_certificate(first);
  if (!certificate) return fields;
  fields.numbers.is_readable = true;
  fields.numbers.not_before_seconds = certificate->not_before.seconds;
  fields.numbers.not_after_seconds = certificate->not_after.seconds;
  fields.serial = certificate->serial.first(CertificateFields::kSerialBytesMax);
  fields.issuer = certificate->issuer.first(CertificateFields::kNameBytesMax);
  fields.subject = certificate->subject.first(CertificateFields::kNameBytesMax);
  fields.alternative_names = cut_alternative_names(certificate->alternative_names);
  return fields;
}

}  // namespace flowscope::tls
