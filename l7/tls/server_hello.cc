#include "l7/tls/server_hello.h"

#include <array>

namespace flowscope::tls {
namespace {

constexpr size_t kRandomBytes = 32;
constexpr size_t kSessionIdBytesMax = 32;

// SHA-256 of "HelloRetryRequest", the random that marks one (RFC 8446 4.1.3).
constexpr std::array<uint8_t, kRandomBytes> kRetryRandom = {
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c};

// Drafts of TLS 1.3 before 22 named themselves in the version field and sent neither session id nor
// compression method.
bool is_early_draft(ProtocolVersion version) {
  const auto number = static_cast<uint16_t>(version);
  return number >= 0x7f00 && number < 0x7f16;
}

bool read_extension(uint16_t type, Bytes body, ServerHello& hello) {
  ByteReader reader(body);
  switch (ExtensionType{type}) {
    case ExtensionType::Alpn:
      hello.alpns = reader.bytes(reader.u16());
      break;
    case ExtensionType::SupportedVersions:
      hello.selected_version = ProtocolVersion{reader.u16()};
      break;
    case ExtensionType::KeyShare:
      hello.group = reader.u16();
      break;
    case ExtensionType::PreSharedKey:
      hello.has_pre_shared_key = true;
      break;
    case ExtensionType::SessionTicket:
      hello.has_session_ticket = true;
      break;
    case ExtensionType::ServerName:
    case ExtensionType::SupportedGroups:
    case ExtensionType::EcPointFormats:
    case ExtensionType::SignatureAlgorithms:
    case ExtensionType::ZeroRtt:
    case ExtensionType::EncryptedClientHello:
      break;
  }
  return reader.ok();
}

}  // namespace

std::optional<ServerHello> read_server_hello(Bytes body) {
  ServerHello hello;
  ByteReader reader(body);
  hello.legacy_version = ProtocolVersion{reader.u16()};
  hello.random = reader.bytes(kRandomBytes);
  const bool early_draft = is_early_draft(hello.legacy_version);
  if (!early_draft) hello.session_id = reader.bytes(reader.u8());
  hello.cipher_suite = reader.u16();
  if (!early_draft) hello.compression_method = reader.u8();
  if (!reader.ok() || hello.session_id.size() > kSessionIdBytesMax) return std::nullopt;
  hello.is_retry_request = hello.random == Bytes(kRetryRandom.data(), kRetryRandom.size());
  if (reader.remaining() == 0) return hello;

  const size_t extension_bytes = reader.u16();
  const bool block_fits = reader.ok() && extension_bytes <= reader.remaining();
  hello.extensions = reader.rest().first(extension_bytes);
  ExtensionWalk walk(hello.extensions);
  while (walk.next()) {
    if (!read_extension(walk.type(), walk.body(), hello)) hello.sound = false;
  }
  hello.extensions_whole = block_fits && walk.all_seen();
  hello.sound = hello.sound && block_fits && walk.exact();
  return hello;
}

}  // namespace flowscope::tls
