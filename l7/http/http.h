#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "l7/http/anomaly.h"
#include "l7/http/body.h"
#include "l7/http/body_hash.h"
#include "l7/http/exchanges.h"
#include "l7/http/head.h"
#include "l7/http/start_line.h"
#include "l7/http/transaction.h"
#include "l7/parser.h"

namespace flowscope::http {

// How a message ended. Cut: a part of it is missing, or where it ends can't be known.
enum class MessageEnd : uint8_t { Whole, Cut };

// A sink that hears the messages themselves as well, piece by piece (http_messages.h).
template <class Sink>
concept HearsMessages = requires(Sink& sink, FlowSide side, const Head& head, Bytes content) {
  sink.head(side, head);
  sink.content(side, content);
  sink.content_lost(side, uint32_t{});
  sink.message_end(side, MessageEnd::Whole);
};

// The HTTP/1.x parser of one flow (RFC 9110, RFC 9112): pairs requests with their final responses
// and hands each pair out as one HttpTransaction when the response is complete.
// Thread rule: one thread, that of the pool.
// Memory: at most kFlowBytesMax here; from the pool at most one block of up to 64 KiB for the
// unfinished head of each side, one of up to 64 KiB for the waiting requests, one of up to 16 KiB
// for the response under way, and with ParserSetup::hash_bodies one of 512 bytes for the body of
// each side. Nothing of the pool is held between messages. Cost: linear in the bytes of heads; body
// bytes are counted, not read, unless they are hashed.
class HttpParser {
 public:
  static constexpr std::string_view kName = "http";
  static constexpr bool kFoundLater = true;  // behind SOCKS
  static constexpr size_t kFlowBytesMax = 448;
  // A method or HTTP/, empty lines before it.
  static constexpr std::array<FirstBytes, 1> kFirstBytes = {
      {{R"([A-Z\r\n][A-Z\r\n-][A-Z\r\n_-][A-Z\r\n _-])"}}};

  explicit HttpParser(const ParserSetup& setup)
      : sides_{Side(setup.buffers), Side(setup.buffers)},
        exchanges_(setup.buffers),
        hashes_bodies_(setup.hash_bodies) {}

  // Both sides are judged alike: in a stream picked up in its middle either may speak first.
  static Probe probe(FlowSide, Bytes first_bytes);
  template <class Sink>
  ParseStatus on_bytes(FlowSide side, Bytes bytes, Timestamp time, Sink& sink);
  template <class Sink>
  ParseStatus on_gap(FlowSide side, uint32_t missing_bytes, Sink& sink);
  template <class Sink>
  void on_end(StreamEnd end, Sink& sink);

 private:
  enum class Phase : uint8_t { Head, Body, Searching };

  struct Side {
    explicit Side(BufferPool& pool) : head(pool), hash(pool) {}
    Buffer head;  // the part of a head that has come; when Searching, of what may be a start line
    Body body;
    BodyHash hash;
    Timestamp head_time;  // when the first byte of the head at hand came
    AnomalySet told;      // each kind of anomaly is told once
    EmptyLineFinder head_end;
    Phase phase = Phase::Head;
    bool line_known = false;  // the start line of the kept head is there, and is one
    bool malformed = false;   // the last thing that should have been a start line was none
    bool found = false;       // the head at hand was found by searching
    bool empty_line = false;  // an empty line stood before the head at hand
    bool closes = false;      // the last message said that it closes
    bool bodyless = false;    // the last message was a response that has no body by its kind
  };

  // Each takes at least one byte or moves the side to another phase, and returns the bytes taken.
  template <class Sink>
  size_t take_head(FlowSide side, Bytes bytes, Sink& sink);
  template <class Sink>
  size_t grow_head(FlowSide side, Bytes bytes, Sink& sink);
  template <class Sink>
  size_t end_head(FlowSide side, Bytes rest, Sink& sink);
  template <class Sink>
  size_t skip_content_like_head(FlowSide side, std::string_view text, Sink& sink);
  template <class Sink>
  size_t take_body(FlowSide side, Bytes bytes, Sink& sink);
  size_t search(FlowSide side, Bytes bytes);

  // A head is whole (or as whole as it will be); `rest` follows it. Returns the bytes taken of
  // `rest`.
  template <class Sink>
  size_t begin_message(FlowSide side, Head& head, Bytes rest, Sink& sink);
  template <class Sink>
  void begin_request(Head& head, Sink& sink);
  template <class Sink>
  size_t begin_response(Head& head, Bytes rest, Sink& sink);
  template <class Sink>
  size_t answer(const Head& head, Bytes rest, Sink& sink);
  template <class Sink>
  void start_tunnel(const Head& head, Sink& sink);
  template <class Sink>
  void cut_head(FlowSide side, Bytes head_bytes, Sink& sink);
  template <class Sink>
  void flush_short_request(FlowSide side, Sink& sink);
  [[nodiscard]] static bool is_believable(const Side& from, const Head& head);

  template <class Sink>
  size_t read_body(FlowSide side, Bytes bytes, Sink& sink);
  template <class Sink>
  void end_body(FlowSide side, MessageEnd end, Sink& sink);
  template <class Sink>
  void tell_end(FlowSide side, MessageEnd end, Sink& sink);

  template <class Sink>
  void report(FlowSide side, AnomalySet anomalies, Sink& sink);
  template <class Sink>
  void report(FlowSide side, Anomaly anomaly, Sink& sink) {
    report(side, AnomalySet(anomaly), sink);
  }
  template <class Sink>
  void settle_roles(FlowSide side, MessageKind kind, Sink& sink);
  template <class Sink>
  void lose_sync(FlowSide side, Sink& sink);
  template <class Sink>
  void doubt(FlowSide side, Exchanges::Lost lost, Sink& sink);
  template <class Sink>
  void finish(ParseStatus status, Sink& sink);

  [[nodiscard]] bool is_misframed(FlowSide side, Bytes bytes);
  void start_body(Side& from, BodyPlan plan);
  void note_head(Side& from, Head& head);
  [[nodiscard]] Seek seek(FlowSide side) const;
  Exchanges::Progress progress(std::string_view response_sha256 = {}) {
    return {client_, client().body.content_bytes(), server().body.content_bytes(), response_sha256};
  }
  Side& at(FlowSide side) { return sides_[index_of(side)]; }
  Side& client() { return at(client_); }
  Side& server() { return at(other_side(client_)); }

  std::array<Side, 2> sides_;
  Exchanges exchanges_;
  ParseStatus status_ = ParseStatus::Ok;
  FlowSide client_ = FlowSide::Initiator;
  bool roles_known_ = false;
  bool hashes_bodies_;
};

static_assert(sizeof(HttpParser) <= HttpParser::kFlowBytesMax);

using StreamParsers = TypeList<HttpParser>;
using DatagramParsers = TypeList<>;

}  // namespace flowscope::http

#include "l7/http/http_impl.h"
