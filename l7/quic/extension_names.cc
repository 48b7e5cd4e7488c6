#include "l7/quic/extension_names.h"

namespace flowscope::quic {
namespace {

struct ExtensionName {
  uint16_t type;
  std::string_view name;
};

// Those that hellos over QUIC carry.
constexpr ExtensionName kExtensionNames[] = {
    {0, "server_name"},
    {1, "max_fragment_length"},
    {5, "status_request"},
    {10, "supported_groups"},
    {11, "ec_points_format"},
    {13, "signature_algorithms"},
    {16, "alpn"},
    {17, "status_request_v2"},
    {18, "signed_certificate_timestamp"},
    {19, "client_certificate_type"},
    {20, "server_certificate_type"},
    {21, "padding"},
    {22, "encrypt_then_mac"},
    {23, "extended_master_secret"},
    {24, "token_binding"},
    {25, "cached_info"},
    {27, "compress_certificate"},
    {28, "record_size_limit"},
    {34, "delegated_credentials"},
    {35, "session_ticket"},
    {41, "pre_shared_key"},
    {42, "early_data"},
    {43, "supported_versions"},
    {44, "cookie"},
    {45, "psk_key_exchange_modes"},
    {47, "certificate_authorities"},
    {48, "oid_filters"},
    {49, "post_handshake_auth"},
    {50, "signature_algorithms_cert"},
    {51, "key_share"},
    {57, "quic_transport_parameters"},
    {13172, "next_protocol_negotiation"},
    {17513, "application_settings"},
    {17613, "application_settings"},
    {65037, "encrypted_client_hello"},
    {65281, "renegotiation_info"},
};

}  // namespace

std::string_view extension_name(uint16_t type) {
  for (const ExtensionName& entry : kExtensionNames) {
    if (entry.type == type) return entry.name;
  }
  return {};
}

}  // namespace flowscope::quic
