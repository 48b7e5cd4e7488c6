#pragma once

#include <cstdint>

#include "flowcore/base/bytes.h"
#include "l7/dns/description.h"
#include "l7/dns/pairing.h"
#include "l7/dns/pending_queries.h"
#include "l7/dns/survey.h"
#include "l7/dns/wire.h"
#include "l7/parser.h"

namespace flowscope::dns {

// One DNS message, described in the form of EVE DNS version 3 (Suricata 8). It holds no decoded
// fields: describe() walks the bytes again, so a message that nobody writes costs only its survey.
// Lifetime: borrows the bytes that were surveyed. Cost of describe(): 6 KiB of stack, no
// allocation.
class DnsMessage {
 public:
  static constexpr const char* kEvent = "dns";

  // `tx_id` counts the messages of the flow from 0.
  // Requires: `found` is survey(bytes) and its verdict is not NotDns.
  DnsMessage(Bytes bytes, const Survey& found, uint32_t tx_id, Variant variant = Variant::Dns,
             const Pairing& pairing = {})
      : bytes_(bytes), survey_(found), pairing_(pairing), tx_id_(tx_id), variant_(variant) {}

  template <FieldVisitor V>
  void describe(V& visitor) const {
    Description<V>(bytes_, survey_, variant_, visitor).write(tx_id_, pairing_);
  }

  [[nodiscard]] bool is_response() const { return survey_.header.has(kFlagResponse); }
  [[nodiscard]] uint16_t id() const { return survey_.header.id; }
  [[nodiscard]] uint8_t opcode() const { return survey_.header.opcode(); }
  [[nodiscard]] uint16_t rcode() const { return survey_.rcode; }
  [[nodiscard]] uint32_t tx_id() const { return tx_id_; }
  [[nodiscard]] Variant variant() const { return variant_; }
  [[nodiscard]] const Pairing& pairing() const { return pairing_; }

 private:
  Bytes bytes_;
  Survey survey_;
  Pairing pairing_;
  uint32_t tx_id_;
  Variant variant_;
};

// A query that nobody answered, told of when it no longer waits. Its own record has the same flow
// and the same tx_id. Lifetime: borrows the query; valid during the sink call.
class UnansweredQuery {
 public:
  static constexpr const char* kEvent = "dns";

  UnansweredQuery(const PendingQueries::Entry& query, Unanswered reason)
      : query_(query), reason_(reason) {}

  template <FieldVisitor V>
  void describe(V& visitor) const {
    visitor.number("version", 3);
    visitor.text("type", "unanswered");
    visitor.number("tx_id", query_.head.tx_id);
    visitor.number("id", query_.head.id);
    visitor.text("reason", reason_text());
    // Microseconds since the epoch: the record's own time is that of its telling.
    visitor.number("query_time_us", query_.head.first_ns / 1000);
    if (query_.head.retransmissions != 0)
      visitor.number("query_retransmissions", query_.head.retransmissions);
    if (query_.question.empty()) return;
    visitor.begin_array("queries");
    visitor.begin_object(nullptr);
    NameText name;
    (void)read_name(query_.question, 0, name);
    visitor.text("rrname", name.view());
    visitor.text("rrtype", rr_type_name(query_.type()));
    visitor.end_object();
    visitor.end_array();
  }

  [[nodiscard]] uint16_t id() const { return query_.head.id; }
  [[nodiscard]] uint32_t tx_id() const { return query_.head.tx_id; }
  [[nodiscard]] Unanswered reason() const { return reason_; }
  // Name, type and class as they lay in the query; empty when it asked nothing.
  [[nodiscard]] Bytes question() const { return query_.question; }

 private:
  [[nodiscard]] const char* reason_text() const {
    switch (reason_) {
      case Unanswered::Timeout:
        return "timeout";
      case Unanswered::Overflow:
        return "overflow";
      case Unanswered::End:
        return "end";
    }
    return "";
  }

  PendingQueries::Entry query_;
  Unanswered reason_;
};

}  // namespace flowscope::dns
