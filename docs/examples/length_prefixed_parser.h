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
    while (!from.stalled) {
      const Bytes begun = from.kept.empty() ? bytes : from.kept.bytes();
      const size_t wanted = frame_bytes(begun);
      if (wanted == 0) {
        stall(from);
      } else if (wanted > kHeaderBytesMax + kBodyBytesMax) {
        return poison("a frame longer than any");
      } else if (wanted <= begun.size()) {
        tell(side, begun.first(wanted), sink);
        if (from.kept.empty()) {
          bytes = bytes.after(wanted);
        } else {
          from.kept.clear();
        }
      } else if (bytes.empty()) {
        return ParseStatus::Ok;
      } else {
        // No more than the frame lacks is copied.
        const Bytes part = bytes.first(wanted - from.kept.size());
        if (!from.kept.append(part)) return poison("no room for a frame");
        bytes = bytes.after(part.size());
      }
    }
    return ParseStatus::Ok;
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

  ParseStatus poison(std::string_view reason) {
    reason_ = reason;
    return ParseStatus::Poisoned;
  }

  // The bytes of the frame that begins so, as far as they can be known: up to the end of its
  // marker, of its length or, once the length is there, of its body. 0: this is no frame.
  static size_t frame_bytes(Bytes begun) {
    const Probe marker = probe(FlowSide::Initiator, begun);
    if (marker == Probe::NoMatch) return 0;
    if (marker == Probe::NeedMore) return kMarkerBytes;
    const size_t header_bytes = kMarkerBytes + length_bytes(begun);
    if (begun.size() < header_bytes) return header_bytes;
    const uint32_t body_bytes = length_bytes(begun) == 2
                                    ? flowscope::load_be16(begun, kMarkerBytes)
                                    : flowscope::load_be32(begun, kMarkerBytes);
    return header_bytes + body_bytes;
  }
  static uint8_t length_bytes(Bytes begun) { return begun[3] == '2' ? 2 : 4; }

  template <class Sink>
  static void tell(FlowSide side, Bytes frame, Sink& sink) {
    const uint8_t length = length_bytes(frame);
    sink.message(side, LengthPrefixedFrame{frame.after(kMarkerBytes + length), length});
  }

  std::array<Side, 2> sides_;
  std::string_view reason_;
};

}  // namespace example
