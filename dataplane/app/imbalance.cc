#include "dataplane/app/imbalance.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "dataplane/app/flows_view.h"

namespace flowscope {

namespace {

// So many flows may be called few, and their packets are asked about together.
constexpr size_t kFewFlows = 8;
// Of the time: a worker that has packets for longer drops some as soon as more come.
constexpr double kBusyNearlyAlways = 0.8;
constexpr size_t kQueuesTold = 2;

double part(uint64_t some, uint64_t all) {
  return all == 0 ? 0 : static_cast<double>(some) / static_cast<double>(all);
}

uint64_t packets_of(std::span<const FlowLoad> flows) {
  uint64_t packets = 0;
  for (const FlowLoad& flow : flows) packets += flow.packets;
  return packets;
}

uint64_t flows_of(std::span<const WorkerLoad> loads) {
  uint64_t flows = 0;
  for (const WorkerLoad& load : loads) flows += load.flows;
  return flows;
}

std::string place_of(size_t worker, const SpreadWay& way) {
  if (worker >= way.workers.size()) return {};
  const WorkerPlace& place = way.workers[worker];
  std::string text = place.lcore >= 0 ? fmt::format("lcore {}", place.lcore) : "";
  for (size_t i = 0; i < std::min(place.queues.size(), kQueuesTold); ++i) {
    text += fmt::format("{}{} queue {}", text.empty() ? "" : ", ", place.ports[i], place.queues[i]);
  }
  if (place.queues.size() > kQueuesTold)
    text += fmt::format(" and {} more", place.queues.size() - kQueuesTold);
  return text.empty() ? text : " (" + text + ")";
}

// Of the workers but one, how busy they are on average.
double busy_of_others(std::span<const WorkerLoad> loads, size_t worker) {
  double busy = 0;
  for (size_t i = 0; i < loads.size(); ++i) busy += i == worker ? 0 : loads[i].busy;
  return busy / static_cast<double>(std::max<size_t>(loads.size() - 1, 1));
}

std::string largest_text(std::span<const FlowLoad> heaviest, const WorkerLoad& load) {
  if (heaviest.empty()) return {};
  return fmt::format("{} with {:.0f} %", flow_text(heaviest.front().entry),
                     100 * part(heaviest.front().packets, load.packets));
}

std::string why(ImbalanceCause cause, const WorkerLoad& load, uint64_t flows,
                std::span<const FlowLoad> heaviest) {
  const std::string largest = largest_text(heaviest, load);
  switch (cause) {
    case ImbalanceCause::NoQueue:
      return "there are workers without a queue: --worker-resteer on gives them flows, or --rxq "
             "more queues";
    case ImbalanceCause::OneFlow:
      return fmt::format(
          "one flow carries them, {}; no hash and no re-steer divides a flow: spend less on it "
          "(--streams-depth-bytes), or keep it away from flowscope",
          largest);
    case ImbalanceCause::FewFlows:
      return fmt::format(
          "few flows carry them, of {} in all{}{}; chance deals few flows out unevenly, other "
          "queues or settings would not",
          flows, largest.empty() ? "" : ", the heaviest ", largest);
    case ImbalanceCause::NoFlow:
      return fmt::format(
          "{:.0f} % of them belong to no flow and stay with their queue; the fates in the "
          "statistics say what they are",
          100 * part(load.flowless, load.packets));
    case ImbalanceCause::Tunnels:
      return fmt::format(
          "{:.0f} % of them are in tunnels, which devices hash by their outer addresses: "
          "--worker-resteer on spreads what is inside",
          100 * part(load.tunnelled, load.packets));
    case ImbalanceCause::Addresses:
      return "devices hash addresses alone: --rss udp takes ports as well, or --worker-resteer on "
             "spreads by flow";
    case ImbalanceCause::Uneven:
      return "the queues get uneven shares of the flows: --worker-resteer on spreads them evenly";
  }
  return {};
}

}  // namespace

Busiest busiest_of(std::span<const WorkerLoad> loads) {
  uint64_t packets = 0;
  for (const WorkerLoad& load : loads) packets += load.packets;
  if (packets == 0) return {};
  const auto most = std::ranges::max_element(loads, {}, &WorkerLoad::packets);
  const double share = part(most->packets, packets);
  return {.worker = static_cast<size_t>(most - loads.begin()),
          .share = share,
          .ratio = share * static_cast<double>(loads.size())};
}

double ratio_by_chance(uint64_t flows, size_t workers) {
  const double others = static_cast<double>(workers) - 1;
  return 1 + 4 * std::sqrt(others / static_cast<double>(std::max<uint64_t>(flows, 1)));
}

ImbalanceCause cause_of(std::span<const WorkerLoad> loads, const Busiest& busiest,
                        std::span<const FlowLoad> heaviest, const SpreadWay& way) {
  const WorkerLoad& load = loads[busiest.worker];
  const auto is_half = [&](uint64_t packets) { return packets >= load.packets - packets; };
  const auto capped = [&](uint64_t packets) { return std::min(packets, load.packets); };
  if (!way.is_by_flow && std::ranges::any_of(way.workers, [](const WorkerPlace& place) {
        return place.queues.empty();
      }))
    return ImbalanceCause::NoQueue;
  if (is_half(capped(load.flowless))) return ImbalanceCause::NoFlow;
  if (is_half(capped(packets_of(heaviest.first(std::min<size_t>(heaviest.size(), 1))))))
    return ImbalanceCause::OneFlow;
  const auto few = heaviest.first(std::min(heaviest.size(), kFewFlows));
  // A keyed hash is fair to flows: where it decides, it is their sizes that are not.
  if (way.is_by_flow || is_half(capped(packets_of(few)))
      || busiest.ratio <= ratio_by_chance(flows_of(loads), loads.size()))
    return ImbalanceCause::FewFlows;
  if (is_half(capped(load.tunnelled))) return ImbalanceCause::Tunnels;
  return way.has_ports ? ImbalanceCause::Uneven : ImbalanceCause::Addresses;
}

bool is_worth_telling(ImbalanceCause cause, const WorkerLoad& load, const WorkerLoss& loss) {
  if (cause != ImbalanceCause::OneFlow && cause != ImbalanceCause::FewFlows) return true;
  return loss.is_any() || load.busy >= kBusyNearlyAlways;
}

std::string imbalance_line(std::span<const WorkerLoad> loads, const Busiest& busiest,
                           std::span<const FlowLoad> heaviest, const SpreadWay& way,
                           const WorkerLoss& loss) {
  const WorkerLoad& load = loads[busiest.worker];
  const ImbalanceCause cause = cause_of(loads, busiest, heaviest, way);
  std::string line = fmt::format(
      "worker {}{} gets {:.0f} % of the packets, {:.1f} times its share, and is busy {:.0f} % of "
      "the time, the others {:.0f} %: {}",
      busiest.worker, place_of(busiest.worker, way), 100 * busiest.share, busiest.ratio,
      100 * load.busy, 100 * busy_of_others(loads, busiest.worker),
      why(cause, load, flows_of(loads), heaviest));
  if (loss.missed != 0) line += fmt::format("; {} packets were missed at its ports", loss.missed);
  if (loss.resteer_full != 0)
    line += fmt::format("; {} were dropped because rings to other workers were full",
                        loss.resteer_full);
  return line;
}

std::vector<FlowLoad> flow_loads(std::span<const FlowEntry> before, std::span<const FlowEntry> now,
                                 size_t rows_max) {
  const auto bytes_of = [](const FlowEntry& entry) {
    return entry.side[0].bytes() + entry.side[1].bytes();
  };
  const bool was_full = before.size() >= rows_max && !before.empty();
  const uint64_t bytes_before_max = was_full ? bytes_of(before.back()) : 0;
  std::vector<FlowLoad> loads;
  for (const FlowEntry& entry : now) {
    const auto past = std::ranges::find_if(before, [&](const FlowEntry& other) {
      return other.key == entry.key && other.started_ns == entry.started_ns;
    });
    uint64_t packets = entry.packets();
    if (past != before.end()) {
      packets -= std::min(packets, past->packets());
    } else if (const uint64_t bytes = bytes_of(entry); bytes != 0) {
      const uint64_t bytes_new = bytes - std::min(bytes, bytes_before_max);
      packets = static_cast<uint64_t>(static_cast<double>(packets) * part(bytes_new, bytes));
    }
    loads.push_back({.entry = entry, .packets = packets});
  }
  std::ranges::stable_sort(loads, std::ranges::greater{}, &FlowLoad::packets);
  return loads;
}

}  // namespace flowscope
