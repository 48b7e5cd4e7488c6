#include "l7/tls/certificate_fields.h"

#include <cstring>

#include "flowcore/base/byte_reader.h"

namespace flowscope::tls {
namespace {

constexpr auto kUpperHexDigits = [] {
  auto table = kHexDigits;
  for (auto& digits : table) {
    for (char& digit : digits) digit = digit >= 'a' ? static_cast<char>(digit - 'a' + 'A') : digit;
  }
  return table;
}();

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
  const Bytes shown = bytes.first(kSerialBytesMax);
  if (shown.empty()) return;
  const auto& digits = digit_case == Case::Upper ? kUpperHexDigits : kHexDigits;
  char* place = chars_.data();
  for (const uint8_t byte : shown) {
    std::memcpy(place, digits[byte].data(), 2);
    place[2] = ':';
    place += 3;
  }
  size_ = 3 * shown.size() - 1;  // without the last colon
}

std::optional<CertificateFields> read_certificate_message(Bytes body, DigestMemo* digests) {
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
  const DigestMemo::FileDigests hashes = file_digests(first, digests);
  fields.numbers.sha1 = hashes.sha1;
  fields.numbers.sha256 = hashes.sha256;
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
