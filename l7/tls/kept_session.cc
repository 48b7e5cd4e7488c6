#include "l7/tls/kept_session.h"

#include <cstring>

#include "flowcore/base/check.h"

namespace flowscope::tls {

bool KeptSession::keep(Part part, const HelloFields& hello) {
  FS_DCHECK(!has_hello(part));
  const std::array<Bytes, kHelloTexts> texts = {
      Bytes::of(hello.server_name),
      hello.alpns,
      hello.session_id,
      hello.groups.bytes,
      Bytes::of(hello.ja3_text),
      Bytes::of(hello.ja3_hash),
      Bytes::of(hello.ja4),
  };
  return (hello_at_[index_of(part)] = append(hello.numbers, texts)) != 0;
}

bool KeptSession::keep(Part part, const CertificateFields& certificate) {
  FS_DCHECK(!has_certificate(part));
  const std::array<Bytes, kCertificateTexts> texts = {
      certificate.serial, certificate.issuer, certificate.subject, certificate.alternative_names};
  return (certificate_at_[index_of(part)] = append(certificate.numbers, texts)) != 0;
}

HelloFields KeptSession::hello(Part part) const {
  FS_DCHECK(has_hello(part));
  HelloFields hello;
  const auto texts =
      read<HelloFields::Numbers, kHelloTexts>(hello_at_[index_of(part)], hello.numbers);
  hello.server_name = texts[0].as_text();
  hello.alpns = texts[1];
  hello.session_id = texts[2];
  hello.groups = {texts[3]};
  hello.ja3_text = texts[4].as_text();
  hello.ja3_hash = texts[5].as_text();
  hello.ja4 = texts[6].as_text();
  return hello;
}

CertificateFields KeptSession::certificate(Part part) const {
  FS_DCHECK(has_certificate(part));
  CertificateFields certificate;
  const auto texts = read<CertificateFields::Numbers, kCertificateTexts>(
      certificate_at_[index_of(part)], certificate.numbers);
  certificate.serial = texts[0];
  certificate.issuer = texts[1];
  certificate.subject = texts[2];
  certificate.alternative_names = texts[3];
  return certificate;
}

void KeptSession::clear() {
  block_.clear();
  hello_at_ = {};
  certificate_at_ = {};
}

// The numbers as they are, the sizes of the texts, the texts. Where it begins, or 0 without room;
// what was appended of it by then is dead weight in the block and never read.
template <class Numbers, size_t kTexts>
uint32_t KeptSession::append(const Numbers& numbers, const std::array<Bytes, kTexts>& texts) {
  static_assert(std::is_trivially_copyable_v<Numbers>);
  std::array<uint8_t, sizeof(Numbers) + kTexts * sizeof(uint16_t)> head;
  std::memcpy(head.data(), &numbers, sizeof numbers);
  for (size_t i = 0; i < kTexts; ++i) {
    FS_DCHECK(texts[i].size() <= UINT16_MAX);
    const auto text_bytes = static_cast<uint16_t>(texts[i].size());
    std::memcpy(head.data() + sizeof numbers + i * sizeof text_bytes, &text_bytes,
                sizeof text_bytes);
  }
  const auto at = static_cast<uint32_t>(block_.size() + 1);
  if (!block_.append(Bytes(head.data(), head.size()))) return 0;
  for (const Bytes text : texts) {
    if (!text.empty() && !block_.append(text)) return 0;
  }
  return at;
}

template <class Numbers, size_t kTexts>
std::array<Bytes, kTexts> KeptSession::read(uint32_t at, Numbers& numbers) const {
  Bytes rest = block_.bytes().after(at - 1);
  std::memcpy(&numbers, rest.begin(), sizeof numbers);
  rest = rest.after(sizeof numbers);
  std::array<uint16_t, kTexts> text_bytes;
  std::memcpy(text_bytes.data(), rest.begin(), sizeof text_bytes);
  rest = rest.after(sizeof text_bytes);
  std::array<Bytes, kTexts> texts;
  for (size_t i = 0; i < kTexts; ++i) {
    texts[i] = rest.first(text_bytes[i]);
    rest = rest.after(text_bytes[i]);
  }
  return texts;
}

}  // namespace flowscope::tls
