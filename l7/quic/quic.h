#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "flowcore/base/bytes.h"
#include "flowcore/base/flow_side.h"
#include "flowcore/base/timestamp.h"
#include "l7/parser.h"
#include "l7/quic/crypto_stream.h"
#include "l7/quic/frames.h"
#include "l7/quic/google.h"
#include "l7/quic/initial_keys.h"
#include "l7/quic/packet_header.h"
#include "l7/quic/packet_protection.h"
#include "l7/quic/quic_session.h"
#include "l7/tls/ja3.h"
#include "l7/tls/ja4.h"

namespace flowscope::quic {

// Opens the Initial packets of a QUIC flow and gives one QuicSession: as soon as both hellos are
// there, some datagrams after the ClientHello when the other does not come, or at the end. It is
// Done then, so that what follows costs nothing. The client is the side whose packets open with
// the keys of a client, whoever began the flow. Nothing is reported of a packet whose
// authentication tag does not fit.
// Anomalies: "quic_decrypt_failed" (no Initial of the flow could be opened), "quic_invalid_frame"
// (RFC 9000 17.2.2), "quic_invalid_handshake" (no hello where one must be, or one that contradicts
// itself), "quic_handshake_too_long", "quic_crypto_limit" (bytes refused), "quic_memory_full".
// Thread rule: one thread. Memory: sizeof(QuicParser), and per role one block of the pool for its
// hello. Cost: 16 rounds of SHA-256 for the keys of each role, then AES-GCM; no allocation.
class QuicParser {
 public:
  static constexpr std::string_view kName = "quic";
  static constexpr bool kBrief = true;
  // A long header, whatever its fixed bit (RFC 8999 section 5.1); Google's header with its version.
  static constexpr std::array<FirstBytes, 2> kFirstBytes = {
      {{R"([\x80-\xff])"}, {.pattern = R"(Q0[34]\d)", .offset = 9}}};
  // Datagrams that may come between the ClientHello and the ServerHello.
  static constexpr uint32_t kPatienceDatagrams = 24;
  // Of a flow, and attempts to open an Initial, before it is given up.
  static constexpr uint32_t kDatagramsMax = 64;
  static constexpr uint32_t kAttemptsMax = 48;
  // Packets that are looked for in one datagram (RFC 9000 12.2).
  static constexpr uint32_t kCoalescedMax = 8;
  static constexpr size_t kNegotiatedVersionsMax = 8;
  // Longer texts of a hello are cut to this: the server name by bytes, the protocol names by whole
  // names.
  static constexpr size_t kServerNameBytesMax = 255;
  static constexpr size_t kAlpnBytesMax = 512;

  explicit QuicParser(const ParserSetup& setup)
      : streams_{CryptoStream(setup.buffers), CryptoStream(setup.buffers)} {}

  static Probe probe_datagram(Bytes payload, uint16_t source_port, uint16_t destination_port);

  template <class Sink>
  ParseStatus on_datagram(FlowSide side, Bytes payload, Timestamp /*time*/, Sink& sink) {
    if (finished_) return ParseStatus::Done;
    Turn turn;
    advance(side, payload, turn);
    if (turn.anomaly != nullptr) sink.anomaly(side, turn.anomaly);
    if (!turn.is_last) return ParseStatus::Ok;
    conclude(turn, sink);
    return ParseStatus::Done;
  }

  // A hello that is whole is written by both kinds of end.
  template <class Sink>
  void on_end(StreamEnd /*end*/, Sink& sink) {
    if (!finished_) conclude(Turn{}, sink);
  }

