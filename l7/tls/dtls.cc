#include "l7/tls/dtls.h"

#include <optional>

#include "flowcore/base/byte_reader.h"

namespace flowscope::tls {
namespace {

constexpr size_t kFragmentHeaderBytes = 12;
constexpr size_t kSequenceBytes = 6;
constexpr size_t kAlertBytes = 2;
constexpr uint16_t kClear = 0;
// DTLS 1.3 encrypts under a header of its own whose first byte begins with 001 (RFC 9147 4).
constexpr bool is_encrypted_header(uint8_t first) { return (first & 0xe0) == 0x20; }

// RFC 6347 4.1: type, version (2), epoch (2), sequence number (6), length (2).
struct DtlsRecord {
  ContentType type{};
  uint16_t epoch = 0;
  Bytes body;
};

bool is_record_version(ProtocolVersion version) {
  return version == ProtocolVersion::Dtls10 || version == ProtocolVersion::Dtls12
         || version == ProtocolVersion::DtlsOld;
}

std::optional<DtlsRecord> read_record(ByteReader& reader) {
  DtlsRecord record;
  record.type = ContentType{reader.u8()};
  const ProtocolVersion version{reader.u16()};
  record.epoch = reader.u16();
  reader.skip(kSequenceBytes);
  record.body = reader.bytes(reader.u16());
  const bool known_type =
      record.type >= ContentType::ChangeCipherSpec && record.type <= ContentType::Heartbeat;
  if (!reader.ok() || !known_type || !is_record_version(version)) return std::nullopt;
  return record;
}

// RFC 6347 4.2.2: type, length (3), message_seq (2), fragment_offset (3), fragment_length (3).
FragmentHeader read_fragment_header(ByteReader& reader) {
  FragmentHeader header;
  header.type = reader.u8();
  header.message_bytes = reader.u24();
  header.message_seq = reader.u16();
  header.offset = reader.u24();
  header.fragment_bytes = reader.u24();
  return header;
}

bool fits(const FragmentHeader& header) {
  return header.offset <= header.message_bytes
         && header.fragment_bytes <= header.message_bytes - header.offset;
}

bool begins_handshake(const DtlsRecord& record) {
  ByteReader reader(record.body);
  const FragmentHeader header = read_fragment_header(reader);
  reader.skip(header.fragment_bytes);
  return reader.ok() && fits(header) && header.message_bytes <= FragmentJoin::kMessageBytesMax;
}

}  // namespace

Probe DtlsParser::probe_datagram(Bytes payload, uint16_t /*source_port*/,
                                 uint16_t /*destination_port*/) {
  ByteReader reader(payload);
  size_t records = 0;
  // A datagram holds a few records; the rest of a longer one is taken on trust.
  constexpr size_t kRecordsMax = 16;
  for (; reader.remaining() > 0 && records < kRecordsMax; ++records) {
    // Behind the clear records of a flight DTLS 1.3 may have encrypted ones.
    if (records > 0 && is_encrypted_header(reader.rest()[0])) return Probe::Match;
    const std::optional<DtlsRecord> record = read_record(reader);
    if (!record || record->body.empty()) return Probe::NoMatch;
    if (record->epoch == kClear && record->type == ContentType::Handshake
        && !begins_handshake(*record)) {
      return Probe::NoMatch;
    }
    if (record->epoch == kClear && record->type == ContentType::Application) return Probe::NoMatch;
  }
  return records > 0 ? Probe::Match : Probe::NoMatch;
}

void DtlsParser::advance(FlowSide side, Bytes payload, Handshake::Turn& turn) {
  if (++datagrams_ > kDatagramsMax) {
    turn.status = ParseStatus::Done;
    return;
  }
  ByteReader reader(payload);
  while (reader.ok() && reader.remaining() > 0 && !handshake_.is_closed(side)
         && turn.status == ParseStatus::Ok) {
    on_record(side, reader, turn);
  }
  if (handshake_.is_closed(side) && turn.status == ParseStatus::Ok)
    sides_[index_of(side)].message.clear();
}

// Reads one record; makes the reader fail when there is none, so that the datagram is left.
void DtlsParser::on_record(FlowSide side, ByteReader& reader, Handshake::Turn& turn) {
  if (is_encrypted_header(reader.rest()[0])) {
    reader.fail();
    return handshake_.close(side, turn);
  }
  const std::optional<DtlsRecord> record = read_record(reader);
  if (!record) return reader.fail();
  if (record->epoch != kClear) return handshake_.close(side, turn);
  switch (record->type) {
    case ContentType::Handshake:
      return on_fragments(side, record->body, turn);
    case ContentType::Alert:
      if (record->body.size() == kAlertBytes) handshake_.on_alert(record->body, turn);
      return;
    case ContentType::ChangeCipherSpec:
    case ContentType::Application:
    case ContentType::Heartbeat:
      return handshake_.close(side, turn);
  }
}

// A record may hold several messages or parts of them.
void DtlsParser::on_fragments(FlowSide side, Bytes body, Handshake::Turn& turn) {
  ByteReader reader(body);
  while (reader.remaining() >= kFragmentHeaderBytes && !handshake_.is_closed(side)
         && turn.status == ParseStatus::Ok) {
    const FragmentHeader header = read_fragment_header(reader);
    const Bytes fragment = reader.bytes(header.fragment_bytes);
    if (!reader.ok() || !fits(header)) return turn.add_anomaly("tls_invalid_fragment");
    on_fragment(side, header, fragment, turn);
  }
}

void DtlsParser::on_fragment(FlowSide side, const FragmentHeader& header, Bytes fragment,
                             Handshake::Turn& turn) {
  using enum KeptSession::Part;
  const bool is_client = handshake_.said_hello(side, Client);
  const bool is_server = handshake_.said_hello(side, Server);
  switch (HandshakeType{header.type}) {
    case HandshakeType::ClientHello:
      // Again, or a second one with its cookie: it says nothing new.
      if (!is_client) gather(side, header, fragment, turn);
      break;
    case HandshakeType::ServerHello:
      if (!is_server) gather(side, header, fragment, turn);
      break;
    case HandshakeType::Certificate:
      if (!handshake_.has_certificate(is_client ? Client : Server))
        gather(side, header, fragment, turn);
      break;
    case HandshakeType::HelloVerifyRequest:
      handshake_.on_verify_request();
      break;
    case HandshakeType::CertificateRequest:
      if (!is_client) handshake_.on_certificate_request();
      mark_seen(side, header.message_seq);
      break;
    case HandshakeType::ServerHelloDone:
      sides_[index_of(side)].done_seq = header.message_seq;
      break;
    case HandshakeType::HelloRequest:
    case HandshakeType::DraftHelloRetryRequest:
    case HandshakeType::ServerKeyExchange:
    case HandshakeType::CertificateStatus:
    case HandshakeType::Supplement:
      mark_seen(side, header.message_seq);
      break;
  }
  if (turn.status == ParseStatus::Ok) close_when_all_seen(side, turn);
}

// Takes a fragment of a message that is wanted: in place when it is all of it, else by and by. A
// certificate that comes before its hello waits for it.
void DtlsParser::gather(FlowSide side, const FragmentHeader& header, Bytes fragment,
                        Handshake::Turn& turn) {
  FragmentJoin& message = sides_[index_of(side)].message;
  const bool is_certificate = header.type == static_cast<uint8_t>(HandshakeType::Certificate);
  if (header.message_bytes > FragmentJoin::kMessageBytesMax) {
    turn.add_anomaly("tls_handshake_too_long");
    return handshake_.close(side, turn);
  }
  if (header.is_whole() && (!is_certificate || said_any_hello(side))) {
    deliver(side, header.type, header.message_seq, fragment, turn);
  } else {
    // A hello is worth more than a certificate, and a new one more than the rest of an old one.
    if (!message.holds(header) && !is_certificate) message.clear();
    if (!message.is_free() && !message.holds(header)) return;
    if (!message.add(header, fragment)) return turn.add_anomaly("tls_memory_full");
  }
  const bool waits =
      message.type() == static_cast<uint8_t>(HandshakeType::Certificate) && !said_any_hello(side);
  if (turn.status != ParseStatus::Ok || message.is_free() || !message.is_complete() || waits)
    return;
  deliver(side, message.type(), message.message_seq(), message.message(), turn);
  if (turn.status == ParseStatus::Ok) message.clear();
}

void DtlsParser::deliver(FlowSide side, uint8_t type, uint16_t message_seq, Bytes body,
                         Handshake::Turn& turn) {
  const HandshakeType message{type};
  if (message == HandshakeType::ClientHello) {
    handshake_.on_client_hello(side, body, turn);
  } else if (message == HandshakeType::ServerHello) {
    handshake_.on_server_hello(side, body, turn);
    sides_[index_of(side)].hello_seq = message_seq;
  } else {
    handshake_.on_certificate(side, body, turn);
    mark_seen(side, message_seq);
  }
}

// Messages may come before their hello, so they are counted from a place that does not move: the
// flights of a handshake have fewer than 32.
void DtlsParser::mark_seen(FlowSide side, uint16_t message_seq) {
  sides_[index_of(side)].seen_messages |= uint32_t{1} << (message_seq % 32);
}

// ServerHelloDone is a server's last word once nothing before it is missing.
void DtlsParser::close_when_all_seen(FlowSide side, Handshake::Turn& turn) {
  const Side& mine = sides_[index_of(side)];
  if (mine.done_seq == 0 || !handshake_.said_hello(side, KeptSession::Part::Server)) return;
  for (uint32_t seq = mine.hello_seq + 1U; seq < mine.done_seq && seq < mine.hello_seq + 32U;
       ++seq) {
    if ((mine.seen_messages >> (seq % 32) & 1) == 0) return;
  }
  handshake_.close(side, turn);
}

bool DtlsParser::said_any_hello(FlowSide side) const {
  return handshake_.said_hello(side, KeptSession::Part::Client)
         || handshake_.said_hello(side, KeptSession::Part::Server);
}

}  // namespace flowscope::tls
