#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "flowcore/base/bytes.h"
#include "flowcore/base/flow_side.h"
#include "flowcore/base/timestamp.h"
#include "l7/dns/conversation.h"
#include "l7/dns/framing.h"
#include "l7/dns/message.h"
#include "l7/dns/survey.h"
#include "l7/parser.h"

namespace flowscope::dns {

// DNS, mDNS and LLMNR over UDP: one message per datagram.
// Thread rule: that of its flow. Memory: this object, and a pool block of 512 bytes or, where many
// queries of one flow wait at the same time, of at most 16 KiB, while any waits.
class DnsDatagramParser {
 public:
  static constexpr std::string_view kName = "dns";

  explicit DnsDatagramParser(const ParserSetup& setup)
      : conversation_(setup.buffers, Conversation::Transport::Datagrams,
                      variant_of(setup.source_port, setup.destination_port)) {}

  static Probe probe_datagram(Bytes payload, uint16_t source_port, uint16_t destination_port) {
    const bool is_netbios = source_port == kNetbiosPort || destination_port == kNetbiosPort;
    const bool is_expected = is_dns_port(source_port) || is_dns_port(destination_port);
    if (is_netbios && !is_expected) return Probe::NoMatch;
    const bool is_match = is_expected ? may_be_dns(payload) : is_clearly_dns(payload);
    return is_match ? Probe::Match : Probe::NoMatch;
  }

  template <class Sink>
  ParseStatus on_datagram(FlowSide side, Bytes payload, Timestamp time, Sink& sink) {
    return conversation_.take(side, payload, time, sink);
  }

  // Drivers that sweep tell of unanswered queries in time; others with the flow's next message, or
  // at its end.
  template <class Sink>
  void on_tick(Timestamp now, Sink& sink) {
    conversation_.expire(now, sink);
  }

  template <class Sink>
  void on_end(StreamEnd end, Sink& sink) {
    conversation_.end(end, sink);
  }

 private:
  // Where the message format of DNS means NetBIOS names (RFC 1002).
  static constexpr uint16_t kNetbiosPort = 137;
  static constexpr bool is_dns_port(uint16_t port) {
    return port == kDnsPort || port == kMdnsPort || port == kLlmnrPort;
  }
  static constexpr Variant variant_of(uint16_t source_port, uint16_t destination_port) {
    const auto either_is = [&](uint16_t port) {
      return source_port == port || destination_port == port;
    };
    if (either_is(kDnsPort)) return Variant::Dns;
    if (either_is(kMdnsPort)) return Variant::Mdns;
    return either_is(kLlmnrPort) ? Variant::Llmnr : Variant::Dns;
  }

  Conversation conversation_;
};

// DNS over TCP, pipelined or not. Anomaly besides those of Conversation: "dns_message_dropped", for
// a message that the buffer pool had no room to put together. Thread rule: that of its flow.
// Memory: this object, the queries that wait as over UDP, and per side the part of one message (at
// most 64 KiB, from the pool) while it is not whole.
class DnsStreamParser {
 public:
  static constexpr std::string_view kName = "dns";

  explicit DnsStreamParser(const ParserSetup& setup)
      : framings_{Framing(setup.buffers), Framing(setup.buffers)},
        conversation_(setup.buffers, Conversation::Transport::Stream, Variant::Dns) {}

  static Probe probe(FlowSide, Bytes first_bytes) { return probe_frame(first_bytes); }

  template <class Sink>
  ParseStatus on_bytes(FlowSide side, Bytes bytes, Timestamp time, Sink& sink) {
    Framing& framing = framings_[index_of(side)];
    // After a gap that took the framing: messages mostly start a segment, so look there only.
    if (framing.is_lost()) {
      if (probe_frame(bytes) != Probe::Match) return ParseStatus::Ok;
      framing.restart();
    }
    for (Bytes message;;) {
      switch (framing.next(bytes, message)) {
        case Framing::Outcome::Message:
          if (conversation_.take(side, message, time, sink) == ParseStatus::Poisoned)
            return ParseStatus::Poisoned;
          framing.message_done();
          break;
        case Framing::Outcome::Refused:
          sink.anomaly(side, "dns_message_dropped");
          break;
        case Framing::Outcome::Drained:
          return ParseStatus::Ok;
      }
    }
  }

  template <class Sink>
  ParseStatus on_gap(FlowSide side, uint32_t missing_bytes, Sink&) {
    framings_[index_of(side)].skip_gap(missing_bytes);
    return ParseStatus::Ok;
  }

  template <class Sink>
  void on_tick(Timestamp now, Sink& sink) {
    conversation_.expire(now, sink);
  }

  template <class Sink>
  void on_end(StreamEnd end, Sink& sink) {
    conversation_.end(end, sink);
  }

 private:
  std::array<Framing, 2> framings_;
  Conversation conversation_;
};

static_assert(sizeof(DnsStreamParser) <= 128);
static_assert(sizeof(DnsDatagramParser) <= 32);

using StreamParsers = TypeList<DnsStreamParser>;
using DatagramParsers = TypeList<DnsDatagramParser>;

}  // namespace flowscope::dns
