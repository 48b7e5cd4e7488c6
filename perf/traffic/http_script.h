#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "perf/traffic/session.h"
#include "perf/traffic/world.h"

namespace flowscope::traffic {

// One request and its response.
struct HttpExchange {
  enum class Framing : uint8_t { ContentLength, Chunked };

  std::string_view method = "GET";
  std::string host;
  std::string target = "/";
  uint32_t request_body_bytes = 0;
  std::string_view status = "200 OK";
  std::string_view content_type = "text/html; charset=utf-8";
  Framing framing = Framing::ContentLength;
  uint32_t body_bytes = 0;
};

[[nodiscard]] HttpExchange random_exchange(const World& world, Random& random);
void say_exchange(Session& session, const HttpExchange& exchange, const World& world,
                  Random& random);

}  // namespace flowscope::traffic
