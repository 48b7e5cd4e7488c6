#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "flowcore/base/buffer_pool.h"
#include "flowcore/base/bytes.h"
#include "flowcore/base/check.h"
#include "flowcore/base/flow_side.h"
#include "l7/parser.h"
#include "l7/tls/client_hello.h"
#include "l7/tls/ja3.h"
#include "l7/tls/ja4.h"
#include "l7/tls/kept_session.h"
#include "l7/tls/server_hello.h"
#include "l7/tls/tls_session.h"

namespace flowscope::tls {

// What the clear messages of one flow's handshake come to: the machine behind TLS and DTLS, which
// differ in how messages are put together and not in what they say. It is given whole messages of
// both sides, in the order of each, and makes one TlsSession of them, as soon as nothing more can
// be said in clear:
//   TLS 1.3, a resumed session   both hellos
//   before it                    the server's ServerHelloDone; the client's certificate besides,
//                                when it was asked for one
// Which side is the client is told by its hello, not by who opened the flow.
// Thread rule: one thread. Memory: one block of the pool between its first message and its last.
class Handshake {
 public:
  // Longer texts of a hello are cut to this: the server name by bytes, lists by whole items.
  static constexpr size_t kServerNameBytesMax = 255;
  static constexpr size_t kAlpnBytesMax = 512;
  static constexpr size_t kGroupsMax = 64;

  // What one call of a parser came to. Lives on the stack of the call; about 4 KiB, of which little
  // is written.
  struct Turn {
    static constexpr size_t kAnomaliesMax = 4;

    ParseStatus status = ParseStatus::Ok;  // other than Ok: the record is complete
    uint8_t anomaly_count = 0;
    std::array<const char*, kAnomaliesMax> anomalies{};
    // The hello that completed the record; it is not kept any more but told from where it lies.
    std::optional<KeptSession::Part> fresh_part;
    HelloFields fresh;
    std::optional<Ja3> ja3;  // the fingerprints that `fresh` points to
    std::optional<Ja4> ja4;

    void add_anomaly(const char* kind) {
      if (anomaly_count < kAnomaliesMax) anomalies[anomaly_count++] = kind;
    }
  };

  Handshake(const ParserSetup& setup, Carrier carrier)
      : kept_(setup.buffers), digests_(setup.digests), carrier_(carrier) {}

  // Each takes a message without its header; an alert without its record. They set turn.status once
  // the record is complete.
  void on_client_hello(FlowSide side, Bytes body, Turn& turn);
  void on_server_hello(FlowSide side, Bytes body, Turn& turn);
  void on_ssl2_client_hello(FlowSide side, ProtocolVersion version, Turn& turn);
  void on_ssl2_server_hello(FlowSide side, Turn& turn);
  void on_certificate(FlowSide side, Bytes body, Turn& turn);
  void on_alert(Bytes body, Turn& turn);
  void on_certificate_request() { signs_.certificate_requested = true; }
  void on_retry_request() { signs_.hello_retry_request = true; }
  void on_verify_request() { signs_.hello_verify_request = true; }
  // Nothing more that is wanted will come of this side.
  void close(FlowSide side, Turn& turn);

  [[nodiscard]] bool is_closed(FlowSide side) const { return closed_[index_of(side)]; }
  [[nodiscard]] bool is_finished() const { return finished_; }
  // The side has sent the hello of that part, now or before.
  [[nodiscard]] bool said_hello(FlowSide side, KeptSession::Part part) const {
    return seen_[static_cast<size_t>(part)] && side_of(part) == side;
  }
  [[nodiscard]] bool has_certificate(KeptSession::Part part) const {
    return kept_.has_certificate(part);
  }
  // Writes what the call found, of `side`; the only part that knows the sink.
  template <class Sink>
  ParseStatus conclude(FlowSide side, const Turn& turn, Sink& sink);

 private:
  using Part = KeptSession::Part;

  [[nodiscard]] FlowSide side_of(Part part) const {
    return part == Part::Client ? client_side_ : other_side(client_side_);
  }
  [[nodiscard]] bool is_settled(FlowSide side) const;
  [[nodiscard]] bool is_resumption(const HelloFields& server) const;
  bool begin_hello(FlowSide side, Part part, Turn& turn);
  void end_hello(Turn& turn);
  void end_when_settled(Turn& turn);
  void give_up_waiting(Turn& turn);

  KeptSession kept_;
  DigestMemo* digests_;
  Carrier carrier_;
  FlowSide client_side_ = FlowSide::Initiator;
  std::array<bool, 2> seen_{};    // hellos, by part
  std::array<bool, 2> closed_{};  // by side
  bool finished_ = false;
  HandshakeSigns signs_;
};

template <class Sink>
ParseStatus Handshake::conclude(FlowSide side, const Turn& turn, Sink& sink) {
  for (size_t i = 0; i < turn.anomaly_count; ++i) sink.anomaly(side, turn.anomalies[i]);
  if (turn.status == ParseStatus::Ok) return ParseStatus::Ok;
  std::array<HelloFields, 2> hellos;
  std::array<CertificateFields, 2> certificates;
  std::array<const HelloFields*, 2> hello{};
  std::array<const CertificateFields*, 2> certificate{};
  for (const Part part : {Part::Client, Part::Server}) {
    const auto i = static_cast<size_t>(part);
    if (turn.fresh_part == part) {
      hello[i] = &turn.fresh;
    } else if (kept_.has_hello(part)) {
      hello[i] = &(hellos[i] = kept_.hello(part));
    }
    if (kept_.has_certificate(part)) certificate[i] = &(certificates[i] = kept_.certificate(part));
  }
  const TlsSession session{.client = hello[0],
                           .server = hello[1],
                           .server_certificate = certificate[1],
                           .client_certificate = certificate[0],
                           .signs = signs_};
  if (session.client != nullptr || session.server != nullptr) sink.message(client_side_, session);
  finished_ = true;
  kept_.clear();
  return turn.status;
}

}  // namespace flowscope::tls
