#include "l7/tls/tls.h"

#include "flowcore/base/byte_reader.h"

namespace flowscope::tls {

void TlsParser::advance(FlowSide side, Bytes bytes, Handshake::Turn& turn) {
  HandshakeReader& reader = readers_[index_of(side)];
  while (!handshake_.is_closed(side) && turn.status == ParseStatus::Ok) {
    const HandshakeReader::Step step = reader.next(bytes);
    if (step.found == Found::Nothing) return;
    take(side, step, turn);
  }
  // What is told now may lie in the reader's memory; otherwise all of it is kept elsewhere.
  if (turn.status == ParseStatus::Ok) reader.release();
}

void TlsParser::take(FlowSide side, const HandshakeReader::Step& step, Handshake::Turn& turn) {
  HandshakeReader& reader = readers_[index_of(side)];
  switch (step.found) {
    case Found::Nothing:
      return;
    case Found::ClientHello:
      reader.expect(HandshakeReader::Flight::Client);
      return handshake_.on_client_hello(side, step.body, turn);
    case Found::ServerHello:
      handshake_.on_server_hello(side, step.body, turn);
      return reader.expect(handshake_.said_hello(side, KeptSession::Part::Server)
                               ? HandshakeReader::Flight::Server
                               : HandshakeReader::Flight::SecondHello);
    case Found::DraftRetryRequest:
      handshake_.on_retry_request();
      return reader.expect(HandshakeReader::Flight::SecondHello);
    case Found::Ssl2ClientHello:
      return handshake_.on_ssl2_client_hello(side, ProtocolVersion{ByteReader(step.body).u16()},
                                             turn);
    case Found::Ssl2ServerHello:
      return handshake_.on_ssl2_server_hello(side, turn);
    case Found::Certificate:
      return handshake_.on_certificate(side, step.body, turn);
    case Found::CertificateRequest:
      return handshake_.on_certificate_request();
    case Found::Alert:
      return handshake_.on_alert(step.body, turn);
    case Found::ServerHelloDone:
    case Found::Unreadable:
      return handshake_.close(side, turn);
    case Found::InvalidRecord:
      return on_invalid_record(side, turn);
    case Found::TooLong:
      turn.add_anomaly("tls_handshake_too_long");
      return handshake_.close(side, turn);
    case Found::NoMemory:
      turn.add_anomaly("tls_memory_full");
      return handshake_.close(side, turn);
  }
}

// Poisoned only when nothing at all spoke for TLS; a server that answers a hello with something
// else must not lose us that hello.
void TlsParser::on_invalid_record(FlowSide side, Handshake::Turn& turn) {
  turn.add_anomaly("tls_invalid_record");
  handshake_.close(side, turn);
  if (!readers_[0].has_begun() && !readers_[1].has_begun()) turn.status = ParseStatus::Poisoned;
}

void TlsParser::close(FlowSide side, Handshake::Turn& turn) {
  handshake_.close(side, turn);
  if (turn.status == ParseStatus::Ok) readers_[index_of(side)].release();
}

}  // namespace flowscope::tls
