#include "flowcore/base/byte_reader.h"
#include "l7/tls/tls.h"

namespace flowscope::tls {
namespace {

constexpr uint8_t kVersionMajor = 3;
constexpr uint8_t kVersionMinorMax = 4;
constexpr size_t kSsl2HeaderBytes = 11;

// RFC 5246 E.2 and the version 2 draft: length with its top bit set, type 1, version, then the
// lengths of the cipher specs (3 each), the session id and the challenge, which add up to the
// message.
Probe probe_ssl2(Bytes bytes) {
  ByteReader reader(bytes);
  const uint16_t length = reader.u16() & 0x7fff;
  const uint8_t type = reader.u8();
  if (reader.ok() && type != static_cast<uint8_t>(HandshakeType::ClientHello))
    return Probe::NoMatch;
  const uint16_t version = reader.u16();
  const bool version_fits =
      version == static_cast<uint16_t>(ProtocolVersion::Ssl2)
      || (version >> 8 == kVersionMajor && (version & 0xff) <= kVersionMinorMax);
  if (reader.ok() && !version_fits) return Probe::NoMatch;
  if (bytes.size() < kSsl2HeaderBytes) return Probe::NeedMore;
  const size_t cipher_bytes = reader.u16();
  const size_t session_id_bytes = reader.u16();
  const size_t challenge_bytes = reader.u16();
  const bool lengths_fit = cipher_bytes > 0 && cipher_bytes % 3 == 0 && session_id_bytes <= 32
                           && challenge_bytes >= 16 && challenge_bytes <= 32;
  const size_t body_bytes =
      kSsl2HeaderBytes - 2 + cipher_bytes + session_id_bytes + challenge_bytes;
  return lengths_fit && body_bytes == length ? Probe::Match : Probe::NoMatch;
}

// A handshake record: of a hello the version inside must fit too; any other message, or an
// encrypted one, is the middle of a handshake.
Probe probe_handshake(ByteReader& reader, size_t length) {
  if (length < kMessageHeaderBytes) return Probe::NoMatch;
  const uint8_t type = reader.u8();
  reader.skip(3);
  const uint8_t major = reader.u8();
  const bool hello = type == static_cast<uint8_t>(HandshakeType::ClientHello)
                     || type == static_cast<uint8_t>(HandshakeType::ServerHello);
  if (!reader.ok()) return Probe::NeedMore;
  constexpr uint8_t kDraftMajor = 0x7f;  // TLS 1.3 drafts before 22 wrote it into the ServerHello
  return !hello || major == kVersionMajor || major == kDraftMajor ? Probe::Match : Probe::NoMatch;
}

}  // namespace

Probe TlsParser::probe(FlowSide /*side*/, Bytes first_bytes) {
  if (first_bytes.empty()) return Probe::NeedMore;
  if ((first_bytes[0] & 0x80) != 0) return probe_ssl2(first_bytes);

  ByteReader reader(first_bytes);
  const ContentType type{reader.u8()};
  if (type < ContentType::ChangeCipherSpec || type > ContentType::Heartbeat) return Probe::NoMatch;
  const uint8_t major = reader.u8();
  if (reader.ok() && major != kVersionMajor) return Probe::NoMatch;
  const uint8_t minor = reader.u8();
  if (reader.ok() && minor > kVersionMinorMax) return Probe::NoMatch;
  const size_t length = reader.u16();
  if (!reader.ok()) return Probe::NeedMore;
  if (length == 0 || length > kRecordBytesMax) return Probe::NoMatch;
  switch (type) {
    case ContentType::Handshake:
      return probe_handshake(reader, length);
    case ContentType::ChangeCipherSpec:
      return length == 1 ? Probe::Match : Probe::NoMatch;
    case ContentType::Alert: {
      constexpr size_t kEncryptedBytesMax = 64;
      if (length != 2)
        return length > 2 && length <= kEncryptedBytesMax ? Probe::Match : Probe::NoMatch;
      const uint8_t level = reader.u8();
      if (!reader.ok()) return Probe::NeedMore;
      return level == Alert::kWarning || level == Alert::kFatal ? Probe::Match : Probe::NoMatch;
    }
    case ContentType::Application:
    case ContentType::Heartbeat:
      return Probe::Match;
  }
  return Probe::NoMatch;
}

}  // namespace flowscope::tls
