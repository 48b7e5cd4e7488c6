#pragma once

#include <cstdint>
#include <optional>

#include "tests/support/packet_builder.h"

namespace flowscope::testing {

// Headers of links whose bytes depend on more than the type of what follows. They go into a
// PacketBuilder as payload(), in front of snap() or an IP header.

struct Ieee80211Fields {
  uint8_t kind = 0x08;   // version, type and subtype: a data frame
  uint8_t flags = 0x01;  // to the distribution system
  uint8_t fragment = 0;
  std::optional<uint16_t> qos{};  // of a QoS subtype; the lower byte goes first
};

// With as many addresses as the flags say, and the HT control field where they say so.
inline Frame ieee80211(const Ieee80211Fields& fields = {}) {
  Frame header = {fields.kind, fields.flags, 0, 0};
  header.resize(22, 0x02);
  header.push_back(fields.fragment);
  header.push_back(0);
  if ((fields.flags & 3) == 3) header.resize(header.size() + 6, 0x02);
  if (fields.qos.has_value()) {
    header.push_back(static_cast<uint8_t>(*fields.qos));
    header.push_back(static_cast<uint8_t>(*fields.qos >> 8));
    if ((fields.flags & 0x80) != 0) header.resize(header.size() + 4, 0xee);
  }
  return header;
}

struct RadiotapFields {
  std::optional<uint8_t> flags{};
  bool has_timestamp = false;
  uint8_t presence_words = 1;
  uint8_t version = 0;
  uint8_t more_bytes = 0;  // of fields after the flags
};

inline Frame radiotap(const RadiotapFields& fields = {}) {
  Frame header = {fields.version, 0, 0, 0};
  for (uint8_t i = 0; i < fields.presence_words; ++i) {
    const bool is_first = i == 0;
    const bool is_last = i + 1 == fields.presence_words;
    header.push_back(static_cast<uint8_t>((is_first && fields.has_timestamp ? 1 : 0)
                                          | (is_first && fields.flags.has_value() ? 2 : 0)));
    header.push_back(0);
    header.push_back(0);
    header.push_back(is_last ? 0 : 0x80);
  }
  if (fields.has_timestamp) {
    header.resize((header.size() + 7) / 8 * 8, 0xff);
    header.resize(header.size() + 8, 0xff);
  }
  if (fields.flags.has_value()) header.push_back(*fields.flags);
  header.resize(header.size() + fields.more_bytes, 0xff);
  header[2] = static_cast<uint8_t>(header.size());
  return header;
}

// Zeros with `bytes` at their end.
inline Frame zeros_then(size_t zeros, const Frame& bytes) {
  Frame header(zeros);
  header.insert(header.end(), bytes.begin(), bytes.end());
  return header;
}

}  // namespace flowscope::testing
