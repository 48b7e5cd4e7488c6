#pragma once

#include <cstdint>
#include <string_view>

#include "l7/http/content_range.h"
#include "l7/http/start_line.h"
#include "l7/parser.h"

namespace flowscope::http {

// Texts are cut at these lengths when they are kept for a record; `truncated` then says so.
inline constexpr size_t kMethodBytesMax = 32;
inline constexpr size_t kUrlBytesMax = 8192;
inline constexpr size_t kHostBytesMax = 8192;
inline constexpr size_t kFieldBytesMax = 1024;

// The requests whose method changes how the answer is framed (RFC 9112 6.3).
enum class MethodKind : uint8_t { Other, Head, Connect };

// How the texts of a message are kept: Folded replaces the line ends that an obsolete folding
// (RFC 9112 5.2) left in them by spaces.
enum class Texts : uint8_t { Plain, Folded };

// What a record says of a request. Texts are borrowed.
struct RequestFields {
  std::string_view method;
  std::string_view url;       // the request target as sent
  std::string_view hostname;  // without port; of the target where it has one, else of Host
  std::string_view user_agent;
  std::string_view referer;
  std::string_view forwarded_for;
  std::string_view content_type;
  std::string_view body_sha256;  // in hexadecimal; empty: none was asked for, or not all was seen
  Timestamp time;                // when the first byte of its head came; 0: not known
  uint64_t body_bytes = 0;
  uint16_t port = 0;  // 0: none was named
  uint8_t minor_version = 1;
  MethodKind kind = MethodKind::Other;
  bool asks_upgrade = false;
  bool truncated = false;
};

// What a record says of a final response. Texts are borrowed.
struct ResponseFields {
  std::string_view content_type;
  std::string_view location;
  std::string_view server;
  std::string_view content_encoding;
  std::string_view content_range;
  std::string_view upgrade;      // the protocol that follows, of a 101 response
  std::string_view body_sha256;  // as that of a request
  Timestamp time;                // when the first byte of its head came; 0: not known
  uint64_t body_bytes = 0;
  uint16_t status = 0;  // 0: no response
  uint8_t minor_version = 1;
  bool truncated = false;
};

// One request and the final response to it; either may be missing (no answer was seen, or the
// capture began in the middle). Lives during the sink call only.
struct HttpTransaction {
  static constexpr const char* kEvent = "http";

  uint64_t tx_id = 0;  // counts the records of a flow, from 0
  RequestFields request;
  ResponseFields response;

  [[nodiscard]] bool has_request() const { return !request.method.empty(); }
  [[nodiscard]] bool has_response() const { return response.status != 0; }
  [[nodiscard]] bool has_latency() const {
    return request.time.ns != 0 && response.time.ns != 0 && has_response();
  }

  template <FieldVisitor V>
  void describe(V& visitor) const {
    visitor.number("tx_id", tx_id);
    describe_text(visitor, "hostname", request.hostname);
    if (request.port != 0) visitor.number("http_port", request.port);
    describe_text(visitor, "url", request.url);
    describe_text(visitor, "http_user_agent", request.user_agent);
    describe_text(visitor, "xff", request.forwarded_for);
    describe_text(visitor, "http_content_type", response.content_type);
    describe_text(visitor, "http_refer", request.referer);
    describe_text(visitor, "http_method", request.method);
    const uint8_t minor = has_request() ? request.minor_version : response.minor_version;
    visitor.text("protocol", protocol_name(minor));
    if (has_response()) visitor.number("status", response.status);
    describe_text(visitor, "redirect", response.location);
    describe_text(visitor, "server", response.server);
    describe_text(visitor, "content_encoding", response.content_encoding);
    if (!response.content_range.empty()) describe_range(visitor, response.content_range);
    describe_text(visitor, "upgrade", response.upgrade);
    describe_text(visitor, "request_content_type", request.content_type);
    if (request.body_bytes != 0) visitor.number("request_length", request.body_bytes);
    visitor.number("length", response.body_bytes);
    describe_text(visitor, "request_body_sha256", request.body_sha256);
    describe_text(visitor, "response_body_sha256", response.body_sha256);
    if (request.time.ns != 0) visitor.number("request_time_us", request.time.ns / 1000);
    if (has_latency())
      visitor.number("latency_us", response.time.saturating_since(request.time) / 1000);
    if (request.truncated || response.truncated) visitor.boolean("truncated", true);
  }

 private:
  template <FieldVisitor V>
  static void describe_text(V& visitor, const char* name, std::string_view value) {
    if (!value.empty()) visitor.text(name, value);
  }
  template <FieldVisitor V>
  static void describe_range(V& visitor, std::string_view raw) {
    const ContentRange range = parse_content_range(raw);
    visitor.begin_object("content_range");
    visitor.text("raw", raw);
    if (range.has_range) {
      visitor.number("start", range.start);
      visitor.number("end", range.end);
    }
    if (range.has_size) visitor.number("size", range.size);
    visitor.end_object();
  }
  static std::string_view protocol_name(uint8_t minor) {
    constexpr std::string_view kNames =
        "HTTP/1.0HTTP/1.1HTTP/1.2HTTP/1.3HTTP/1.4HTTP/1.5HTTP/1.6HTTP/1.7HTTP/1.8HTTP/1.9";
    return minor == kNoVersion ? std::string_view("HTTP/0.9") : kNames.substr(size_t{8} * minor, 8);
  }
};

}  // namespace flowscope::http
