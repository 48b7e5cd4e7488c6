#pragma once

#include <optional>

#include "flowcore/base/bytes.h"
#include "l7/tls/wire.h"

namespace flowscope::tls {

// A ClientHello seen in place: every field is a cut of the message, lists come without their length
// fields, and a field that was not sent is empty. Reads bytes alone, so that TLS, DTLS (behind its
// cookie) and QUIC can all use it.
// Lifetime: that of the message.
struct ClientHello {
  ProtocolVersion legacy_version = ProtocolVersion::None;
  Bytes random;
  Bytes session_id;
  U16List cipher_suites;
  Bytes compression_methods;
  Bytes extensions;  // the whole block, for ExtensionWalk

  Bytes server_name;           // the host_name entry, as sent
  Bytes alpns;                 // for AlpnWalk
  U16List supported_versions;  // in the client's order
  U16List supported_groups;
  Bytes point_formats;
  U16List signature_algorithms;
  Bytes key_shares;      // group, length, key; repeated
  Bytes session_ticket;  // RFC 5077 3.2; empty when the client only asks for one
  Bytes cookie;          // of DTLS, RFC 6347 4.2.1
  bool has_server_name = false;
  bool has_pre_shared_key = false;
  bool has_zero_rtt = false;
  bool has_encrypted_client_hello = false;
  // False when an extension is cut off: the list of them is not what was sent, so that no
  // fingerprint should be made of it.
  bool extensions_whole = true;
  // False when any length inside the extensions contradicts another; what could be read stands.
  bool sound = true;
};

// That of DTLS has a cookie behind the session id (RFC 6347 4.2.1, RFC 9147 5.3).
enum class HelloForm : uint8_t { Stream, Datagram };

// Reads the body of a ClientHello, without the message header (RFC 8446 4.1.2). Nothing, when it
// ends before its extensions or contradicts itself there.
[[nodiscard]] std::optional<ClientHello> read_client_hello(Bytes body,
                                                           HelloForm form = HelloForm::Stream);

// The highest version the client offers: of supported_versions if that was sent, else the legacy
// one. Of DTLS that is the one with the lowest number.
[[nodiscard]] ProtocolVersion highest_version(const ClientHello& hello);

}  // namespace flowscope::tls
