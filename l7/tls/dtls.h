#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "flowcore/base/buffer_pool.h"
#include "flowcore/base/bytes.h"
#include "flowcore/base/flow_side.h"
#include "flowcore/base/timestamp.h"
#include "l7/parser.h"
#include "l7/tls/fragment_join.h"
#include "l7/tls/handshake.h"

namespace flowscope::tls {

// Observes the clear beginning of DTLS 1.0, 1.2 and 1.3 (RFC 4347, 6347, 9147) and gives one
// TlsSession per flow, in the manner of TlsParser. Fragments may come in any order and again; of a
// side one message at a time is put together, a hello before a certificate. Of a client that is
// asked for a cookie its first hello counts. Datagrams that are no DTLS, such as STUN and SRTP on
// the same ports, are passed over.
// Thread rule: one thread. Memory: sizeof(DtlsParser), and blocks of the pool: one for what is
// kept, one per side for a message in fragments.
class DtlsParser {
 public:
  static constexpr std::string_view kName = "dtls";
  static constexpr bool kBrief = true;
  // A record of version 1.0 or of 1.2 and later; one of the version before them.
  static constexpr std::array<FirstBytes, 2> kFirstBytes = {
      {{R"([\x14-\x18]\xfe[\xfd\xff])"}, {R"([\x14-\x18]\x01\x00)"}}};
  // After so many datagrams without the end of a handshake nothing more is waited for.
  static constexpr uint8_t kDatagramsMax = 128;

  explicit DtlsParser(const ParserSetup& setup)
      : sides_{Side(setup.buffers), Side(setup.buffers)}, handshake_(setup, Carrier::Datagram) {}

  // Strict: the whole payload must be records of one version, and a handshake must hold a fragment
  // that fits. Ports tell nothing.
  static Probe probe_datagram(Bytes payload, uint16_t source_port, uint16_t destination_port);

  template <class Sink>
  ParseStatus on_datagram(FlowSide side, Bytes payload, Timestamp /*time*/, Sink& sink) {
    if (handshake_.is_finished()) return ParseStatus::Done;
    Handshake::Turn turn;
    advance(side, payload, turn);
    return conclude(side, turn, sink);
  }

  template <class Sink>
  void on_end(StreamEnd /*end*/, Sink& sink) {
    if (handshake_.is_finished()) return;
    Handshake::Turn turn;
    turn.status = ParseStatus::Done;
    conclude(FlowSide::Initiator, turn, sink);
  }

 private:
  struct Side {
    explicit Side(BufferPool& buffers) : message(buffers) {}
    FragmentJoin message;
    uint32_t seen_messages = 0;  // whole ones and those nobody wants; bit: number % 32
    uint16_t hello_seq = 0;
    uint16_t done_seq = 0;  // of ServerHelloDone; 0: not seen
  };

  void advance(FlowSide side, Bytes payload, Handshake::Turn& turn);
  void on_record(FlowSide side, ByteReader& reader, Handshake::Turn& turn);
  void on_fragments(FlowSide side, Bytes body, Handshake::Turn& turn);
  void on_fragment(FlowSide side, const FragmentHeader& header, Bytes fragment,
                   Handshake::Turn& turn);
  void gather(FlowSide side, const FragmentHeader& header, Bytes fragment, Handshake::Turn& turn);
  void deliver(FlowSide side, uint8_t type, uint16_t message_seq, Bytes body,
               Handshake::Turn& turn);
  void mark_seen(FlowSide side, uint16_t message_seq);
  void close_when_all_seen(FlowSide side, Handshake::Turn& turn);
  [[nodiscard]] bool said_any_hello(FlowSide side) const;

  template <class Sink>
  ParseStatus conclude(FlowSide side, const Handshake::Turn& turn, Sink& sink) {
    const ParseStatus status = handshake_.conclude(side, turn, sink);
    // Only now: what was told may have lain in them.
    if (status != ParseStatus::Ok) {
      for (Side& it : sides_) it.message.clear();
    }
    return status;
  }

  std::array<Side, 2> sides_;
  Handshake handshake_;
  uint8_t datagrams_ = 0;
};
static_assert(sizeof(DtlsParser) <= 224, "one per DTLS flow until its handshake is through");

}  // namespace flowscope::tls
