#include "l7/tls/client_hello.h"

namespace flowscope::tls {
namespace {

constexpr size_t kRandomBytes = 32;
constexpr size_t kSessionIdBytesMax = 32;
constexpr uint8_t kHostName = 0;

// RFC 6066 3: a list of entries {name_type, length, name}; the first host_name counts.
bool read_server_name(Bytes body, ClientHello& hello) {
  ByteReader outer(body);
  ByteReader list(outer.bytes(outer.u16()));
  while (outer.ok() && list.remaining() > 0) {
    const uint8_t name_type = list.u8();
    const Bytes name = list.bytes(list.u16());
    if (!list.ok()) return false;
    if (name_type == kHostName) {
      hello.server_name = name;
      return true;
    }
  }
  return outer.ok();
}

// A list behind a length of one or two bytes that must fit into the body.
bool read_list8(Bytes body, Bytes& list) {
  ByteReader reader(body);
  list = reader.bytes(reader.u8());
  return reader.ok();
}

bool read_list16(Bytes body, Bytes& list) {
  ByteReader reader(body);
  list = reader.bytes(reader.u16());
  return reader.ok();
}

bool read_extension(uint16_t type, Bytes body, ClientHello& hello) {
  switch (ExtensionType{type}) {
    case ExtensionType::ServerName:
      hello.has_server_name = true;
      return body.empty() || hello.server_name.size() > 0 || read_server_name(body, hello);
    case ExtensionType::SupportedGroups:
      return read_list16(body, hello.supported_groups.bytes);
    case ExtensionType::EcPointFormats:
      return read_list8(body, hello.point_formats);
    case ExtensionType::SignatureAlgorithms:
      return read_list16(body, hello.signature_algorithms.bytes);
    case ExtensionType::Alpn:
      return read_list16(body, hello.alpns);
    case ExtensionType::SupportedVersions:
      return read_list8(body, hello.supported_versions.bytes);
    case ExtensionType::KeyShare:
      return read_list16(body, hello.key_shares);
    case ExtensionType::SessionTicket:
      hello.session_ticket = body;
      return true;
    case ExtensionType::PreSharedKey:
      hello.has_pre_shared_key = true;
      return true;
    case ExtensionType::ZeroRtt:
      hello.has_zero_rtt = true;
      return true;
    case ExtensionType::EncryptedClientHello:
      hello.has_encrypted_client_hello = true;
      return true;
  }
  return true;
}

}  // namespace

std::optional<ClientHello> read_client_hello(Bytes body, HelloForm form) {
  ClientHello hello;
  ByteReader reader(body);
  hello.legacy_version = ProtocolVersion{reader.u16()};
  hello.random = reader.bytes(kRandomBytes);
  hello.session_id = reader.bytes(reader.u8());
  if (form == HelloForm::Datagram) hello.cookie = reader.bytes(reader.u8());
  hello.cipher_suites = {reader.bytes(reader.u16())};
  hello.compression_methods = reader.bytes(reader.u8());
  if (!reader.ok() || hello.session_id.size() > kSessionIdBytesMax) return std::nullopt;
  if (reader.remaining() == 0) return hello;  // SSL 3.0 and TLS 1.0 need no extensions

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

ProtocolVersion highest_version(const ClientHello& hello) {
  const bool counts_down = is_dtls(hello.legacy_version);
  ProtocolVersion highest = ProtocolVersion::None;
  for (size_t i = 0; i < hello.supported_versions.size(); ++i) {
    const ProtocolVersion version{hello.supported_versions[i]};
    if (is_grease(hello.supported_versions[i]) || is_dtls(version) != counts_down) continue;
    const bool is_higher = counts_down ? version < highest : version > highest;
    if (is_higher || highest == ProtocolVersion::None) highest = version;
  }
  return highest != ProtocolVersion::None ? highest : hello.legacy_version;
}

}  // namespace flowscope::tls
