#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "flowcore/base/buffer_pool.h"
#include "l7/parser.h"

// A parser of a protocol of one's own, as a user writes one: see docs/parser-guide.md.
namespace example {

using flowscope::Bytes;
using flowscope::FlowSide;
using flowscope::ParseStatus;
using flowscope::Probe;

// A frame of the example protocol: "PFX2," and a length of two bytes in network order, or "PFX4,"
// and one of four, then so many bytes of body. Good during the sink call only.
struct LengthPrefixedFrame {
  static constexpr const char* kEvent = "length_prefixed";

  Bytes body;
  uint8_t length_bytes = 2;  // of the length field

  template <flowscope::FieldVisitor V>
  void describe(V& visitor) const {
    visitor.number("length_bytes", length_bytes);
    visitor.number("body_bytes", body.size());
    visitor.text("body", body.as_text());
  }
};

// Frames of both sides, however the bytes are cut. A frame that lies whole in what comes is handed
// on where it lies; a part of one is kept in a block of the driver's pool. A side that shows
// another marker, or loses bytes, has lost the frames' boundaries: it is not read any more. A
// length above kBodyBytesMax is taken for another protocol.
class LengthPrefixedParser {
 public:
  static constexpr std::string_view kName = "length_prefixed";
  static constexpr uint32_t kHeaderBytesMax = 9;
  static constexpr uint32_t kBodyBytesMax = flowscope::BufferPool::kBlockBytesMax - kHeaderBytesMax;

  explicit LengthPrefixedParser(const flowscope::ParserSetup& setup)
      : sides_{Side(setup.buffers), Side(setup.buffers)} {}

  static Probe probe(FlowSide /*side*/, Bytes first_bytes) {
    constexpr std::string_view kMarkers = "PFX2,PFX4,";
    const std::string_view seen = first_bytes.first(kMarkerBytes).as_text();
    const bool fits = kMarkers.starts_with(seen) || kMarkers.substr(kMarkerBytes).starts_with(seen);
    if (!fits) return Probe::NoMatch;
    return seen.size() == kMarkerBytes ? Probe::Match : Probe::NeedMore;
  }

  template <class Sink>
  ParseStatus on_bytes(FlowSide side, Bytes bytes, flowscope::Timestamp /*time*/, Sink& sink) {
    Side& from = sides_[index_of(side)];
    if (from.stalled) return ParseStatus::Ok;
    if (from.kept.empty()) return read(from, side, bytes, sink);
    if (!from.kept.append(bytes)) {
      reason_ = "no room for a frame";
      return ParseStatus::Poisoned;
    }
    return read(from, side, from.kept.bytes(), sink);
  }

  template <class Sink>
  ParseStatus on_gap(FlowSide side, uint32_t /*missing_bytes*/, Sink& /*sink*/) {
    stall(sides_[index_of(side)]);
    return ParseStatus::Ok;
  }

  // A frame that is not whole is not worth a message.
  template <class Sink>
  void on_end(flowscope::StreamEnd /*end*/, Sink& /*sink*/) {}

  [[nodiscard]] std::string_view poison_reason() const { return reason_; }

 private:
  static constexpr size_t kMarkerBytes = 5;

  struct Side {
    explicit Side(flowscope::BufferPool& pool) : kept(pool) {}
    flowscope::Buffer kept;  // a frame that has begun
    bool stalled = false;
  };

  static void stall(Side& from) {
    from.kept.clear();
    from.stalled = true;
  }

  // Hands on all frames that are whole in `bytes`, which is what is kept where anything is; keeps
  // the rest.
  template <class Sink>
  ParseStatus read(Side& from, FlowSide side, Bytes bytes, Sink& sink) {
    const size_t before = bytes.size();
    while (!bytes.empty()) {
      const Probe marker = probe(side, bytes);
      if (marker == Probe::NoMatch) {
        stall(from);
        return ParseStatus::Ok;
      }
      if (marker == Probe::NeedMore) break;
      const uint8_t length_bytes = bytes[3] == '2' ? 2 : 4;
      if (bytes.size() < kMarkerBytes + length_bytes) break;
      const uint32_t length = length_bytes == 2 ? flowscope::load_be16(bytes, kMarkerBytes)
                                                : flowscope::load_be32(bytes, kMarkerBytes);
      if (length > kBodyBytesMax) {
        reason_ = "a frame longer than any";
        return ParseStatus::Poisoned;
      }
      const Bytes body = bytes.after(kMarkerBytes + length_bytes);
      if (body.size() < length) break;
      sink.message(side, LengthPrefixedFrame{body.first(length), length_bytes});
      bytes = body.after(length);
    }
    if (!from.kept.empty()) {
      from.kept.drop_front(before - bytes.size());
    } else if (!bytes.empty() && !from.kept.append(bytes)) {
      stall(from);
    }
    return ParseStatus::Ok;
  }

  std::array<Side, 2> sides_;
  std::string_view reason_;
};

}  // namespace example
