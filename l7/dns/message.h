#pragma once

#include <cstdint>

#include "flowcore/base/bytes.h"
#include "l7/dns/description.h"
#include "l7/dns/survey.h"
#include "l7/dns/wire.h"
#include "l7/parser.h"

namespace flowscope::dns {

// One DNS message, described in the form of EVE DNS version 3 (Suricata 8). It holds no decoded
// fields: describe() walks the bytes again, so a message that nobody writes costs only its survey.
// Lifetime: borrows the bytes that were surveyed. Cost of describe(): 4 KiB of stack, no
// allocation.
class DnsMessage {
 public:
  static constexpr const char* kEvent = "dns";

  // `tx_id` counts the messages of the flow from 0.
  // Requires: `found` is survey(bytes) and its verdict is not NotDns.
  DnsMessage(Bytes bytes, const Survey& found, uint32_t tx_id)
      : bytes_(bytes), survey_(found), tx_id_(tx_id) {}

  template <FieldVisitor V>
  void describe(V& visitor) const {
    Description<V>(bytes_, survey_, visitor).write(tx_id_);
  }

  [[nodiscard]] bool is_response() const { return survey_.header.has(kFlagResponse); }
  [[nodiscard]] uint16_t id() const { return survey_.header.id; }
  [[nodiscard]] uint16_t rcode() const { return survey_.rcode; }

 private:
  Bytes bytes_;
  Survey survey_;
  uint32_t tx_id_;
};

}  // namespace flowscope::dns
