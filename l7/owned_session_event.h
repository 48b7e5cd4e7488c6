#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "flowcore/base/timestamp.h"
#include "flowcore/extract/flow_key.h"
#include "l7/owned_message.h"
#include "l7/session_event.h"

namespace flowscope {

// Session events that may be kept: each is made of the event of session_event.h that it is named
// after, and copies what that one borrows. Values: they may be stored, compared and given to
// another thread. Names of parsers and kinds of anomalies are string literals, and live for ever.
// Not for the packet path: some allocate.

// The flow that an event is about.
struct OwnedFlow {
  FlowKey key;
  Orientation initiator = Orientation::Forward;  // what the initiator sends goes this way

  OwnedFlow() = default;
  explicit OwnedFlow(const FlowEntry& flow) : key(flow.key), initiator(flow.initiator) {}

  // Of one end, where the key is one of addresses and ports.
  [[nodiscard]] const Address& address_of(FlowSide side) const {
    return is_a(side) ? key.a_address : key.b_address;
  }
  [[nodiscard]] uint16_t port_of(FlowSide side) const {
    return is_a(side) ? key.a_port : key.b_port;
  }

  friend bool operator==(const OwnedFlow&, const OwnedFlow&) = default;

 private:
  [[nodiscard]] bool is_a(FlowSide side) const {
    return (side == FlowSide::Initiator) == (initiator == Orientation::Forward);
  }
};

// The constructors convert, so that a variant takes the event that a driver tells.
// NOLINTBEGIN(google-explicit-constructor)

struct OwnedStarted {
  OwnedFlow flow;
  FlowSide side;  // the sender of its first packet
  Timestamp time;

  OwnedStarted(const SessionStarted& event)
      : flow(event.flow), side(event.side), time(event.time) {}
};

// Message is OwnedMessage, which takes any message that describes itself, or a type of the user's
// that can be made of what the parser tells: often that message itself, where it borrows nothing.
template <class Message = OwnedMessage>
struct OwnedApplication {
  OwnedFlow flow;
  FlowSide side;  // who sent it, as the parser says
  Timestamp time;
  Message message;
  std::string_view parser;

  template <class M>
  OwnedApplication(const Application<M>& event)
      : flow(event.flow),
        side(event.side),
        time(event.time),
        message(kept(event.message)),
        parser(event.parser) {}

 private:
  // A message that cannot be kept is an error here, and not an event that nobody hears of.
  template <class M>
  static Message kept(const M& message) {
    if constexpr (std::same_as<Message, OwnedMessage>) {
      static_assert(DescribesItself<M>,
                    "give the message kEvent and describe(), or keep it as"
                    " a type of your own that can be made of it");
      return OwnedMessage::of(message);
    } else {
      static_assert(std::constructible_from<Message, const M&>,
                    "the type to keep messages as cannot be made of what the parser tells");
      return Message(message);
    }
  }
};

struct OwnedParseError {
  OwnedFlow flow;
  FlowSide side;  // whose bytes the parser choked on
  Timestamp time;
  std::string_view parser;
  std::string reason;

  OwnedParseError(const SessionParseError& event)
      : flow(event.flow),
        side(event.side),
        time(event.time),
        parser(event.parser),
        reason(event.reason) {}
};

struct OwnedAnomaly {
  bool has_flow;   // false: about the tracker
  OwnedFlow flow;  // empty without one
  FlowSide side;
  Timestamp time;
  SessionAnomaly::Source source;
  std::string_view kind;
  uint64_t flows;
  std::string_view parser;

  OwnedAnomaly(const SessionAnomaly& event)
      : has_flow(event.flow != nullptr),
        flow(has_flow ? OwnedFlow(*event.flow) : OwnedFlow()),
        side(event.side),
        time(event.time),
        source(event.source),
        kind(event.kind),
        flows(event.flows),
        parser(event.parser) {}
};

struct OwnedClosed {
  OwnedFlow flow;
  EndReason reason;
  SessionStats stats;
  Timestamp time;  // of its last packet
  std::string_view parser;
  bool parse_error;

  OwnedClosed(const SessionClosed& event)
      : flow(event.flow),
        reason(event.reason),
        stats(event.stats),
        time(event.time),
        parser(event.parser),
        parse_error(event.parse_error) {}
};

// NOLINTEND(google-explicit-constructor)

// Ask with std::get_if, std::holds_alternative or std::visit.
template <class Message = OwnedMessage>
using OwnedSessionEvent = std::variant<OwnedStarted, OwnedApplication<Message>, OwnedParseError,
                                       OwnedAnomaly, OwnedClosed>;

}  // namespace flowscope
