#include "l7/tls/names.h"

#include <algorithm>

namespace flowscope::tls {
namespace {

// Version numbers of TLS 1.3 before it was a standard: 0x7f and the draft's number, and 0xfb and
// the draft's number for one large site's variant.
constexpr uint8_t kDraft = 0x7f;
constexpr uint8_t kDraftVariant = 0xfb;

struct AlertName {
  uint8_t description;
  std::string_view name;
};

constexpr AlertName kAlertNames[] = {
    {0, "close_notify"},
    {10, "unexpected_message"},
    {20, "bad_record_mac"},
    {21, "decryption_failed"},
    {22, "record_overflow"},
    {30, "decompression_failure"},
    {40, "handshake_failure"},
    {41, "no_certificate"},
    {42, "bad_certificate"},
    {43, "unsupported_certificate"},
    {44, "certificate_revoked"},
    {45, "certificate_expired"},
    {46, "certificate_unknown"},
    {47, "illegal_parameter"},
    {48, "unknown_ca"},
    {49, "access_denied"},
    {50, "decode_error"},
    {51, "decrypt_error"},
    {60, "export_restriction"},
    {70, "protocol_version"},
    {71, "insufficient_security"},
    {80, "internal_error"},
    {86, "inappropriate_fallback"},
    {90, "user_canceled"},
    {100, "no_renegotiation"},
    {109, "missing_extension"},
    {110, "unsupported_extension"},
    {111, "certificate_unobtainable"},
    {112, "unrecognized_name"},
    {113, "bad_certificate_status_response"},
    {114, "bad_certificate_hash_value"},
    {115, "unknown_psk_identity"},
    {116, "certificate_required"},
    {120, "no_application_protocol"},
    {121, "ech_required"},
};

std::string_view final_version_name(ProtocolVersion version) {
  switch (version) {
    case ProtocolVersion::Tls13:
      return "TLS 1.3";
    case ProtocolVersion::Tls12:
      return "TLS 1.2";
    case ProtocolVersion::Tls11:
      return "TLS 1.1";
    case ProtocolVersion::Tls10:
      return "TLSv1";
    case ProtocolVersion::Ssl3:
      return "SSLv3";
    case ProtocolVersion::Ssl2:
      return "SSLv2";
    case ProtocolVersion::Dtls10:
      return "DTLS 1.0";
    case ProtocolVersion::Dtls12:
      return "DTLS 1.2";
    case ProtocolVersion::Dtls13:
      return "DTLS 1.3";
    case ProtocolVersion::DtlsOld:
      return "DTLS 1.0 (old)";
    case ProtocolVersion::None:
      break;
  }
  return "UNDETERMINED";
}

}  // namespace

VersionName::VersionName(ProtocolVersion version) {
  const auto number = static_cast<uint16_t>(version);
  const auto draft = static_cast<uint8_t>(number);
  const bool is_variant = number >> 8 == kDraftVariant;
  if ((number >> 8 != kDraft && !is_variant) || draft > 99) {
    put(final_version_name(version));
    return;
  }
  put("TLS 1.3 draft-");
  put_draft(draft);
  if (is_variant) put("-fb");
}

void VersionName::put(std::string_view text) {
  std::copy(text.begin(), text.end(), chars_.begin() + static_cast<ptrdiff_t>(size_));
  size_ += text.size();
}

void VersionName::put_draft(uint8_t draft) {
  if (draft >= 10) chars_[size_++] = static_cast<char>('0' + draft / 10);
  chars_[size_++] = static_cast<char>('0' + draft % 10);
}

std::string_view alert_name(uint8_t description) {
  for (const AlertName& entry : kAlertNames) {
    if (entry.description == description) return entry.name;
  }
  return "unknown";
}

}  // namespace flowscope::tls
