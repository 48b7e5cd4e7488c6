#include "dataplane/app/flows_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "dataplane/export/address_text.h"
#include "dataplane/pipeline/flow_record.h"
#include "dataplane/pipeline/protocol_name.h"

namespace flowscope {

namespace {

uint64_t bytes_of(const FlowEntry& entry) { return entry.side[0].bytes() + entry.side[1].bytes(); }

std::string endpoint_text(const FlowKey& key, const Address& address, uint16_t port) {
  if (key.ip_version == 0) return "-";
  std::array<char, kAddressChars> text;
  const char* end = put_address(text.data(), address, key.ip_version);
  const std::string_view written(text.data(), static_cast<size_t>(end - text.data()));
  if (port == 0 || is_icmp(key.protocol)) return std::string(written);
  if (key.ip_version == 6) return fmt::format("[{}]:{}", written, port);
  return fmt::format("{}:{}", written, port);
}

std::string protocol_text(uint8_t protocol) {
  if (protocol == static_cast<uint8_t>(IpProtocol::Tcp)) return "TCP";
  if (protocol == static_cast<uint8_t>(IpProtocol::Udp)) return "UDP";
  return std::string(ProtocolName(protocol).text());
}

std::string line_of(const FlowEntry& entry) {
  const FlowRecord flow = flow_record_of(entry, nullptr);
  std::string source = endpoint_text(entry.key, entry.key.a_address, entry.key.a_port);
  std::string destination = endpoint_text(entry.key, entry.key.b_address, entry.key.b_port);
  if (entry.initiator == Orientation::Reverse) std::swap(source, destination);
  const double seconds =
      flow.end > flow.start ? static_cast<double>(flow.end.ns - flow.start.ns) / 1e9 : 0.0;
  return fmt::format("{:<10} {:<28} {:<28} {:<12} {:>10} {:>12} {:>9.1f}\n",
                     protocol_text(entry.key.protocol), source, destination,
                     flow.has_tcp ? flow.tcp_state : name_of(flow.state), entry.packets(),
                     bytes_of(entry), seconds);
}

}  // namespace

std::string flows_table(std::span<const FlowEntry> flows) {
  std::string text = fmt::format("---- flowscope live flows, largest first {:-<74}\n", "");
  text += fmt::format("{:<10} {:<28} {:<28} {:<12} {:>10} {:>12} {:>9}\n", "proto", "initiator",
                      "responder", "state", "packets", "bytes", "age");
  for (const FlowEntry& entry : flows) text += line_of(entry);
  return text + fmt::format("{:-<115}\n", "");
}

FlowsView::FlowsView(std::span<const std::unique_ptr<Pipeline>> pipelines) {
  for (const auto& pipeline : pipelines) {
    shares_.push_back({.pipeline = pipeline.get(), .room = std::vector<FlowEntry>(kFlowsMax)});
  }
}

void FlowsView::ask() {
  if (asked_) return;
  asked_ = true;
  for (Share& share : shares_) {
    share.flows = 0;
    // A worker that has ended takes no request and has no flows.
    share.awaited = share.pipeline->pull().ask(
        {.room = share.room, .filter = {}, .order = FlowOrder::MostBytes});
  }
}

std::optional<std::string> FlowsView::poll() {
  if (!asked_) return std::nullopt;
  for (Share& share : shares_) {
    if (!share.awaited) continue;
    const std::optional<size_t> flows = share.pipeline->pull().answer();
    if (!flows.has_value()) continue;
    share.awaited = false;
    share.flows = *flows;
  }
  if (std::any_of(shares_.begin(), shares_.end(), [](const Share& share) { return share.awaited; }))
    return std::nullopt;
  asked_ = false;
  std::vector<FlowEntry> all;
  for (const Share& share : shares_) {
    std::copy_n(share.room.begin(), share.flows, std::back_inserter(all));
  }
  std::stable_sort(all.begin(), all.end(), [](const FlowEntry& x, const FlowEntry& y) {
    return bytes_of(x) > bytes_of(y);
  });
  return flows_table(std::span<const FlowEntry>(all).first(std::min(all.size(), kFlowsMax)));
}

}  // namespace flowscope
