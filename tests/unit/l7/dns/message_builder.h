#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "flowcore/base/bytes.h"

namespace flowscope::dns {

// Builds DNS messages byte by byte, right or wrong, for tests.
class MessageBuilder {
 public:
  MessageBuilder(uint16_t id, uint16_t flags, uint16_t questions = 1, uint16_t answers = 0,
                 uint16_t authorities = 0, uint16_t additionals = 0) {
    u16(id).u16(flags).u16(questions).u16(answers).u16(authorities).u16(additionals);
  }

  MessageBuilder& u8(uint8_t value) { return raw(std::string(1, static_cast<char>(value))); }
  MessageBuilder& u16(uint16_t value) {
    return u8(static_cast<uint8_t>(value >> 8)).u8(static_cast<uint8_t>(value & 0xff));
  }
  MessageBuilder& u32(uint32_t value) {
    return u16(static_cast<uint16_t>(value >> 16)).u16(static_cast<uint16_t>(value & 0xffff));
  }
  MessageBuilder& raw(std::string_view bytes) {
    bytes_ += bytes;
    return *this;
  }
  // Labels separated by dots, ended by the root.
  MessageBuilder& name(std::string_view dotted) {
    labels(dotted);
    return u8(0);
  }
  MessageBuilder& labels(std::string_view dotted) {
    while (!dotted.empty()) {
      const std::string_view label = dotted.substr(0, dotted.find('.'));
      u8(static_cast<uint8_t>(label.size())).raw(label);
      dotted.remove_prefix(std::min(dotted.size(), label.size() + 1));
    }
    return *this;
  }
  MessageBuilder& pointer(uint16_t target) { return u16(static_cast<uint16_t>(0xc000 | target)); }
  MessageBuilder& question(std::string_view dotted, uint16_t type, uint16_t rr_class = 1) {
    return name(dotted).u16(type).u16(rr_class);
  }
  // A record whose owner is the first question's name.
  MessageBuilder& record(uint16_t type, uint32_t ttl, std::string_view rdata) {
    return pointer(12)
        .u16(type)
        .u16(1)
        .u32(ttl)
        .u16(static_cast<uint16_t>(rdata.size()))
        .raw(rdata);
  }

  [[nodiscard]] const std::string& text() const { return bytes_; }
  [[nodiscard]] Bytes bytes() const { return Bytes::of(bytes_); }
  [[nodiscard]] size_t size() const { return bytes_.size(); }
  // With the two length bytes of DNS over TCP in front.
  [[nodiscard]] std::string framed() const {
    std::string framed;
    framed += static_cast<char>(bytes_.size() >> 8);
    framed += static_cast<char>(bytes_.size() & 0xff);
    return framed + bytes_;
  }

 private:
  std::string bytes_;
};

// Wire form of a name, for record contents.
inline std::string wire_name(std::string_view dotted) {
  return MessageBuilder(0, 0).name(dotted).text().substr(12);
}

inline MessageBuilder a_query(std::string_view name, uint16_t id = 7) {
  return MessageBuilder(id, 0x0100).question(name, 1);
}

}  // namespace flowscope::dns
