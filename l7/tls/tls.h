#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "flowcore/base/buffer_pool.h"
#include "flowcore/base/bytes.h"
#include "flowcore/base/flow_side.h"
#include "flowcore/base/timestamp.h"
#include "l7/parser.h"
#include "l7/tls/handshake_reader.h"
#include "l7/tls/ja3.h"
#include "l7/tls/ja4.h"
#include "l7/tls/kept_hello.h"
#include "l7/tls/tls_session.h"

namespace flowscope::tls {

// Observes the clear beginning of TLS and SSL over TCP and gives one TlsSession per flow: as soon
// as both hellos were seen, or at the end when only one came. It is Done then, so what follows
// costs nothing. Which side is the client is told by its hello, not by who opened the flow. Thread
// rule: one thread. Memory: sizeof(TlsParser), and blocks of the pool while a message is in parts
// or the record waits for its second hello.
class TlsParser {
 public:
  static constexpr std::string_view kName = "tls";
  static constexpr bool kFoundLater = true;  // behind SOCKS, CONNECT and STARTTLS
  // Longer texts of a hello are cut to this: the server name by bytes, the protocol names by whole
  // names.
  static constexpr size_t kServerNameBytesMax = 255;
  static constexpr size_t kAlpnBytesMax = 512;
  // A record of version 3, and a ClientHello in the form of SSL 2.
  static constexpr std::array<FirstBytes, 2> kFirstBytes = {
      {{R"([\x14-\x18]\x03[\x00-\x04])"}, {R"([\x80-\xff].\x01[\x00\x03])"}}};

  explicit TlsParser(const ParserSetup& setup)
      : sides_{Side(setup.buffers), Side(setup.buffers)}, kept_(setup.buffers) {}

  static Probe probe(FlowSide side, Bytes first_bytes);

  template <class Sink>
  ParseStatus on_bytes(FlowSide side, Bytes bytes, Timestamp /*time*/, Sink& sink) {
    if (finished_) return ParseStatus::Done;
    if (sides_[index_of(side)].closed) return ParseStatus::Ok;
    Turn turn;
    advance(side, bytes, turn);
    return conclude(side, turn, sink);
  }

  template <class Sink>
  ParseStatus on_gap(FlowSide side, uint32_t /*missing_bytes*/, Sink& sink) {
    if (finished_) return ParseStatus::Done;
    if (sides_[index_of(side)].closed) return ParseStatus::Ok;
    Turn turn;
    pass_gap(side, turn);
    return conclude(side, turn, sink);
  }

  // A hello that was kept is whole, so both kinds of end write it.
  template <class Sink>
  void on_end(StreamEnd /*end*/, Sink& sink) {
    if (finished_) return;
    Turn turn;
    turn.status = ParseStatus::Done;
    conclude(FlowSide::Initiator, turn, sink);
  }

 private:
  enum class HelloKind : uint8_t { None, Client, Server };

  struct Side {
    explicit Side(BufferPool& buffers) : reader(buffers) {}
    HandshakeReader reader;
    bool closed = false;  // nothing more is wanted of this side
  };

  // What one call came to. Lives on the stack of the call; about 4 KiB, of which little is written.
  struct Turn {
    ParseStatus status = ParseStatus::Ok;  // other than Ok: the flow is finished
    const char* anomaly = nullptr;
    HelloKind fresh_kind = HelloKind::None;  // the hello that was read in this call and is not kept
    HelloFields fresh;
    std::optional<Ja3> ja3;  // the fingerprints that `fresh` points to
    std::optional<Ja4> ja4;
  };

  void advance(FlowSide side, Bytes bytes, Turn& turn);
  void pass_gap(FlowSide side, Turn& turn);
  void on_client_hello(FlowSide side, Bytes body, Turn& turn);
  void on_server_hello(FlowSide side, Bytes body, Turn& turn);
  void on_alert(Bytes body, Turn& turn);
  void on_invalid_record(FlowSide side, Turn& turn);
  void add_hello(FlowSide side, HelloKind kind, Turn& turn);
  void close(FlowSide side, Turn& turn);

  // Writes what the call found; the only part that knows the sink.
  template <class Sink>
  ParseStatus conclude(FlowSide side, const Turn& turn, Sink& sink) {
    if (turn.anomaly != nullptr) sink.anomaly(side, turn.anomaly);
    if (turn.status == ParseStatus::Ok) return ParseStatus::Ok;
    const HelloFields kept = kept_.fields();
    TlsSession session;
    session.alert = alert_;
    for (const auto& [kind, fields] :
         {Seen{kept_kind_, &kept}, Seen{turn.fresh_kind, &turn.fresh}}) {
      if (kind == HelloKind::Client) session.client = fields;
      if (kind == HelloKind::Server) session.server = fields;
    }
    if (session.client != nullptr || session.server != nullptr) sink.message(client_side_, session);
    finish();
    return turn.status;
  }
  struct Seen {
    HelloKind kind;
    const HelloFields* fields;
  };
  void finish();

  std::array<Side, 2> sides_;
  KeptHello kept_;
  HelloKind kept_kind_ = HelloKind::None;
  FlowSide client_side_ = FlowSide::Initiator;
  Alert alert_;
  bool finished_ = false;
};
static_assert(sizeof(TlsParser) <= 192, "one per TLS flow until its hellos are through");

using StreamParsers = TypeList<TlsParser>;
using DatagramParsers = TypeList<>;

}  // namespace flowscope::tls
