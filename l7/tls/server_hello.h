#pragma once

#include <optional>

#include "flowcore/base/bytes.h"
#include "l7/tls/wire.h"

namespace flowscope::tls {

// A ServerHello seen in place, in the manner of ClientHello.
// Lifetime: that of the message.
struct ServerHello {
  ProtocolVersion legacy_version = ProtocolVersion::None;
  Bytes random;
  Bytes session_id;
  uint16_t cipher_suite = 0;
  uint8_t compression_method = 0;
  Bytes extensions;  // the whole block, for ExtensionWalk

  Bytes alpns;  // for AlpnWalk; holds the one that was chosen
  ProtocolVersion selected_version = ProtocolVersion::None;  // of supported_versions
  uint16_t group = 0;  // of key_share: that of the server's key, or which it asks for; 0: not sent
  bool has_pre_shared_key = false;
  bool has_session_ticket = false;  // a ticket will follow (RFC 5077 3.2)
  // It asks for a second ClientHello instead of answering the first (RFC 8446 4.1.3).
  bool is_retry_request = false;
  bool extensions_whole = true;  // as in ClientHello
  bool sound = true;             // as in ClientHello

  [[nodiscard]] ProtocolVersion negotiated_version() const {
    return selected_version != ProtocolVersion::None ? selected_version : legacy_version;
  }
};

// Reads the body of a ServerHello, without the 4-byte message header (RFC 8446 4.1.3, RFC
// 5246 7.4.1.3). Nothing, when it ends before its extensions or contradicts itself there.
[[nodiscard]] std::optional<ServerHello> read_server_hello(Bytes body);

}  // namespace flowscope::tls
