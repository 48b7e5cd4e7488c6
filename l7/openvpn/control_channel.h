#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "flowcore/base/bytes.h"
#include "flowcore/base/flow_side.h"
#include "flowcore/base/timestamp.h"
#include "l7/openvpn/control_packet.h"
#include "l7/openvpn/numbered_stream.h"
#include "l7/parser.h"
#include "l7/tls/tls.h"

namespace flowscope::openvpn {

// The control channel of one OpenVPN session: a TLS handshake, cut into numbered packets. Puts each
// side's payloads in order and gives them to the parser of TLS, which writes the flow's one record.
// Whether packets carry a digest (--tls-auth), and which, is told by the first hard reset; where
// they are encrypted (--tls-crypt) nothing can be read and it is done at once.
// Thread rule: one thread. Memory: that of TlsParser, and per side a block of 16 KiB while packets
// wait for one before them.
class ControlChannel {
 public:
  // Packets of a flow before it is left alone: a handshake takes some twenty.
  static constexpr uint32_t kPacketsMax = 1024;

  explicit ControlChannel(const ParserSetup& setup)
      : sides_{Side(setup.buffers), Side(setup.buffers)}, tls_(setup) {}

  template <class Sink>
  ParseStatus take(FlowSide side, Bytes packet, Timestamp time, Sink& sink) {
    if (++packets_ > kPacketsMax) return finish(StreamEnd::Graceful, sink);
    Bytes payload;
    switch (open(side, packet, payload)) {
      case Opened::Nothing:
        return ParseStatus::Ok;
      case Opened::Unreadable:
        return finish(StreamEnd::Graceful, sink);
      case Opened::Payload:
        break;
    }
    do {
      if (payload.empty()) continue;
      // What the payload is not TLS of is still OpenVPN's.
      if (tls_.on_bytes(side, payload, time, sink) != ParseStatus::Ok) return ParseStatus::Done;
    } while (sides_[index_of(side)].stream.take_waiting(payload));
    return ParseStatus::Ok;
  }

  // Nothing more can be read; what TLS has is written.
  template <class Sink>
  ParseStatus finish(StreamEnd end, Sink& sink) {
    tls_.on_end(end, sink);
    for (Side& side : sides_) side.stream.release();
    return ParseStatus::Done;
  }

 private:
  enum class Opened : uint8_t { Nothing, Payload, Unreadable };
  struct Side {
    explicit Side(BufferPool& pool) : stream(pool) {}
    NumberedStream stream;
    std::optional<uint64_t> session;
  };

  // The next payload of the side's stream, empty or not.
  Opened open(FlowSide side, Bytes packet, Bytes& payload);

  std::array<Side, 2> sides_;
  tls::TlsParser tls_;
  std::optional<uint8_t> digest_bytes_;
  uint32_t packets_ = 0;
};

}  // namespace flowscope::openvpn
