#pragma once

#include "flowcore/base/flow_side.h"
#include "l7/parser.h"
#include "l7/signatures/signature.h"

namespace flowscope {

// The message that a signature was found, with the fields of EVE's alert record. Borrows the
// signature for the call.
struct Alert {
  static constexpr const char* kEvent = "alert";

  const Signature& signature;

  template <FieldVisitor V>
  void describe(V& visitor) const {
    visitor.text("action", "allowed");  // nothing is ever blocked
    visitor.number("gid", 1);
    visitor.number("signature_id", signature.sid);
    visitor.number("rev", signature.rev);
    visitor.text("signature", signature.message);
    visitor.text("category", signature.category);
    visitor.number("severity", signature.severity);
  }
};

// EVE's word for where the bytes of a side go.
[[nodiscard]] constexpr const char* direction_of(FlowSide side) {
  return side == FlowSide::Initiator ? "to_server" : "to_client";
}

}  // namespace flowscope
