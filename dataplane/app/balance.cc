#include "dataplane/app/balance.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace flowscope {

namespace {

// A worker that has not looked through its flows after two seconds of turns is busy with something
// else: the line goes out without them.
constexpr uint32_t kTurnsMax = 40;

uint32_t percent(double part) { return static_cast<uint32_t>(std::lround(100 * part)); }

double busy_of(uint64_t busy, uint64_t idle) {
  const uint64_t looks = busy + idle;
  return looks == 0 ? 0 : static_cast<double>(busy) / static_cast<double>(looks);
}

DirectionsLines directions_of(const StatsMoment& now) {
  return {.tcp = now.flows.tcp_directions,
          .udp = now.flows.udp_directions,
          .unanswered = now.flows.udp_unanswered};
}

}  // namespace

Balance::Balance(const Options& options, FlowsView& flows_view, LoadFigures& shown)
    : options_(options), flows_view_(flows_view), shown_(shown) {}

bool Balance::turn(uint64_t now_ns, std::span<const Pulse::Beat> beats) {
  if (options_.period_ns == 0) return false;
  looks_.resize(beats.size());
  for (size_t i = 0; i < beats.size(); ++i) {
    const Stage stage = beats[i].stage();
    // Receive is both: a poll that finds something and one that does not.
    if (stage == Stage::Idle) ++looks_[i].idle;
    if (stage > Stage::Receive && stage <= Stage::Release) ++looks_[i].busy;
  }
  if (period_end_ns_ == 0) period_end_ns_ = now_ns + options_.period_ns;
  if (now_ns < period_end_ns_) return false;
  period_end_ns_ = now_ns + options_.period_ns;
  return true;
}

std::vector<std::string> Balance::look(const StatsMoment& now) {
  std::vector<std::string> lines = asymmetry_.look(directions_of(now), facts_since(before_, now));
  if (auto line = watch_loads(now)) lines.push_back(std::move(*line));
  looks_.assign(looks_.size(), {});
  before_ = now;
  return lines;
}

std::vector<WorkerLoad> Balance::loads_since(const StatsMoment& now) const {
  std::vector<WorkerLoad> loads;
  for (size_t i = 0; i < now.workers.size(); ++i) {
    const WorkerLine& line = now.workers[i];
    const WorkerLine past = i < before_.workers.size() ? before_.workers[i] : WorkerLine{};
    const Looks looks = i < looks_.size() ? looks_[i] : Looks{};
    // What a full ring took was the load of its owner, and not of the worker that sent it.
    const uint64_t dropped = line.resteer_full - past.resteer_full;
    const uint64_t packets = line.packets - past.packets;
    const uint64_t kept = packets - std::min(packets, dropped);
    const uint64_t flowless = line.packets - line.tracked - line.resteer_full;
    const uint64_t flowless_before = past.packets - past.tracked - past.resteer_full;
    loads.push_back({.packets = kept,
                     .tunnelled = line.tunnelled - past.tunnelled,
                     .flowless = flowless - std::min(flowless, flowless_before),
                     .flows = line.flows_live + line.flows_ended - past.flows_ended,
                     .busy = busy_of(looks.busy, looks.idle)});
  }
  return loads;
}

bool Balance::is_of(const PortLine& port, size_t worker) const {
  // The line's name has the driver's behind it.
  return worker < way_.workers.size()
         && std::ranges::any_of(way_.workers[worker].ports, [&](const std::string& name) {
              return port.name == name || port.name.starts_with(name + " (");
            });
}

WorkerLoss Balance::loss_since(const StatsMoment& now, size_t worker) const {
  WorkerLoss loss = {.resteer_full = now.total(&WorkerLine::resteer_full)
                                     - before_.total(&WorkerLine::resteer_full)};
  for (size_t i = 0; i < now.ports.size(); ++i) {
    if (!now.ports[i].loss_known || !is_of(now.ports[i], worker)) continue;
    loss.missed += now.ports[i].missed - (i < before_.ports.size() ? before_.ports[i].missed : 0);
  }
  return loss;
}

