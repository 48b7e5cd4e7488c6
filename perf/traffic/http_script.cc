#include "perf/traffic/http_script.h"

#include <algorithm>
#include <array>

namespace flowscope::traffic {
namespace {

constexpr std::array<std::string_view, 4> kUserAgents = {
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/126.0.0.0 Safari/537.36",
    "curl/7.88.1",
    "python-requests/2.32.3",
};
constexpr std::array<std::string_view, 4> kContentTypes = {
    "text/html; charset=utf-8", "application/json", "text/css", "application/javascript"};

void append_request(std::string& out, const HttpExchange& exchange, const World& world,
                    Random& random) {
  ((out += exchange.method) += ' ') += exchange.target;
  (out += " HTTP/1.1\r\nHost: ") += exchange.host;
  (out += "\r\nUser-Agent: ") += kUserAgents[random.below(kUserAgents.size())];
  out += "\r\nAccept: */*\r\nAccept-Language: en-GB,en;q=0.5\r\n";
  if (random.one_in(2)) {
    out += "Cookie: session=" + std::to_string(random.next()) + "; theme=light\r\n";
  }
  if (exchange.request_body_bytes != 0) {
    out += "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: ";
    (out += std::to_string(exchange.request_body_bytes)) += "\r\n";
  }
  out += "\r\n";
  out += world.text(random, exchange.request_body_bytes);
}

void append_chunked(std::string& out, std::string_view body, Random& random) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  while (!body.empty()) {
    const size_t bytes = std::min<size_t>(body.size(), random.between(100, 4000));
    for (int shift = 8; shift >= 0; shift -= 4) out += kDigits[(bytes >> shift) & 15];
    ((out += "\r\n") += body.substr(0, bytes)) += "\r\n";
    body.remove_prefix(bytes);
  }
  out += "0\r\n\r\n";
}

void append_response(std::string& out, const HttpExchange& exchange, const World& world,
                     Random& random) {
  const std::string_view body = world.text(random, exchange.body_bytes);
  (out += "HTTP/1.1 ") += exchange.status;
  out += "\r\nDate: Tue, 14 Nov 2023 22:13:20 GMT\r\nServer: nginx/1.22.1\r\nContent-Type: ";
  (out += exchange.content_type) += "\r\nCache-Control: max-age=600\r\n";
  if (exchange.framing == HttpExchange::Framing::Chunked) {
    out += "Transfer-Encoding: chunked\r\n\r\n";
    append_chunked(out, body, random);
  } else {
    out += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n";
    out += body;
  }
}

}  // namespace

HttpExchange random_exchange(const World& world, Random& random) {
  HttpExchange exchange{.host = world.host(random), .target = world.target(random)};
  exchange.content_type = kContentTypes[random.below(kContentTypes.size())];
  exchange.body_bytes = random.between(2'500, 10'500);
  if (random.one_in(8)) {
    exchange.method = "POST";
    exchange.request_body_bytes = random.between(20, 1200);
  }
  if (random.one_in(4)) exchange.framing = HttpExchange::Framing::Chunked;
  if (random.one_in(12)) {
    exchange.status = "404 Not Found";
    exchange.body_bytes = 150;
  }
  return exchange;
}

void say_exchange(Session& session, const HttpExchange& exchange, const World& world,
                  Random& random) {
  std::string bytes;
  append_request(bytes, exchange, world, random);
  session.say(FlowSide::Initiator, bytes);
  bytes.clear();
  append_response(bytes, exchange, world, random);
  session.say(FlowSide::Responder, bytes);
}

}  // namespace flowscope::traffic
