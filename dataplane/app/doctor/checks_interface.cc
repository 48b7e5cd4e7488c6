#include <fmt/format.h>

#include "dataplane/app/doctor/checks.h"

namespace flowscope {

namespace {

constexpr const char* kNotNamed = "not needed: no interface is named (-i)";
constexpr uint64_t kLinkHeaderBytesMax = 22;  // Ethernet and two VLAN tags

// The interface of the plan; null, with a finding, when there is nothing to look at.
const InterfaceFacts* planned(const System& system, const Plan& plan, Findings& findings) {
  if (plan.interface.empty()) {
    findings.ok(kNotNamed);
    return nullptr;
  }
  const InterfaceFacts* const found = system.interface(plan.interface);
  if (found == nullptr) findings.ok("not known: no such interface");
  return found;
}

void check_interface(const System& system, const Plan& plan, Findings& findings) {
  if (plan.interface.empty()) return findings.ok(kNotNamed);
  const InterfaceFacts* const interface = system.interface(plan.interface);
  if (interface == nullptr) {
    std::string names;
    for (const InterfaceFacts& each : system.interfaces)
      names += (names.empty() ? "" : ", ") + each.name;
    return findings.wrong(fmt::format("no interface {}; there are {}", plan.interface, names),
                          "ip -brief link");
  }
  if (!interface->is_up) {
    return findings.wrong(plan.interface + " is down",
                          fmt::format("ip link set dev {} up", plan.interface));
  }
  findings.ok(plan.interface + " is up");
}

void check_offloads(const System& system, const Plan& plan, Findings& findings) {
  const InterfaceFacts* const interface = planned(system, plan, findings);
  if (interface == nullptr) return;
  if (!interface->gro && !interface->lro) return findings.ok("packets are seen as they came");
  findings.warn(
      fmt::format("{}{}{} merges segments before they are seen: sizes and counts are not "
                  "those of the wire",
                  interface->gro ? "GRO" : "", interface->gro && interface->lro ? " and " : "",
                  interface->lro ? "LRO" : ""),
      fmt::format("ethtool -K {} gro off lro off", interface->name));
}

void check_mtu(const System& system, const Plan& plan, Findings& findings) {
  const InterfaceFacts* const interface = planned(system, plan, findings);
  if (interface == nullptr) return;
  const uint64_t mtu = system.number("/sys/class/net/" + interface->name + "/mtu").value_or(0);
  const uint64_t frame = mtu + kLinkHeaderBytesMax;
  if (frame <= plan.config.pcap.snaplen_bytes)
    return findings.ok(fmt::format("frames of up to {} bytes are captured whole", frame));
  findings.warn(
      fmt::format("frames of up to {} bytes are cut at {}", frame, plan.config.pcap.snaplen_bytes),
      fmt::format("flowscope live ... --pcap-snaplen-bytes {}", frame));
}

void check_ring(const System& system, const Plan& plan, Findings& findings) {
  const InterfaceFacts* const interface = planned(system, plan, findings);
  if (interface == nullptr) return;
  if (interface->ring_max == 0) return findings.ok("not known: the driver does not say");
  const std::string told =
      fmt::format("{} of {} receive descriptors", interface->ring, interface->ring_max);
  if (interface->ring >= interface->ring_max) return findings.ok(told);
  findings.warn(told + ": bursts are lost earlier than they must",
                fmt::format("ethtool -G {} rx {}", interface->name, interface->ring_max));
}

constexpr Check kChecks[] = {
    {"interface", check_interface},
    {"interface-offloads", check_offloads},
    {"interface-mtu", check_mtu},
    {"interface-ring", check_ring},
};

}  // namespace

std::span<const Check> interface_checks() { return kChecks; }

}  // namespace flowscope