AsymmetryFacts Balance::facts_since(const StatsMoment& before, const StatsMoment& now) const {
  AsymmetryFacts facts = {.silent_ports = {}, .is_key_wide = options_.is_key_wide};
  for (size_t i = 0; i < now.ports.size(); ++i) {
    const uint64_t past = i < before.ports.size() ? before.ports[i].packets : 0;
    if (now.ports[i].packets == past) facts.silent_ports.push_back(now.ports[i].name);
  }
  // Where all are silent, packets come from elsewhere than ports.
  if (facts.silent_ports.size() == now.ports.size()) facts.silent_ports.clear();
  return facts;
}

std::optional<std::string> Balance::watch_loads(const StatsMoment& now) {
  const std::vector<WorkerLoad> loads = loads_since(now);
  for (size_t i = 0; i < loads.size(); ++i) shown_.show_busy(i, percent(loads[i].busy));
  const Busiest busiest = busiest_of(loads);
  shown_.show_imbalance(percent(busiest.ratio));
  if (options_.imbalance_percent == 0 || loads.size() < 2) return std::nullopt;
  const double limit = options_.imbalance_percent / 100.0;
  const double end_limit = 1 + (limit - 1) / 2;
  const WorkerLoss loss = loss_since(now, busiest.worker);
  const double rate_min =
      static_cast<double>(kPacketsPerSecondMin) * (now.seconds - before_.seconds);
  const bool is_much =
      loss.is_any() || static_cast<double>(loads[busiest.worker].packets) >= rate_min;
  switch (
      imbalance_.look(is_much && busiest.ratio >= limit, is_much && busiest.ratio >= end_limit)) {
    case Lasting::Change::None:
      break;
    case Lasting::Change::Suspected:
      flows_before_.clear();
      first_round_ = flows_view_.ask_by_worker();
      break;
    case Lasting::Change::Begun:
      pending_ = {
          .loads = loads, .busiest = busiest, .loss = loss, .round = flows_view_.ask_by_worker()};
      since_seconds_ = now.seconds;
      break;
    case Lasting::Change::Ended:
      pending_.reset();
      if (!is_told_) break;
      is_told_ = false;
      if (!is_much)
        return fmt::format("no worker has too much any more, after {:.0f} s: few packets come",
                           now.seconds - since_seconds_);
      return fmt::format(
          "the workers share the packets again, after {:.0f} s: the busiest, worker {}, gets "
          "{:.0f} %",
          now.seconds - since_seconds_, busiest.worker, 100 * busiest.share);
  }
  return std::nullopt;
}

std::optional<std::string> Balance::poll() {
  if (first_round_.has_value()) {
    if (auto flows = flows_view_.by_worker(*first_round_); flows.has_value()) {
      flows_before_ = std::move(*flows);
      first_round_.reset();
    }
  }
  if (!pending_.has_value()) return std::nullopt;
  const auto flows = flows_view_.by_worker(pending_->round);
  if (!flows.has_value() && ++pending_->turns < kTurnsMax) return std::nullopt;
  const Pending pending = std::move(*pending_);
  pending_.reset();
  const size_t worker = pending.busiest.worker;
  std::vector<FlowLoad> heaviest;
  // Without the flows of before it is not known which are heavy now.
  if (flows.has_value() && worker < flows_before_.size())
    heaviest = flow_loads(flows_before_[worker], (*flows)[worker], FlowsView::kFlowsMax);
  const ImbalanceCause cause = cause_of(pending.loads, pending.busiest, heaviest, way_);
  if (!is_worth_telling(cause, pending.loads[worker], pending.loss)) {
    imbalance_.forget();
    return std::nullopt;
  }
  is_told_ = true;
  return imbalance_line(pending.loads, pending.busiest, heaviest, way_, pending.loss);
}

std::vector<std::string> Balance::finish(const StatsMoment& now) {
  if (options_.period_ns == 0) return {};
  return asymmetry_.finish(directions_of(now), facts_since({}, now));
}

}  // namespace flowscope
