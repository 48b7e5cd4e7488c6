#include "l7/http/trailers.h"

#include <algorithm>
#include <array>

#include "l7/http/syntax.h"

namespace flowscope::http {

namespace {

// FNV-1a over lower-case characters.
constexpr uint32_t hash_on(uint32_t hash, char c) {
  return (hash ^ static_cast<uint8_t>(to_lower(c))) * 16777619U;
}

// RFC 9110 section 6.5.1: fields for framing, routing, authentication, and of the content's form.
constexpr std::array kForbidden = [] {
  constexpr auto kNames = std::to_array<std::string_view>(
      {"content-length", "transfer-encoding", "host", "trailer", "content-type", "content-encoding",
       "content-range", "authorization", "proxy-authorization", "cookie", "set-cookie",
       "connection", "upgrade", "te", "expect", "cache-control", "location"});
  std::array<uint32_t, kNames.size()> hashes{};
  for (size_t i = 0; i < kNames.size(); ++i) {
    uint32_t hash = 2166136261;
    for (const char c : kNames.at(i)) hash = hash_on(hash, c);
    hashes.at(i) = hash;
  }
  return hashes;
}();

}  // namespace

size_t TrailerReader::take(std::string_view text) {
  size_t position = 0;
  while (position < text.size()) {
    if (state_ == State::Value) {
      const size_t line_end = text.find('\n', position);
      if (line_end == std::string_view::npos) return std::string_view::npos;
      position = line_end + 1;
      state_ = State::LineStart;
      continue;
    }
    const char c = text[position++];
    switch (state_) {
      case State::AfterCr:
        if (c == '\n') return position;
        anomalies_.add(Anomaly::BareCarriageReturn);
        state_ = State::Value;
        break;
      case State::LineStart:
        name_hash_ = kHashStart;
        if (c == '\n') {
          anomalies_.add(Anomaly::BareLineFeed);
          return position;
        }
        if (c == '\r') {
          state_ = State::AfterCr;
          break;
        }
        state_ = State::Name;
        [[fallthrough]];
      case State::Name:
        if (c == ':') {
          state_ = State::Value;
          if (std::find(kForbidden.begin(), kForbidden.end(), name_hash_) != kForbidden.end())
            anomalies_.add(Anomaly::TrailerForbidden);
        } else if (c == '\n') {
          anomalies_.add(Anomaly::HeaderMalformed);
          state_ = State::LineStart;
        } else {
          name_hash_ = hash_on(name_hash_, c);
        }
        break;
      case State::Value:
        break;
    }
  }
  return std::string_view::npos;
}

}  // namespace flowscope::http
