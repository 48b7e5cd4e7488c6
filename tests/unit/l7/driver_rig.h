#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "docs/examples/length_prefixed_parser.h"
#include "flowcore/extract/five_tuple.h"
#include "l7/driver.h"
#include "tests/support/tracked_frames.h"

namespace flowscope::testing {

using example::LengthPrefixedFrame;
using example::LengthPrefixedParser;

// What a scripted parser says of each run of bytes: the text as it came.
struct TextMessage {
  static constexpr const char* kEvent = "text";
  std::string_view text;
  template <FieldVisitor V>
  void describe(V& visitor) const {
    visitor.text("text", text);
  }
};

// A parser that does what the bytes say: each letter is a message of its own, but for these:
//   !  Poisoned     .  Done     >  HandOver     ?  an anomaly
// Tells gaps and its end as messages, so that a log shows what it was told.
class ScriptedParser {
 public:
  static constexpr std::string_view kName = "scripted";

  template <class Sink>
  ParseStatus on_bytes(FlowSide side, Bytes bytes, Timestamp /*time*/, Sink& sink) {
    for (const char letter : bytes.as_text()) {
      if (letter == '!') return ParseStatus::Poisoned;
      if (letter == '.') return ParseStatus::Done;
      if (letter == '>') return ParseStatus::HandOver;
      if (letter == '?') {
        sink.anomaly(side, "strange");
        continue;
      }
      sink.message(side, TextMessage{{&letter, 1}});
    }
    return ParseStatus::Ok;
  }
  template <class Sink>
  ParseStatus on_gap(FlowSide side, uint32_t missing_bytes, Sink& sink) {
    sink.message(side, TextMessage{"gap of " + std::to_string(missing_bytes)});
    return ParseStatus::Ok;
  }
  template <class Sink>
  void on_end(StreamEnd end, Sink& sink) {
    const char* const text = end == StreamEnd::Graceful ? "graceful" : "abort";
    sink.message(FlowSide::Initiator, TextMessage{text});
  }
  [[nodiscard]] std::string_view poison_reason() const { return "said so"; }
};

// The same for datagrams; each datagram is one message.
class ScriptedDatagrams {
 public:
  static constexpr std::string_view kName = "scripted_datagrams";

  template <class Sink>
  ParseStatus on_datagram(FlowSide side, Bytes payload, Timestamp /*time*/, Sink& sink) {
    if (payload.starts_with("!")) return ParseStatus::Poisoned;
    if (payload.starts_with(".")) return ParseStatus::Done;
    sink.message(side, TextMessage{payload.as_text()});
    return ParseStatus::Ok;
  }
  template <class Sink>
  void on_end(StreamEnd end, Sink& sink) {
    const char* const text = end == StreamEnd::Graceful ? "graceful" : "abort";
    sink.message(FlowSide::Initiator, TextMessage{text});
  }
};

// A sink that keeps a line for each event.
struct SessionLog {
  std::vector<std::string> lines;

  void operator()(const SessionStarted& event) { add(event.key(), "started"); }
  void operator()(const Application<TextMessage>& event) {
    add(event.key(), side_name(event.side) + " " + std::string(event.message.text));
  }
  void operator()(const Application<LengthPrefixedFrame>& event) {
    add(event.key(), side_name(event.side) + " frame " + std::string(event.message.body.as_text()));
  }
  void operator()(const SessionParseError& event) {
    add(event.key(), side_name(event.side) + " parse error of " + std::string(event.parser) + ": "
                         + std::string(event.reason));
  }
  void operator()(const SessionAnomaly& event) {
    if (event.flow == nullptr) {
      lines.push_back(std::string(event.kind) + " " + std::to_string(event.flows));
    } else {
      add(event.flow->key, "anomaly " + std::string(event.kind));
    }
  }
  void operator()(const SessionClosed& event) {
    const std::array<StreamStats, 2>& side = event.stats.side;
    add(event.key(), "closed " + std::string(name_of(event.reason)) + " "
                         + std::to_string(side[0].bytes) + "/" + std::to_string(side[1].bytes)
                         + (event.parse_error ? " poisoned" : ""));
  }
  std::vector<std::string> take() { return std::exchange(lines, {}); }

 private:
  static std::string side_name(FlowSide side) {
    return side == FlowSide::Initiator ? "client" : "server";
  }
  void add(const FlowKey& key, const std::string& text) {
    const uint16_t port = key.a_port == 80 || key.a_port == 9 ? key.b_port : key.a_port;
    lines.push_back((port == 1000 ? "" : std::to_string(port) + " ") + text);
  }
};

// A TCP session between 10.0.0.1:port and 10.0.0.2:80, frame by frame; numbers follow by
// themselves. Each call gives the next frame.
class TalkTcp {
 public:
  explicit TalkTcp(uint16_t port = 1000, uint32_t client_seq = 100, uint32_t server_seq = 900)
      : port_(port), next_{client_seq, server_seq} {}

  [[nodiscard]] std::vector<Frame> handshake() {
    std::vector<Frame> frames = {frame(FlowSide::Initiator, tcp_flag::kSyn, "")};
    frames.push_back(frame(FlowSide::Responder, tcp_flag::kSyn | tcp_flag::kAck, ""));
    frames.push_back(frame(FlowSide::Initiator, tcp_flag::kAck, ""));
    return frames;
  }
  Frame client(std::string_view text, uint8_t flags = tcp_flag::kAck) {
    return frame(FlowSide::Initiator, flags, text);
  }
  Frame server(std::string_view text, uint8_t flags = tcp_flag::kAck) {
    return frame(FlowSide::Responder, flags, text);
  }
  // Bytes that the side sends and nobody captures.
  void lose(FlowSide side, uint32_t bytes) { next_[index_of(side)] += bytes; }
  [[nodiscard]] std::vector<Frame> close() {
    std::vector<Frame> frames = {client("", tcp_flag::kFin | tcp_flag::kAck)};
    frames.push_back(server("", tcp_flag::kFin | tcp_flag::kAck));
    frames.push_back(client(""));
    return frames;
  }
  [[nodiscard]] FlowKey key() const {
    FlowKey key;
    key.a_address = {10, 0, 0, 1};
    key.b_address = {10, 0, 0, 2};
    key.a_port = port_;
    key.b_port = 80;
    key.protocol = 6;
    key.ip_version = 4;
    return key;
  }

 private:
  Frame frame(FlowSide side, uint8_t flags, std::string_view text) {
    const size_t i = index_of(side);
    const bool from_client = side == FlowSide::Initiator;
    const Frame made =
        PacketBuilder()
            .ethernet()
            .ipv4(from_client ? "10.0.0.1" : "10.0.0.2", from_client ? "10.0.0.2" : "10.0.0.1")
            .tcp(from_client ? port_ : 80, from_client ? 80 : port_,
                 {.seq = next_[i], .ack = next_[1 - i], .flags = flags})
            .payload(text)
            .build();
    next_[i] += static_cast<uint32_t>(text.size());
    if ((flags & (tcp_flag::kSyn | tcp_flag::kFin)) != 0) ++next_[i];
    return made;
  }

  uint16_t port_;
  std::array<uint32_t, 2> next_;
};

}  // namespace flowscope::testing
