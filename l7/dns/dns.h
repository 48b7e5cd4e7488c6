#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "flowcore/base/bytes.h"
#include "flowcore/base/flow_side.h"
#include "flowcore/base/timestamp.h"
#include "l7/dns/framing.h"
#include "l7/dns/message.h"
#include "l7/dns/survey.h"
#include "l7/parser.h"

namespace flowscope::dns {

// After this many things in a row that are no DNS messages the flow is given up.
inline constexpr uint32_t kBadMessagesMax = 3;

// Hands surveyed messages of one flow to its sink and counts the bad ones. Anomaly:
// "dns_malformed", once for each message that cannot be read in full, whether what could be read is
// reported or not.
class MessageTally {
 public:
  template <class Sink>
  ParseStatus take(FlowSide side, Bytes bytes, Sink& sink) {
    const Survey found = survey(bytes);
    if (found.verdict != Verdict::NotDns) {
      bad_in_a_row_ = 0;
      sink.message(side, DnsMessage(bytes, found, messages_++));
    }
    if (found.verdict != Verdict::Sound) sink.anomaly(side, "dns_malformed");
    if (found.verdict != Verdict::NotDns || ++bad_in_a_row_ < kBadMessagesMax)
      return ParseStatus::Ok;
    return ParseStatus::Poisoned;
  }

 private:
  uint32_t messages_ = 0;
  uint32_t bad_in_a_row_ = 0;
};

// DNS, mDNS and LLMNR over UDP: one message per datagram.
// Thread rule: that of its flow. Memory: this object only.
class DnsDatagramParser {
 public:
  static constexpr std::string_view kName = "dns";

  explicit DnsDatagramParser(const ParserSetup&) {}

  static Probe probe_datagram(Bytes payload, uint16_t source_port, uint16_t destination_port) {
    const bool is_netbios = source_port == kNetbiosPort || destination_port == kNetbiosPort;
    const bool is_expected = is_dns_port(source_port) || is_dns_port(destination_port);
    if (is_netbios && !is_expected) return Probe::NoMatch;
    const bool is_match = is_expected ? may_be_dns(payload) : is_clearly_dns(payload);
    return is_match ? Probe::Match : Probe::NoMatch;
  }

  template <class Sink>
  ParseStatus on_datagram(FlowSide side, Bytes payload, Timestamp, Sink& sink) {
    return tally_.take(side, payload, sink);
  }

  template <class Sink>
  void on_end(StreamEnd, Sink&) {}

 private:
  // Where the message format of DNS means NetBIOS names (RFC 1002).
  static constexpr uint16_t kNetbiosPort = 137;
  // DNS, mDNS (RFC 6762), LLMNR (RFC 4795).
  static constexpr bool is_dns_port(uint16_t port) {
    return port == 53 || port == 5353 || port == 5355;
  }

  MessageTally tally_;
};

// DNS over TCP, pipelined or not. Anomaly besides those of MessageTally: "dns_message_dropped", for
// a message that the buffer pool had no room to put together. Thread rule: that of its flow.
// Memory: this object, and per side the part of one message (at most 64 KiB, from the pool) while
// it is not whole.
class DnsStreamParser {
 public:
  static constexpr std::string_view kName = "dns";

  explicit DnsStreamParser(const ParserSetup& setup)
      : framings_{Framing(setup.buffers), Framing(setup.buffers)} {}

  static Probe probe(FlowSide, Bytes first_bytes) { return probe_frame(first_bytes); }

  template <class Sink>
  ParseStatus on_bytes(FlowSide side, Bytes bytes, Timestamp, Sink& sink) {
    Framing& framing = framings_[index_of(side)];
    // After a gap that took the framing: messages mostly start a segment, so look there only.
    if (framing.is_lost()) {
      if (probe_frame(bytes) != Probe::Match) return ParseStatus::Ok;
      framing.restart();
    }
    for (Bytes message;;) {
      switch (framing.next(bytes, message)) {
        case Framing::Outcome::Message:
          if (tally_.take(side, message, sink) == ParseStatus::Poisoned)
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
  void on_end(StreamEnd, Sink&) {}

 private:
  std::array<Framing, 2> framings_;
  MessageTally tally_;
};

static_assert(sizeof(DnsStreamParser) <= 128);
static_assert(sizeof(DnsDatagramParser) <= 16);

using StreamParsers = TypeList<DnsStreamParser>;
using DatagramParsers = TypeList<DnsDatagramParser>;

}  // namespace flowscope::dns
