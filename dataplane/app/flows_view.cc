#include "dataplane/app/flows_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <thread>
#include <utility>

#include "dataplane/export/address_text.h"
#include "dataplane/pipeline/flow_record.h"
#include "dataplane/pipeline/pipeline.h"
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

std::string flow_text(const FlowEntry& entry) {
  std::string source = endpoint_text(entry.key, entry.key.a_address, entry.key.a_port);
  std::string destination = endpoint_text(entry.key, entry.key.b_address, entry.key.b_port);
  if (entry.initiator == Orientation::Reverse) std::swap(source, destination);
  return fmt::format("{} {} -> {}", protocol_text(entry.key.protocol), source, destination);
}

FlowsView::FlowsView(std::span<const std::unique_ptr<Pipeline>> pipelines) {
  for (const auto& pipeline : pipelines) {
    shares_.push_back({.pipeline = pipeline.get(), .room = std::vector<FlowEntry>(kFlowsMax)});
  }
}

void FlowsView::ask() {
  const std::lock_guard lock(mutex_);
  if (table_round_ == 0) table_round_ = begin_round();
}

std::optional<std::string> FlowsView::poll() {
  const std::lock_guard lock(mutex_);
  if (table_round_ == 0 || !is_over(table_round_)) return std::nullopt;
  table_round_ = 0;
  return flows_table(
      std::span<const FlowEntry>(largest_).first(std::min(largest_.size(), kTableFlowsMax)));
}

std::optional<std::vector<FlowEntry>> FlowsView::largest(std::chrono::milliseconds wait_max) {
  constexpr auto kPause = std::chrono::milliseconds(1);
  uint64_t round = 0;
  for (std::chrono::milliseconds waited{0}; waited <= wait_max; waited += kPause) {
    {
      const std::lock_guard lock(mutex_);
      if (round == 0) round = begin_round();
      if (is_over(round)) return largest_;
    }
    std::this_thread::sleep_for(kPause);
  }
  return std::nullopt;
}

uint64_t FlowsView::ask_by_worker() {
  const std::lock_guard lock(mutex_);
  return begin_round();
}

std::optional<std::vector<std::vector<FlowEntry>>> FlowsView::by_worker(uint64_t number) {
  const std::lock_guard lock(mutex_);
  if (!is_over(number)) return std::nullopt;
  return by_worker_;
}

uint64_t FlowsView::begin_round() {
  if (rounds_begun_ != rounds_over_) return rounds_begun_;
  for (Share& share : shares_) {
    share.flows = 0;
    // A worker that has ended takes no request and has no flows.
    share.awaited = share.pipeline->pull().ask(
        {.room = share.room, .filter = {}, .order = FlowOrder::MostBytes});
  }
  return ++rounds_begun_;
}

bool FlowsView::is_over(uint64_t round) {
  if (rounds_over_ >= round) return true;
  for (Share& share : shares_) {
    if (!share.awaited) continue;
    const std::optional<size_t> flows = share.pipeline->pull().answer();
    if (!flows.has_value()) continue;
    share.awaited = false;
    share.flows = *flows;
  }
  if (std::ranges::any_of(shares_, [](const Share& share) { return share.awaited; })) return false;
  gather();
  rounds_over_ = rounds_begun_;
  return true;
}

void FlowsView::gather() {
  largest_.clear();
  by_worker_.clear();
  for (const Share& share : shares_) {
    const auto end = share.room.begin() + static_cast<ptrdiff_t>(share.flows);
    by_worker_.emplace_back(share.room.begin(), end);
    largest_.insert(largest_.end(), share.room.begin(), end);
  }
  std::ranges::stable_sort(
      largest_, [](const FlowEntry& x, const FlowEntry& y) { return bytes_of(x) > bytes_of(y); });
  largest_.resize(std::min(largest_.size(), kFlowsMax));
}

}  // namespace flowscope
