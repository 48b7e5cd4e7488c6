#include <array>
#include <cstdio>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "flowcore/base/arena.h"
#include "l7/http/http_messages.h"

// Reads lines "request HEX" and "response HEX", each a stream of one side, and prints a JSON line
// for each: its messages and anomalies. For http_vectors.py.
namespace flowscope::http {
namespace {

std::string hex_of(std::string_view text) {
  std::string hex;
  for (const char c : text) {
    std::array<char, 3> digits{};
    std::snprintf(digits.data(), digits.size(), "%02x", static_cast<uint8_t>(c));
    hex += digits.data();
  }
  return hex;
}

struct JsonSink {
  void message(FlowSide, const HttpRequest& request) {
    messages.push_back("\"method\": \"" + hex_of(request.method) + "\", \"url\": \""
                       + hex_of(request.target) + "\"");
    bodies.push_back(0);
    ends.push_back("none");
  }
  void message(FlowSide, const HttpResponse& response) {
    messages.push_back("\"status\": " + std::to_string(response.status));
    bodies.push_back(0);
    ends.push_back("none");
  }
  void message(FlowSide, const HttpContent& content) { bodies.back() += content.bytes.size(); }
  void message(FlowSide, const HttpMessageEnd& end) { ends.back() = end.is_cut ? "cut" : "whole"; }
  void anomaly(FlowSide, const char* kind) { anomalies.emplace_back(kind); }

  std::vector<std::string> messages;
  std::vector<size_t> bodies;
  std::vector<std::string> ends;
  std::vector<std::string> anomalies;
};

void print(const JsonSink& sink) {
  std::string out = "{\"messages\": [";
  for (size_t i = 0; i < sink.messages.size(); ++i) {
    out += (i == 0 ? "{" : ", {") + sink.messages[i] + ", \"body_len\": "
           + std::to_string(sink.bodies[i]) + ", \"end\": \"" + sink.ends[i] + "\"}";
  }
  out += "], \"anomalies\": [";
  for (size_t i = 0; i < sink.anomalies.size(); ++i)
    out += (i == 0 ? "\"" : ", \"") + sink.anomalies[i] + "\"";
  std::puts((out + "]}").c_str());
}

void run(FlowSide side, const std::string& stream) {
  constexpr size_t kPoolBytes = size_t{1} << 20;
  static Arena arena =
      std::move(Arena::create(BufferPool::cost(kPoolBytes), Arena::Populate::Lazily).value());
  static BufferPool pool(arena, kPoolBytes);
  JsonSink sink;
  HttpMessageParser parser(ParserSetup{pool});
  if (!stream.empty()) (void)parser.on_bytes(side, Bytes::of(stream), Timestamp{}, sink);
  parser.on_end(StreamEnd::Graceful, sink);
  print(sink);
}

}  // namespace
}  // namespace flowscope::http

int main() {
  std::string kind;
  std::string hex;
  while (std::cin >> kind >> hex) {
    std::string stream;
    for (size_t i = 0; i + 1 < hex.size(); i += 2)
      stream += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
    using flowscope::FlowSide;
    flowscope::http::run(kind == "request" ? FlowSide::Initiator : FlowSide::Responder, stream);
  }
  return 0;
}
