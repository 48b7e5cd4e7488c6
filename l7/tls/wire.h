#pragma once

#include <cstddef>
#include <cstdint>

#include "flowcore/base/byte_reader.h"
#include "flowcore/base/bytes.h"

// Numbers and the smallest shapes of the TLS wire format, shared by all that read hellos.
namespace flowscope::tls {

// RFC 8446 5.1; Heartbeat is RFC 6520.
enum class ContentType : uint8_t {
  ChangeCipherSpec = 20,
  Alert = 21,
  Handshake = 22,
  Application = 23,
  Heartbeat = 24,
};

// RFC 8446 4, RFC 5246 7.4, RFC 6347 4.3.2 (HelloVerifyRequest), RFC 6066 8 (CertificateStatus),
// RFC 4680 (Supplement); DraftHelloRetryRequest was used by TLS 1.3 drafts before 22 only.
enum class HandshakeType : uint8_t {
  HelloRequest = 0,
  ClientHello = 1,
  ServerHello = 2,
  HelloVerifyRequest = 3,
  DraftHelloRetryRequest = 6,
  Certificate = 11,
  ServerKeyExchange = 12,
  CertificateRequest = 13,
  ServerHelloDone = 14,
  CertificateStatus = 22,
  Supplement = 23,
};

// Those extensions whose body is read; a walk passes over all others (IANA TLS ExtensionType).
enum class ExtensionType : uint16_t {
  ServerName = 0,
  SupportedGroups = 10,
  EcPointFormats = 11,
  SignatureAlgorithms = 13,
  Alpn = 16,
  SessionTicket = 35,
  PreSharedKey = 41,
  ZeroRtt = 42,  // its RFC name is early data
  SupportedVersions = 43,
  KeyShare = 51,
  EncryptedClientHello = 0xfe0d,
};

// As it stands on the wire; any value can occur.
enum class ProtocolVersion : uint16_t {
  None = 0,
  Ssl2 = 0x0002,
  Ssl3 = 0x0300,
  Tls10 = 0x0301,
  Tls11 = 0x0302,
  Tls12 = 0x0303,
  Tls13 = 0x0304,
  // DTLS counts downwards; the last is what OpenSSL wrote before it was a standard.
  Dtls10 = 0xfeff,
  Dtls12 = 0xfefd,
  Dtls13 = 0xfefc,
  DtlsOld = 0x0100,
};

// Whether a version is one of DTLS, reserved ones included.
[[nodiscard]] constexpr bool is_dtls(ProtocolVersion version) {
  return static_cast<uint16_t>(version) >> 8 == 0xfe || version == ProtocolVersion::DtlsOld;
}
// Whether the handshake is that of TLS 1.3, which is encrypted behind the ServerHello: TLS 1.3, its
// drafts, DTLS 1.3, and what may come after them.
[[nodiscard]] constexpr bool hides_certificates(ProtocolVersion version) {
  if (version == ProtocolVersion::DtlsOld) return false;
  return is_dtls(version) ? version <= ProtocolVersion::Dtls13 : version >= ProtocolVersion::Tls13;
}

inline constexpr size_t kRecordHeaderBytes = 5;
// The longest record body that TLS 1.2 allows (RFC 5246 6.2.3); TLS 1.3 allows less.
inline constexpr size_t kRecordBytesMax = (size_t{1} << 14) + 2048;
inline constexpr size_t kMessageHeaderBytes = 4;

// Values that clients send to keep servers tolerant (RFC 8701); no fingerprint counts them.
[[nodiscard]] constexpr bool is_grease(uint16_t value) {
  return (value & 0x0f0f) == 0x0a0a && (value >> 8) == (value & 0xff);
}

// A list of 16-bit numbers as it lies in a hello; a last odd byte is not part of it.
struct U16List {
  Bytes bytes;

  [[nodiscard]] size_t size() const { return bytes.size() / 2; }
  [[nodiscard]] bool empty() const { return size() == 0; }
  // Requires: index < size().
  uint16_t operator[](size_t index) const { return load_be16(bytes, index * 2); }
};

// Walks a block of extensions in wire order, without its own length field.
//   ExtensionWalk walk(block);
//   while (walk.next()) use(walk.type(), walk.body());
class ExtensionWalk {
 public:
  explicit ExtensionWalk(Bytes block) : reader_(block) {}

  // False at the end, and at the first extension that does not fit.
  bool next() {
    if (reader_.remaining() < kHeaderBytes) return false;
    type_ = reader_.u16();
    body_ = reader_.bytes(reader_.u16());
    return reader_.ok();
  }
  [[nodiscard]] uint16_t type() const { return type_; }
  [[nodiscard]] Bytes body() const { return body_; }
  // After the last next(): false when it stopped at an extension that does not fit.
  [[nodiscard]] bool all_seen() const { return reader_.ok(); }
  // After the last next(): the extensions fill the block exactly.
  [[nodiscard]] bool exact() const { return reader_.ok() && reader_.remaining() == 0; }

 private:
  static constexpr size_t kHeaderBytes = 4;

  ByteReader reader_;
  Bytes body_;
  uint16_t type_ = 0;
};

// Walks a list of protocol names, each behind one length byte (RFC 7301 3.1).
class AlpnWalk {
 public:
  explicit AlpnWalk(Bytes list) : reader_(list) {}

  bool next() {
    if (reader_.remaining() == 0) return false;
    name_ = reader_.bytes(reader_.u8());
    return reader_.ok();
  }
  [[nodiscard]] Bytes name() const { return name_; }
  // How many bytes of the list the names so far take up.
  [[nodiscard]] size_t position() const { return reader_.position(); }

 private:
  ByteReader reader_;
  Bytes name_;
};

}  // namespace flowscope::tls
