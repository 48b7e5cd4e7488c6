#include "dataplane/app/packet_options.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace flowscope {

namespace {

EncapKind kind_named(std::string_view name) {
  for (size_t kind = 1; kind < kEncapKinds; ++kind) {
    if (name_of(static_cast<EncapKind>(kind)) == name) return static_cast<EncapKind>(kind);
  }
  return EncapKind::None;
}

bool travels_in_udp(EncapKind kind) {
  return std::any_of(Decap::kUsualPorts.begin(), Decap::kUsualPorts.end(),
                     [kind](const Decap::Port& usual) { return usual.kind == kind; });
}

template <class Predicate>
std::string names_where(Predicate wanted) {
  std::string names;
  for (size_t kind = 1; kind < kEncapKinds; ++kind) {
    if (!wanted(static_cast<EncapKind>(kind))) continue;
    names.append(names.empty() ? "" : ", ").append(name_of(static_cast<EncapKind>(kind)));
  }
  return names;
}

// "vxlan:14789".
Result<Decap::Port> parse_port(const std::string& item) {
  const size_t colon = item.find(':');
  const std::string_view digits =
      colon == std::string::npos ? std::string_view() : std::string_view(item).substr(colon + 1);
  Decap::Port port{.kind = kind_named(item.substr(0, colon)), .port = 0};
  const auto [end, fault] =
      std::from_chars(digits.data(), digits.data() + digits.size(), port.port);
  const bool is_number = fault == std::errc() && end == digits.data() + digits.size();
  if (!travels_in_udp(port.kind) || !is_number || port.port == 0) {
    return Error{"decap_ports: \"" + item
                 + "\" is no tunnel and port; expected items such as vxlan:4789, of "
                 + names_where(travels_in_udp)};
  }
  return port;
}

}  // namespace

Result<Decap> decap_of(const Config& config) {
  Decap decap;
  if (config.decap == std::vector<std::string>{"off"}) {
    if (config.decap_ports.empty()) return decap;
    return Error{"decap_ports: there are ports, but decap is off; expected decap: auto or a list"};
  }
  const bool all = config.decap == std::vector<std::string>{"auto"};
  if (all) decap = Decap::all();
  for (const std::string& name : config.decap) {
    if (all) break;
    const EncapKind kind = kind_named(name);
    if (kind == EncapKind::None) {
      return Error{"decap: no encapsulation \"" + name
                   + "\" is known; expected off alone, auto alone, or some of "
                   + names_where([](EncapKind) { return true; })};
    }
    decap.add(kind);
  }
  // Ports that are told for a kind take the place of its usual ones.
  std::vector<Decap::Port> ports;
  for (const std::string& item : config.decap_ports) {
    const Result<Decap::Port> port = parse_port(item);
    if (!port.ok()) return port.error();
    if (!decap.takes(port.value().kind)) {
      return Error{"decap_ports: \"" + item
                   + "\" is for an encapsulation that decap does not name; add it there"};
    }
    ports.push_back(port.value());
  }
  for (const Decap::Port& port : ports) decap.remove(port.kind);
  for (const Decap::Port& port : ports) decap.add_port(port.kind, port.port);
  return decap;
}

Result<NetworkOptions> key_with_of(const Config& config) {
  NetworkOptions options;
  const std::array<std::pair<std::string_view, bool*>, 6> marks = {{{"vlan", &options.vlan},
                                                                    {"vni", &options.vni},
                                                                    {"teid", &options.teid},
                                                                    {"gre_key", &options.gre_key},
                                                                    {"mpls", &options.mpls},
                                                                    {"session", &options.session}}};
  for (const std::string& name : config.table.key_with) {
    const auto* const mark = std::find_if(marks.begin(), marks.end(),
                                          [&](const auto& each) { return each.first == name; });
    if (mark == marks.end()) {
      return Error{"table.key_with: \"" + name
                   + "\" is not known; expected some of vlan, vni, teid, gre_key, mpls, session"};
    }
    *mark->second = true;
  }
  return options;
}

Result<std::optional<Dedup::Options>> dedup_of(const Config& config) {
  const bool is_packet = config.dedup.match == "packet";
  if (!is_packet && config.dedup.match != "frame") {
    return Error{"dedup.match: \"" + config.dedup.match
                 + "\" is not known; expected frame or packet"};
  }
  std::optional<Dedup::Options> options;
  if (config.dedup.window_ns != 0) {
    options = {.window_ns = config.dedup.window_ns,
               .frames_max = config.dedup.frames_max,
               .match = is_packet ? DedupMatch::Packet : DedupMatch::Frame};
  }
  return options;
}

Result<FragmentOverlap> overlap_of(const Config& config) {
  constexpr std::array<std::string_view, 8> kNames = {"refuse",    "first", "last",    "bsd",
                                                      "bsd_right", "linux", "windows", "solaris"};
  const auto* const name = std::find(kNames.begin(), kNames.end(), config.fragments.overlap);
  if (name != kNames.end()) return static_cast<FragmentOverlap>(name - kNames.begin());
  return Error{
      "fragments.overlap: \"" + config.fragments.overlap
      + "\" is not known; expected refuse, first, last, bsd, bsd_right, linux, windows or solaris"};
}

namespace {

// The value whose name the setting `key` holds, of the `count` values of an enumeration.
template <class Value>
Result<Value> named(const char* key, const std::string& name, size_t count) {
  std::string expected;
  for (size_t i = 0; i < count; ++i) {
    const auto value = static_cast<Value>(i);
    if (name == name_of(value)) return value;
    expected += (i == 0 ? "" : i + 1 == count ? " or " : ", ") + std::string(name_of(value));
  }
  return Error{std::string(key) + ": \"" + name + "\" is not known; expected " + expected};
}

}  // namespace

Result<SegmentOverlap> segment_overlap_of(const Config& config) {
  return named<SegmentOverlap>("streams.overlap", config.streams.overlap, kSegmentOverlaps);
}

Result<OverflowPolicy> overflow_of(const Config& config) {
  return named<OverflowPolicy>("streams.overflow", config.streams.overflow, kOverflowPolicies);
}

}  // namespace flowscope