 private:
  // What one datagram came to.
  struct Turn {
    bool is_last = false;  // the record can be written
    const char* anomaly = nullptr;
    bool is_google = false;             // a packet of Google's QUIC in clear
    std::optional<GoogleHello> google;  // borrows the datagram or the client's stream
  };
  // What a record points to; lives on the stack of the call, about 9 KiB, most of it never touched.
  struct SessionTexts {
    SessionTexts() {}  // NOLINT(modernize-use-equals-default): GCC would clear all of it
    std::optional<tls::Ja3> ja3;
    std::optional<tls::Ja3> ja3s;
    std::optional<tls::Ja4> ja4;
    std::optional<Cyu> cyu;
  };

  void advance(FlowSide side, Bytes datagram, Turn& turn);
  void on_initial(FlowSide side, const LongPacket& packet, Turn& turn);
  void on_negotiation(FlowSide side, const LongPacket& packet);
  std::optional<OpenedPacket> open(FlowSide side, const LongPacket& packet, OpenSpace& space);
  std::optional<OpenedPacket> open_with_fresh_keys(FlowSide side, const LongPacket& packet,
                                                   OpenSpace& space);
  // The keys in hand; those of a server are derived when its first packet comes.
  const PacketKeys& keys_of(Role role);
  std::optional<OpenedPacket> open_in_other_version(const LongPacket& packet, OpenSpace& space);
  void adopt_keys(FlowSide side, const LongPacket& packet, const Protection& protection,
                  const PacketKeys& client_keys);
  void take_frames(Role role, Bytes payload, Turn& turn);
  void add_crypto(Role role, const Frame& frame, Turn& turn);
  void look_for_client_hello(Turn& turn);
  void look_for_server_hello(Turn& turn);
  // Why the flow ends without the hello that should be there.
  static void fail(const char* anomaly, Turn& turn);

  [[nodiscard]] bool has_record(const Turn& turn) const;
  // Null when nothing is wrong.
  [[nodiscard]] const char* make_session(const Turn& turn, SessionTexts& texts,
                                         QuicSession& session) const;
  // Writes what is known; the only part besides the public calls that knows the sink.
  template <class Sink>
  void conclude(const Turn& turn, Sink& sink) {
    SessionTexts texts;
    QuicSession session;
    const char* const anomaly = make_session(turn, texts, session);
    if (anomaly != nullptr) sink.anomaly(client_side_, anomaly);
    if (has_record(turn)) sink.message(client_side_, session);
    finish();
  }
  void finish();

  [[nodiscard]] Bytes key_id() const { return {key_id_.data(), key_id_bytes_}; }
  [[nodiscard]] CryptoStream& stream_of(Role role) {
    return streams_[role == Role::Client ? 0 : 1];
  }

  std::array<CryptoStream, 2> streams_;  // client, server
  PacketKeys client_keys_;
  PacketKeys server_keys_;
  const Protection* protection_ = nullptr;  // null: no keys yet
  std::array<NumberSpace, 2> numbers_;      // client, server
  std::optional<uint64_t> close_code_;
  std::array<Version, kNegotiatedVersionsMax> negotiated_{};
  Version version_ = Version::Negotiation;  // of the packet that the keys came from
  uint16_t server_message_at_ = 0;          // in the server's stream
  uint8_t negotiated_count_ = 0;
  uint8_t datagrams_ = 0;
  uint8_t attempts_ = 0;
  uint8_t datagrams_after_hello_ = 0;
  uint8_t key_id_bytes_ = 0;
  std::array<uint8_t, kIdentifierBytesMax> key_id_{};  // what the keys were derived from
  FlowSide client_side_ = FlowSide::Initiator;
  bool has_server_keys_ = false;
  bool has_client_hello_ = false;
  bool has_server_hello_ = false;
  bool has_failed_ = false;  // an Initial could not be opened before there were keys
  bool has_retry_ = false;
  bool has_told_limit_ = false;
  bool finished_ = false;
};
static_assert(sizeof(QuicParser) <= 320, "one per QUIC flow until its hellos are through");

using StreamParsers = TypeList<>;
using DatagramParsers = TypeList<QuicParser>;

}  // namespace flowscope::quic
