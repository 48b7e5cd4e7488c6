#include "dataplane/pipeline/flow_heads.h"

#include <utility>

#include "flowcore/packet/icmp.h"

namespace flowscope {

namespace {

// The first message of one side of an ICMP flow. A silent side has none written.
IcmpSeen first_icmp(const FlowEntry& entry, FlowSide side) {
  const SideCounters& sender = entry.side[index_of(side)];
  return sender.packets() != 0 ? sender.icmp : IcmpSeen{};
}

}  // namespace

uint64_t FlowHeads::flow_id_of(const FlowEntry& entry) const {
  // splitmix64's finaliser over the key's hash and the start.
  uint64_t mixed = id_hash_(&entry.key) ^ (entry.started_ns * 0x9e3779b97f4a7c15);
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
  return (mixed ^ (mixed >> 31)) >> 11;
}

RecordHead FlowHeads::of(const FlowEntry& entry, const FlowDetail* detail, FlowSide from,
                         Timestamp time, const char* app_proto) const {
  RecordHead head;
  head.protocol = entry.key.protocol;
  head.ip_version = entry.key.ip_version;
  head.vlan_id = entry.side[index_of(FlowSide::Initiator)].vlan_id();
  if (detail != nullptr) {
    head.inner_vlan_id = detail->side[index_of(FlowSide::Initiator)].inner_vlan_id;
  }
  head.time = time;
  head.flow_id = flow_id_of(entry);
  head.source = {.address = entry.key.a_address, .port = entry.key.a_port};
  head.destination = {.address = entry.key.b_address, .port = entry.key.b_port};
  if ((from == FlowSide::Initiator) != (entry.initiator == Orientation::Forward)) {
    std::swap(head.source, head.destination);
  }
  if (is_icmp(head.protocol)) {
    head.source.port = 0;  // the key's fields for ports hold no ports
    head.destination.port = 0;
    head.icmp_initiator = first_icmp(entry, FlowSide::Initiator);
    head.icmp_responder = first_icmp(entry, FlowSide::Responder);
  }
  head.app_proto = app_proto;
  return head;
}

}  // namespace flowscope
