#include "dataplane/pipeline/record_reader.h"

#include <algorithm>
#include <array>
#include <span>

namespace flowscope {

void RecordReader::read_flow(const FlowHeads& heads) {
  const auto image = take<FlowImage>(body_);
  const auto entry = take<FlowEntry>(body_);
  FlowDetail detail;
  if (image.has_detail) detail = take<FlowDetail>(body_);
  const FlowDetail* known = image.has_detail ? &detail : nullptr;
  head_ =
      heads.of(entry, known, FlowSide::Initiator, Timestamp{entry.last_seen_ns}, image.app_proto);
  head_.kind = image.kind;
  head_.event = image.kind == RecordKind::Interim ? "flow_interim" : "flow";
  flow_ = flow_record_of(entry, known);
  if (image.has_gaps) {
    const auto gap_bytes = take<FlowGaps>(body_);
    for (size_t i = 0; i < gap_bytes.size(); ++i) flow_.sides[i].gap_bytes = gap_bytes[i];
  }
  if (image.has_app_proto_orig) flow_.app_proto_orig = take<const char*>(body_);
  if (image.has_meter) {
    const auto meter = take<FlowMeter>(body_);
    std::array<FirstPacket, FlowMeter::kFirstPacketsMax> packets;
    const uint32_t count = std::min(meter.first_packets(), FlowMeter::kFirstPacketsMax);
    for (uint32_t i = 0; i < count; ++i) packets[i] = take<FirstPacket>(body_);
    flow_.metrics = FlowMetrics::of(entry, meter, std::span(packets).first(count));
  }
  flow_.reason = image.reason;
  flow_.lives_on = image.has_delta;
  if (image.has_delta) flow_.delta = take<FlowDelta>(body_);
}

}  // namespace flowscope
