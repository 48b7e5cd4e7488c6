#pragma once

#include <cstdint>

#include "dataplane/pipeline/record.h"
#include "flowcore/base/flow_side.h"
#include "flowcore/base/keyed_hash.h"
#include "flowcore/base/timestamp.h"
#include "flowcore/track/flow_detail.h"
#include "flowcore/track/flow_entry.h"

namespace flowscope {

// Makes the heads of the records that tell of flows. Thread rule: immutable. Cost: a keyed hash and
// some copies.
class FlowHeads {
 public:
  // `detail` is null where the flow has none; `app_proto` is a literal, null when not identified.
  [[nodiscard]] RecordHead of(const FlowEntry& entry, const FlowDetail* detail, FlowSide from,
                              Timestamp time, const char* app_proto) const;
  // The same number on every run and whatever the worker: made of the endpoints and the first
  // packet's time. Below 2^53, so that JSON readers keep it exact.
  [[nodiscard]] uint64_t flow_id_of(const FlowEntry& entry) const;

 private:
  KeyedHash id_hash_{0x666c6f7773636f70, 0x6520666c6f772069};  // fixed: ids are no secret
};

}  // namespace flowscope
