#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "flowcore/base/bytes.h"

namespace flowscope::tls {

// A moment of a certificate in seconds since 1970, negative before it. Certificates may name any
// moment from the year 0 to 9999, which is more than a Timestamp holds.
struct CertificateTime {
  int64_t seconds = 0;
  friend bool operator==(CertificateTime, CertificateTime) = default;
};

// A moment in the manner of EVE: 2026-01-31T23:59:59.
using CertificateTimeText = std::array<char, 19>;
[[nodiscard]] CertificateTimeText write_time(CertificateTime time);

// An X.509 certificate seen in place (RFC 5280 4.1): what a record tells of it, as cuts of its DER
// encoding. Nothing is verified, neither signature nor names. Reading takes one pass over the outer
// structure, at most kExtensionsMax extensions, no memory and no recursion, so that a hostile
// certificate costs no more than an honest one.
// Lifetime: that of the bytes.
struct Certificate {
  // Extensions looked at in search of the names; real certificates have about ten.
  static constexpr size_t kExtensionsMax = 64;

  Bytes serial;   // the integer as it is encoded, a leading zero included
  Bytes issuer;   // the members of the Name, for NameText
  Bytes subject;  // the same
  CertificateTime not_before;
  CertificateTime not_after;
  Bytes alternative_names;  // the members of GeneralNames (4.2.1.6), for AlternativeNameWalk
};

// Nothing, when it contradicts itself before the end of its subject, or a time is none. Extensions
// that cannot be read leave alternative_names empty.
[[nodiscard]] std::optional<Certificate> read_certificate(Bytes der);

// A Name as a text such as "C=US, O=Example, CN=example.org": attributes in the order of the
// certificate, those of one set joined by " + "; an attribute without a short name is written by
// its number. Values are the bytes that were sent, NUL and all (BMPString and UniversalString come
// as UTF-8), so whoever writes the text must escape it.
// About 1 KiB: a scratch on the stack.
class NameText {
 public:
  // What is longer is cut.
  static constexpr size_t kBytesMax = 1024;

  // `name`: members of a Name, whole or cut.
  explicit NameText(Bytes name);
  [[nodiscard]] std::string_view text() const { return {chars_.data(), size_}; }

 private:
  void put(std::string_view text);
  void put_attribute(Bytes attribute, std::string_view separator);
  void put_object_identifier(Bytes identifier);
  void put_number(uint64_t number);
  void put_wide(Bytes units, size_t unit_bytes);

  size_t size_ = 0;
  std::array<char, kBytesMax> chars_;  // left unset beyond size_
};

// Walks the names of a GeneralNames that are host names, mail addresses, URIs or IP addresses, and
// passes over the other kinds.
//   AlternativeNameWalk walk(certificate.alternative_names);
//   while (walk.next()) use(walk.text());
class AlternativeNameWalk {
 public:
  explicit AlternativeNameWalk(Bytes names) : rest_(names) {}

  bool next();
  // Valid until the next call; bytes as they were sent, addresses written out.
  [[nodiscard]] std::string_view text() const { return text_; }
  // What of the list was not walked yet.
  [[nodiscard]] Bytes rest() const { return rest_; }

 private:
  static constexpr size_t kAddressChars = 40;

  void write_ipv4(Bytes address);
  void write_ipv6(Bytes address);

  Bytes rest_;
  std::string_view text_;
  std::array<char, kAddressChars> address_{};
};

}  // namespace flowscope::tls
