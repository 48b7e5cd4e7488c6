#pragma once

#include <cstdint>
#include <string_view>

#include "l7/parser.h"

namespace flowscope::http {

// Texts are cut at these lengths when they are kept for a record; `truncated` then says so.
inline constexpr size_t kMethodBytesMax = 32;
inline constexpr size_t kUrlBytesMax = 8192;
inline constexpr size_t kFieldBytesMax = 1024;

// The requests whose method changes how the answer is framed (RFC 9112 6.3).
enum class MethodKind : uint8_t { Other, Head, Connect };

// What a record says of a request. Texts are borrowed.
struct RequestFields {
  std::string_view method;
  std::string_view url;       // the request target as sent
  std::string_view hostname;  // without port; of the target where it has one, else of Host
  std::string_view user_agent;
  std::string_view referer;
  std::string_view forwarded_for;
  uint64_t body_bytes = 0;
  uint16_t port = 0;  // 0: none was named
  uint8_t minor_version = 1;
  MethodKind kind = MethodKind::Other;
  bool truncated = false;
};

// What a record says of a final response. Texts are borrowed.
struct ResponseFields {
  std::string_view content_type;
  std::string_view location;
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
    if (request.body_bytes != 0) visitor.number("request_length", request.body_bytes);
    visitor.number("length", response.body_bytes);
    if (request.truncated || response.truncated) visitor.boolean("truncated", true);
  }

 private:
  template <FieldVisitor V>
  static void describe_text(V& visitor, const char* name, std::string_view value) {
    if (!value.empty()) visitor.text(name, value);
  }
  static std::string_view protocol_name(uint8_t minor) {
    constexpr std::string_view kNames =
        "HTTP/1.0HTTP/1.1HTTP/1.2HTTP/1.3HTTP/1.4HTTP/1.5HTTP/1.6HTTP/1.7HTTP/1.8HTTP/1.9";
    return kNames.substr(size_t{8} * minor, 8);
  }
};

}  // namespace flowscope::http
