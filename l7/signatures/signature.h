#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "flowcore/base/flow_side.h"
#include "l7/scan/pattern_database.h"

namespace flowscope {

// What a signature is looked for in.
enum class SignatureTransport : uint8_t { Any, Tcp, Udp };
// Who has to have sent it.
enum class SignatureFrom : uint8_t { Any, Initiator, Responder };
// How often it is told of.
enum class AlertOnce : uint8_t { PerSide, PerFlow };

struct PortRange {
  uint16_t first = 0;
  uint16_t last = 0;
};

// One line of a rules file: what to look for, where, and what to say when it is found. A plain
// value, made by parse_rules(). The id of its pattern is its place in the list of signatures.
struct Signature {
  // Severities as in EVE: 1 is the most severe.
  static constexpr uint8_t kSeverityMax = 4;

  uint32_t sid = 0;  // names it for ever; unique in its file
  uint32_t rev = 1;
  uint8_t severity = 3;
  SignatureTransport transport = SignatureTransport::Any;
  SignatureFrom from = SignatureFrom::Any;
  AlertOnce once = AlertOnce::PerSide;
  bool is_anchored =
      false;  // may match only at the first byte; not looked for once that was missed
  uint32_t depth_bytes = 0;      // a match ends within so many first bytes of the side; 0: anywhere
  uint32_t line = 0;             // of the rules file, from 1
  std::vector<PortRange> ports;  // of the responder; none: any
  std::vector<std::string> protocols;  // names of app_proto; none: any, or unknown
  std::string message;
  std::string category;
  Pattern pattern;

  [[nodiscard]] bool is_for(SignatureTransport of) const {
    return transport == SignatureTransport::Any || transport == of;
  }
  [[nodiscard]] bool is_from(FlowSide side) const {
    return from == SignatureFrom::Any
           || (from == SignatureFrom::Initiator) == (side == FlowSide::Initiator);
  }
  [[nodiscard]] bool takes_port(uint16_t port) const {
    return ports.empty() || std::any_of(ports.begin(), ports.end(), [port](const PortRange& range) {
             return range.first <= port && port <= range.last;
           });
  }
  [[nodiscard]] bool takes_protocol(std::string_view name) const {
    return protocols.empty()
           || std::find(protocols.begin(), protocols.end(), name) != protocols.end();
  }
};

}  // namespace flowscope
