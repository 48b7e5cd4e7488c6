#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "flowcore/base/buffer_pool.h"
#include "flowcore/base/bytes.h"
#include "flowcore/base/flow_side.h"
#include "flowcore/base/timestamp.h"
#include "l7/parser.h"
#include "l7/tls/dtls.h"
#include "l7/tls/handshake.h"
#include "l7/tls/handshake_reader.h"
#include "l7/tls/tls_session.h"

namespace flowscope::tls {

// Observes the clear beginning of TLS and SSL over TCP and gives one TlsSession per flow, as soon
// as nothing more is said in clear (see Handshake), or at the end when less came. It is Done then,
// so what follows costs nothing.
// Bytes in front of a side's first record are passed over, kLeadInBytesMax at most: identification
// may have kept what another protocol said before (the 'S' of PostgreSQL, the answers of SOCKS).
// Thread rule: one thread. Memory: sizeof(TlsParser), and blocks of the pool while a message is in
// parts or the record is not complete.
class TlsParser {
 public:
  static constexpr std::string_view kName = "tls";
  static constexpr bool kFoundLater = true;  // behind SOCKS, CONNECT and STARTTLS
  static constexpr size_t kServerNameBytesMax = Handshake::kServerNameBytesMax;
  static constexpr size_t kAlpnBytesMax = Handshake::kAlpnBytesMax;
  static constexpr size_t kLeadInBytesMax = HandshakeReader::kLeadInBytesMax;
  // A record of version 3, and a ClientHello in the form of SSL 2.
  static constexpr std::array<FirstBytes, 2> kFirstBytes = {
      {{R"([\x14-\x18]\x03[\x00-\x04])"}, {R"([\x80-\xff].\x01[\x00\x03])"}}};

  explicit TlsParser(const ParserSetup& setup)
      : readers_{HandshakeReader(setup.buffers), HandshakeReader(setup.buffers)},
        handshake_(setup, Carrier::Tcp) {}

  static Probe probe(FlowSide side, Bytes first_bytes);

  template <class Sink>
  ParseStatus on_bytes(FlowSide side, Bytes bytes, Timestamp /*time*/, Sink& sink) {
    if (handshake_.is_finished()) return ParseStatus::Done;
    if (handshake_.is_closed(side)) return ParseStatus::Ok;
    Handshake::Turn turn;
    advance(side, bytes, turn);
    return conclude(side, turn, sink);
  }

  template <class Sink>
  ParseStatus on_gap(FlowSide side, uint32_t /*missing_bytes*/, Sink& sink) {
    if (handshake_.is_finished()) return ParseStatus::Done;
    if (handshake_.is_closed(side)) return ParseStatus::Ok;
    Handshake::Turn turn;
    if (!readers_[index_of(side)].skip_gap()) close(side, turn);
    return conclude(side, turn, sink);
  }

  // A hello that was kept is whole, so both kinds of end write it.
  template <class Sink>
  void on_end(StreamEnd /*end*/, Sink& sink) {
    if (handshake_.is_finished()) return;
    Handshake::Turn turn;
    turn.status = ParseStatus::Done;
    conclude(FlowSide::Initiator, turn, sink);
  }

 private:
  void advance(FlowSide side, Bytes bytes, Handshake::Turn& turn);
  void take(FlowSide side, const HandshakeReader::Step& step, Handshake::Turn& turn);
  void on_invalid_record(FlowSide side, Handshake::Turn& turn);
  void close(FlowSide side, Handshake::Turn& turn);

  template <class Sink>
  ParseStatus conclude(FlowSide side, const Handshake::Turn& turn, Sink& sink) {
    const ParseStatus status = handshake_.conclude(side, turn, sink);
    // Only now: what was told may have lain in them.
    if (status != ParseStatus::Ok) {
      for (HandshakeReader& reader : readers_) reader.release();
    }
    return status;
  }

  std::array<HandshakeReader, 2> readers_;
  Handshake handshake_;
};
static_assert(sizeof(TlsParser) <= 192, "one per TLS flow until its handshake is through");

using StreamParsers = TypeList<TlsParser>;
using DatagramParsers = TypeList<DtlsParser>;

}  // namespace flowscope::tls
