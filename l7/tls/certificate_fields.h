#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "flowcore/base/bytes.h"
#include "l7/digest/digest_memo.h"
#include "l7/parser.h"
#include "l7/tls/certificate.h"

namespace flowscope::tls {

// What a record tells of a certificate that one side sent, its first one: the names and times of it
// and the hashes of its whole encoding. When the encoding cannot be read only the hashes are there.
// Lifetime: that of the message it was read from, or of where it was kept.
struct CertificateFields {
  // Names and serial numbers are cut to these when they are kept; most take a tenth of it.
  static constexpr size_t kNameBytesMax = 1024;              // each of issuer and subject, encoded
  static constexpr size_t kSerialBytesMax = 32;              // RFC 5280 4.1.2.2 allows 20
  static constexpr size_t kAlternativeNamesBytesMax = 2048;  // encoded, whole names
  // A longer certificate is not read: 90 of 100 are below 2 KiB.
  static constexpr size_t kCertificateBytesMax = 16384;
  // Certificates of a chain beyond this are not counted.
  static constexpr size_t kChainMax = 32;

  // What fits into a few words, so that it can be kept as it is.
  struct Numbers {
    Sha1Digest sha1{};
    Sha256::Digest sha256{};
    int64_t not_before_seconds = 0;
    int64_t not_after_seconds = 0;
    uint8_t chain_count = 0;  // certificates that were sent, this one included
    bool is_readable = false;
  };

  Numbers numbers;
  Bytes serial;  // as in Certificate
  Bytes issuer;
  Bytes subject;
  Bytes alternative_names;

  // The fields by their EVE names that stand before "sni" there; about 1 KiB of stack.
  template <FieldVisitor V>
  void describe(V& visitor) const {
    if (numbers.is_readable) {
      if (!subject.empty()) visitor.text("subject", NameText(subject).text());
      visitor.text("issuerdn", NameText(issuer).text());
      visitor.text("serial", Hex(serial, Hex::Case::Upper).text());
    }
    visitor.text("fingerprint", Hex(of(numbers.sha1), Hex::Case::Lower).text());
  }
  // Those that stand behind it.
  template <FieldVisitor V>
  void describe_more(V& visitor) const {
    if (numbers.is_readable) {
      describe_time(visitor, "notbefore", numbers.not_before_seconds);
      describe_time(visitor, "notafter", numbers.not_after_seconds);
      describe_alternative_names(visitor);
    }
    visitor.text("fingerprint_sha256", Hex(of(numbers.sha256), Hex::Case::Lower).text());
    visitor.number("chain_count", numbers.chain_count);
  }

 private:
  // Two digits a byte, joined by colons, in the manner of EVE.
  class Hex {
   public:
    enum class Case : uint8_t { Lower, Upper };
    Hex(Bytes bytes, Case digit_case);
    [[nodiscard]] std::string_view text() const { return {chars_.data(), size_}; }

   private:
    size_t size_ = 0;
    std::array<char, size_t{3} * kSerialBytesMax> chars_;
  };

  template <size_t kBytes>
  static Bytes of(const std::array<uint8_t, kBytes>& digest) {
    return {digest.data(), kBytes};
  }
  template <FieldVisitor V>
  static void describe_time(V& visitor, const char* name, int64_t seconds) {
    const CertificateTimeText text = write_time({seconds});
    visitor.text(name, {text.data(), text.size()});
  }
  template <FieldVisitor V>
  void describe_alternative_names(V& visitor) const {
    AlternativeNameWalk walk(alternative_names);
    if (!walk.next()) return;
    visitor.begin_array("subjectaltname");
    do {
      visitor.text(nullptr, walk.text());
    } while (walk.next());
    visitor.end_array();
  }
};

// Reads the body of a Certificate message of TLS 1.2 and before (RFC 5246 7.4.2). Nothing, when it
// holds none or only a part of one; one above kCertificateBytesMax counts as unreadable and has no
// hashes, so nothing is told of it either. Costs two hashes over the first certificate, unless
// `digests` has them.
[[nodiscard]] std::optional<CertificateFields> read_certificate_message(
    Bytes body, DigestMemo* digests = nullptr);

}  // namespace flowscope::tls
