#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "l7/http/anomaly.h"
#include "l7/http/body.h"
#include "l7/http/exchanges.h"
#include "l7/http/head.h"
#include "l7/http/start_line.h"
#include "l7/http/transaction.h"
#include "l7/parser.h"

namespace flowscope::http {

// The HTTP/1.x parser of one flow (RFC 9110, RFC 9112): pairs requests with their final responses
// and hands each pair out as one HttpTransaction when the response is complete.
// Thread rule: one thread, that of the pool.
// Memory: at most kFlowBytesMax here; from the pool at most one block of up to 64 KiB for the
// unfinished head of each side, one of up to 64 KiB for the waiting requests, and one of up to 16
// KiB for the response under way. Nothing of the pool is held between messages. Cost: linear in the
// bytes of heads; body bytes are counted, not read.
class HttpParser {
 public:
  static constexpr std::string_view kName = "http";
  static constexpr bool kFoundLater = true;  // behind SOCKS
  static constexpr size_t kFlowBytesMax = 256;
  // A method or HTTP/, empty lines before it.
  static constexpr std::array<FirstBytes, 1> kFirstBytes = {
      {{R"([A-Z\r\n][A-Z\r\n-][A-Z\r\n_-][A-Z\r\n _-])"}}};

  explicit HttpParser(const ParserSetup& setup)
      : sides_{Side(setup.buffers), Side(setup.buffers)}, exchanges_(setup.buffers) {}

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
    explicit Side(BufferPool& pool) : head(pool) {}
    Buffer head;  // the part of a head that has come; when Searching, of what may be a start line
    Body body;
    EmptyLineFinder head_end{EmptyLineFinder::Start::WithinLine};
    Phase phase = Phase::Head;
    bool malformed = false;  // the last thing that should have been a start line was none
  };

  // Each takes at least one byte or moves the side to another phase, and returns the bytes taken.
  template <class Sink>
  size_t take_head(FlowSide side, Bytes bytes, Sink& sink);
  template <class Sink>
  size_t grow_head(FlowSide side, Bytes bytes, Sink& sink);
  template <class Sink>
  size_t take_body(FlowSide side, Bytes bytes, Sink& sink);
  size_t search(Side& from, Bytes bytes);

  // A head is whole (or as whole as it will be); `rest` follows it. Returns the bytes taken of
  // `rest`.
  template <class Sink>
  size_t begin_message(FlowSide side, Head& head, Bytes rest, Sink& sink);
  template <class Sink>
  void begin_request(Head& head, Sink& sink);
  template <class Sink>
  size_t begin_response(Head& head, Bytes rest, Sink& sink);
  template <class Sink>
  void cut_head(FlowSide side, Bytes head_bytes, Sink& sink);
  template <class Sink>
  void end_body(FlowSide side, Sink& sink);
  template <class Sink>
  void settle_roles(FlowSide side, MessageKind kind, Sink& sink);
  template <class Sink>
  void lose_sync(FlowSide side, Sink& sink);
  template <class Sink>
  void doubt_answers(FlowSide side, Sink& sink);
  template <class Sink>
  void finish(ParseStatus status, Sink& sink);

  void start_body(Side& from, BodyPlan plan);
  Exchanges::Progress progress() {
    return {client_, client().body.content_bytes(), server().body.content_bytes()};
  }
  Side& at(FlowSide side) { return sides_[index_of(side)]; }
  Side& client() { return at(client_); }
  Side& server() { return at(other_side(client_)); }

  std::array<Side, 2> sides_;
  Exchanges exchanges_;
  ParseStatus status_ = ParseStatus::Ok;
  FlowSide client_ = FlowSide::Initiator;
  bool roles_known_ = false;
};

static_assert(sizeof(HttpParser) <= HttpParser::kFlowBytesMax);

using StreamParsers = TypeList<HttpParser>;
using DatagramParsers = TypeList<>;

}  // namespace flowscope::http

#include "l7/http/http_impl.h"
