#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "flowcore/base/arena.h"
#include "l7/http/http.h"

namespace flowscope::http {

// Writes the fields of a message as "name=value" words.
class FieldText {
 public:
  void text(const char* name, std::string_view value) { add(name, std::string(value)); }
  void number(const char* name, uint64_t value) { add(name, std::to_string(value)); }
  void boolean(const char* name, bool value) { add(name, value ? "true" : "false"); }
  void begin_object(const char* name) { add(name, "{"); }
  void end_object() { written_ += " }"; }
  void begin_array(const char* name) { add(name, "["); }
  void end_array() { written_ += " ]"; }

  [[nodiscard]] const std::string& written() const { return written_; }

 private:
  void add(const char* name, const std::string& value) {
    if (!written_.empty()) written_ += ' ';
    written_ += std::string(name) + "=" + value;
  }
  std::string written_;
};

// Keeps what a parser says, as text and in order.
struct RecordingSink {
  template <class M>
  void message(FlowSide side, const M& message) {
    FieldText text;
    message.describe(text);
    messages.push_back(text.written());
    sides.push_back(side);
  }
  void anomaly(FlowSide, const char* kind) { anomalies.emplace_back(kind); }

  std::vector<std::string> messages;
  std::vector<FlowSide> sides;
  std::vector<std::string> anomalies;
};

static_assert(FieldVisitor<FieldText>);
static_assert(StreamParser<HttpParser, RecordingSink>);

// One parser with the pool it borrows from.
class Conversation {
 public:
  enum class Bodies : uint8_t { Counted, Hashed };
  explicit Conversation(size_t pool_bytes = size_t{1} << 20, Bodies bodies = Bodies::Counted)
      : arena_(
          std::move(Arena::create(BufferPool::cost(pool_bytes), Arena::Populate::Lazily).value())),
        pool_(arena_, pool_bytes),
        parser_(ParserSetup{.buffers = pool_, .hash_bodies = bodies == Bodies::Hashed}) {}

  ParseStatus client(std::string_view text) { return send(FlowSide::Initiator, text); }
  ParseStatus server(std::string_view text) { return send(FlowSide::Responder, text); }
  ParseStatus send(FlowSide side, std::string_view text) {
    return parser_.on_bytes(side, Bytes::of(text), time_, sink_);
  }
  // The time of what is sent from now on; 0, that it is not known, at first.
  void set_time(Timestamp time) { time_ = time; }
  ParseStatus gap(FlowSide side, uint32_t missing_bytes) {
    return parser_.on_gap(side, missing_bytes, sink_);
  }
  void end(StreamEnd end = StreamEnd::Graceful) { parser_.on_end(end, sink_); }

  [[nodiscard]] const std::vector<std::string>& messages() const { return sink_.messages; }
  // But http_host_missing: most requests of these tests name no host, for brevity.
  [[nodiscard]] std::vector<std::string> anomalies() const {
    std::vector<std::string> kinds = sink_.anomalies;
    std::erase(kinds, "http_host_missing");
    return kinds;
  }
  [[nodiscard]] const RecordingSink& sink() const { return sink_; }
  [[nodiscard]] size_t pool_bytes_in_use() const { return pool_.bytes_in_use(); }

 private:
  Arena arena_;
  BufferPool pool_;
  RecordingSink sink_;
  Timestamp time_;
  HttpParser parser_;
};

}  // namespace flowscope::http
