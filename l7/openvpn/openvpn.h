#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "flowcore/base/bytes.h"
#include "flowcore/base/flow_side.h"
#include "flowcore/base/timestamp.h"
#include "l7/openvpn/control_channel.h"
#include "l7/openvpn/packet_reader.h"
#include "l7/parser.h"

namespace flowscope::openvpn {

// Both know a session by the hard reset of its client, and write one TlsSession (event "tls"): the
// handshake that the control channel carries, where it is not encrypted (--tls-crypt). They are
// Done with it, so that the tunnel's packets cost nothing. Where a flow is joined later nothing is
// written.
// Thread rule: one thread. Memory: this object, what TLS keeps of a handshake, and per side a block
// of 16 KiB while packets are out of order or, over TCP, in parts.

// OpenVPN over UDP: one packet per datagram.
class OpenVpnDatagramParser {
 public:
  static constexpr std::string_view kName = "openvpn";
  static constexpr bool kBrief = true;
  static constexpr std::array<FirstBytes, 1> kFirstBytes = {{{R"(\x38.{8})", Role::Client}}};

  explicit OpenVpnDatagramParser(const ParserSetup& setup) : channel_(setup) {}

  static Probe probe_datagram(Bytes payload, uint16_t source_port, uint16_t destination_port);

  template <class Sink>
  ParseStatus on_datagram(FlowSide side, Bytes payload, Timestamp time, Sink& sink) {
    return channel_.take(side, payload, time, sink);
  }

  template <class Sink>
  void on_end(StreamEnd end, Sink& sink) {
    channel_.finish(end, sink);
  }

 private:
  ControlChannel channel_;
};
static_assert(sizeof(OpenVpnDatagramParser) <= 352,
              "one per session until its handshake is through");

// OpenVPN over TCP: two bytes of length before each packet.
class OpenVpnStreamParser {
 public:
  static constexpr std::string_view kName = "openvpn";
  static constexpr bool kBrief = true;
  static constexpr std::array<FirstBytes, 1> kFirstBytes = {{{R"(\x00.\x38)", Role::Client}}};

  explicit OpenVpnStreamParser(const ParserSetup& setup)
      : readers_{PacketReader(setup.buffers), PacketReader(setup.buffers)}, channel_(setup) {}

  static Probe probe(FlowSide side, Bytes first_bytes);

  template <class Sink>
  ParseStatus on_bytes(FlowSide side, Bytes bytes, Timestamp time, Sink& sink) {
    for (Bytes packet;;) {
      switch (readers_[index_of(side)].next(bytes, packet)) {
        case PacketReader::Outcome::Drained:
          return ParseStatus::Ok;
        case PacketReader::Outcome::Refused:
          return finish(StreamEnd::Graceful, sink);
        case PacketReader::Outcome::Packet:
          if (channel_.take(side, packet, time, sink) == ParseStatus::Done)
            return finish(StreamEnd::Graceful, sink);
      }
    }
  }

  // Over TCP a lost packet does not come again.
  template <class Sink>
  ParseStatus on_gap(FlowSide /*side*/, uint32_t /*missing_bytes*/, Sink& sink) {
    return finish(StreamEnd::Graceful, sink);
  }

  template <class Sink>
  void on_end(StreamEnd end, Sink& sink) {
    finish(end, sink);
  }

 private:
  template <class Sink>
  ParseStatus finish(StreamEnd end, Sink& sink) {
    for (PacketReader& reader : readers_) reader.release();
    return channel_.finish(end, sink);
  }

  std::array<PacketReader, 2> readers_;
  ControlChannel channel_;
};
static_assert(sizeof(OpenVpnStreamParser) <= 416, "one per session until its handshake is through");

using StreamParsers = TypeList<OpenVpnStreamParser>;
using DatagramParsers = TypeList<OpenVpnDatagramParser>;

}  // namespace flowscope::openvpn
