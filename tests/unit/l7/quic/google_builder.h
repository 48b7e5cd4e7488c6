#pragma once

#include <string>
#include <utility>
#include <vector>

#include "tests/unit/l7/quic/packet_sealer.h"

// Writes messages and packets of Google's QUIC for tests.
namespace flowscope::quic::test {

inline std::string little_endian(size_t value, size_t bytes) {
  std::string text;
  for (size_t i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i) & 0xff);
  return text;
}

inline std::string google_hello(const std::vector<std::pair<std::string, std::string>>& tags) {
  std::string index;
  std::string values;
  for (const auto& [tag, value] : tags) {
    values += value;
    index += (tag + std::string(4 - tag.size(), '\0')) + little_endian(values.size(), 4);
  }
  return "CHLO" + little_endian(tags.size(), 2) + std::string(2, '\0') + index + values;
}

// A client's first packet: one stream frame that holds the hello.
inline std::string google_packet(const std::string& version, const std::string& hello) {
  const bool is_new = version == "Q046";
  const std::string header = is_new ? '\xc0' + version + '\x50' + "identity" + '\x01'
                                    : '\x09' + std::string("identity") + version + '\x01';
  return header + std::string(12, '#') + '\xa0' + '\x01' + big_endian(hello.size(), 2) + hello;
}

}  // namespace flowscope::quic::test
