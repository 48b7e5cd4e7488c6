#include "dataplane/pipeline/record_reader.h"

#include <algorithm>
#include <array>
#include <span>

namespace flowscope {

void RecordReader::read_flow(const FlowHeads& heads) {
  const auto image = body_.take<FlowImage>();
  const auto entry = body_.take<FlowEntry>();
  FlowDetail detail;
  if (image.has_detail) detail = body_.take<FlowDetail>();
  const FlowDetail* known = image.has_detail ? &detail : nullptr;
  head_ =
      heads.of(entry, known, FlowSide::Initiator, Timestamp{entry.last_seen_ns}, image.app_proto);
  head_.kind = image.kind;
  head_.event = image.kind == RecordKind::Interim ? "flow_interim" : "flow";
  FlowRecord& flow = flow_.emplace(flow_record_of(entry, known));
  if (image.has_gaps) {
    const auto gap_bytes = body_.take<FlowGaps>();
    for (size_t i = 0; i < gap_bytes.size(); ++i) flow.sides[i].gap_bytes = gap_bytes[i];
  }
  if (image.has_app_proto_orig) flow.app_proto_orig = body_.take<const char*>();
  if (image.has_meter) {
    const auto meter = body_.take<FlowMeter>();
    std::array<FirstPacket, FlowMeter::kFirstPacketsMax> packets;
    const uint32_t count = std::min(meter.first_packets(), FlowMeter::kFirstPacketsMax);
    for (uint32_t i = 0; i < count; ++i) packets[i] = body_.take<FirstPacket>();
    flow.metrics = FlowMetrics::of(entry, meter, std::span(packets).first(count));
  }
  flow.reason = image.reason;
  flow.lives_on = image.has_delta;
  if (image.has_delta) flow.delta = body_.take<FlowDelta>();
}

}  // namespace flowscope
