#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "l7/http/header_fields.h"
#include "l7/http/http.h"

namespace flowscope::http {

// The front end for who wants the messages themselves: heads with all their fields, content in
// pieces as it passes by, and where each message ends. A sink of a driver hears them by their
// types:
//
//   FlowSessionDriver<FiveTuple, HttpMessageParser> driver = ...;
//   driver.track(packet, overloaded(
//       [](const Application<HttpRequest>& e) { for (auto [name, value] : e.message.fields) ...; },
//       [](const Application<HttpResponse>& e) { ... e.message.status ... },
//       [](const Application<HttpContent>& e) { write(e.side, e.message.bytes); },
//       [](const Application<HttpMessageEnd>& e) { ... }));
//
// For each message: its head, its content in order, its end; the messages of one side follow each
// other, those of both sides come as their bytes do. `side` is the sender's. All texts and bytes
// are borrowed for the call.

// The head of a request.
struct HttpRequest {
  static constexpr const char* kEvent = "http_request";

  std::string_view method;
  std::string_view target;
  uint8_t minor_version = 1;  // of HTTP/1.x, or kNoVersion
  HeaderFields fields;
  bool is_cut = false;  // its end is missing

  template <FieldVisitor V>
  void describe(V& visitor) const {
    visitor.text("http_method", method);
    visitor.text("url", target);
    describe_fields(visitor, fields);
  }
};

// The head of a response; interim responses (1xx) come as well.
struct HttpResponse {
  static constexpr const char* kEvent = "http_response";

  uint16_t status = 0;
  std::string_view reason;
  uint8_t minor_version = 1;  // of HTTP/1.x
  HeaderFields fields;
  bool is_cut = false;  // its end is missing

  template <FieldVisitor V>
  void describe(V& visitor) const {
    visitor.number("status", status);
    visitor.text("reason", reason);
    describe_fields(visitor, fields);
  }
};

// A piece of the content of a message, without chunk framing; content codings are not undone.
struct HttpContent {
  static constexpr const char* kEvent = "http_content";

  Bytes bytes;                 // empty where bytes are missing
  uint32_t missing_bytes = 0;  // lost at this place

  template <FieldVisitor V>
  void describe(V& visitor) const {
    visitor.text("bytes", bytes.as_text());
    if (missing_bytes != 0) visitor.number("missing_bytes", missing_bytes);
  }
};

// A message is over.
struct HttpMessageEnd {
  static constexpr const char* kEvent = "http_message_end";

  bool is_cut = false;  // a part of it is missing, or where it ends can't be known

  template <FieldVisitor V>
  void describe(V& visitor) const {
    visitor.boolean("is_cut", is_cut);
  }
};

// The same parser as HttpParser, with the same anomalies, limits, memory and thread rule, that
// hands out messages in place of transactions. Cost: what HttpParser costs, and a call for each
// piece.
class HttpMessageParser {
 public:
  static constexpr std::string_view kName = HttpParser::kName;
  static constexpr bool kFoundLater = HttpParser::kFoundLater;

  explicit HttpMessageParser(const ParserSetup& setup) : parser_(setup) {}

  static Probe probe(FlowSide side, Bytes first_bytes) {
    return HttpParser::probe(side, first_bytes);
  }
  template <class Sink>
  ParseStatus on_bytes(FlowSide side, Bytes bytes, Timestamp time, Sink& sink) {
    Messages<Sink> messages{sink};
    return parser_.on_bytes(side, bytes, time, messages);
  }
  template <class Sink>
  ParseStatus on_gap(FlowSide side, uint32_t missing_bytes, Sink& sink) {
    Messages<Sink> messages{sink};
    return parser_.on_gap(side, missing_bytes, messages);
  }
  template <class Sink>
  void on_end(StreamEnd end, Sink& sink) {
    Messages<Sink> messages{sink};
    parser_.on_end(end, messages);
  }

 private:
  // Makes messages of what HttpParser tells those who hear it.
  template <class Sink>
  struct Messages {
    Sink& sink;

    void message(FlowSide, const HttpTransaction&) {}
    void anomaly(FlowSide side, const char* kind) { sink.anomaly(side, kind); }
    void head(FlowSide side, const Head& head) {
      const StartLine& line = head.line;
      const HeaderFields fields(head.field_lines);
      if (line.kind == MessageKind::Request) {
        sink.message(side,
                     HttpRequest{line.method, line.target, line.minor_version, fields, head.cut});
      } else {
        sink.message(side,
                     HttpResponse{line.status, line.reason, line.minor_version, fields, head.cut});
      }
    }
    void content(FlowSide side, Bytes bytes) { sink.message(side, HttpContent{bytes}); }
    void content_lost(FlowSide side, uint32_t missing_bytes) {
      sink.message(side, HttpContent{{}, missing_bytes});
    }
    void message_end(FlowSide side, MessageEnd end) {
      sink.message(side, HttpMessageEnd{end == MessageEnd::Cut});
    }
  };

  HttpParser parser_;
};

}  // namespace flowscope::http
