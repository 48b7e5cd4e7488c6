#include "dataplane/app/top_model.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace flowscope {

namespace {

double per_second(uint64_t now, uint64_t before, double seconds) {
  if (seconds <= 0) return 0;
  return static_cast<double>(now >= before ? now - before : now) / seconds;
}

// The row of the former sample with the same name, or one of zeros.
template <class Row, class Name>
Row same_row(const std::vector<Row>& rows, const Row& row, Name name) {
  const auto found = std::find_if(rows.begin(), rows.end(),
                                  [&](const Row& other) { return other.*name == row.*name; });
  return found != rows.end() ? *found : Row{};
}

auto flow_of(const TopTalker& talker) {
  return std::tie(talker.src_ip, talker.src_port, talker.dest_ip, talker.dest_port, talker.proto);
}

double order_figure(const TalkerRates& talker, TalkerOrder order) {
  switch (order) {
    case TalkerOrder::ByteRate:
      return talker.bytes;
    case TalkerOrder::PacketRate:
      return talker.packets;
    case TalkerOrder::Bytes:
      return static_cast<double>(talker.talker.bytes);
    case TalkerOrder::Age:
      return static_cast<double>(talker.talker.age_s);
  }
  return 0;
}

std::vector<PortRates> port_rates(const TopSample& now, const TopSample& before, double seconds) {
  std::vector<PortRates> all;
  for (const TopPort& port : now.ports) {
    const TopPort past = same_row(before.ports, port, &TopPort::name);
    all.push_back({.port = port,
                   .packets = per_second(port.packets, past.packets, seconds),
                   .bytes = per_second(port.bytes, past.bytes, seconds),
                   .missed = per_second(port.missed, past.missed, seconds)});
  }
  return all;
}

std::vector<WorkerRates> worker_rates(const TopSample& now, const TopSample& before,
                                      double seconds) {
  std::vector<WorkerRates> all;
  double packets = 0;
  for (const TopWorker& worker : now.workers) {
    const TopWorker past = same_row(before.workers, worker, &TopWorker::worker);
    all.push_back({.worker = worker,
                   .packets = per_second(worker.packets, past.packets, seconds),
                   .records = per_second(worker.records, past.records, seconds),
                   .shed = per_second(worker.shed, past.shed, seconds)});
    packets += all.back().packets;
  }
  for (WorkerRates& worker : all) worker.share = packets > 0 ? worker.packets / packets : 0;
  return all;
}

std::vector<ProtocolRates> protocol_rates(const TopSample& now, const TopSample& before,
                                          double seconds) {
  std::vector<ProtocolRates> all;
  for (const TopProtocol& protocol : now.protocols) {
    const TopProtocol past = same_row(before.protocols, protocol, &TopProtocol::name);
    all.push_back({.protocol = protocol,
                   .flows = per_second(protocol.flows, past.flows, seconds),
                   .records = per_second(protocol.records, past.records, seconds)});
  }
  std::stable_sort(all.begin(), all.end(), [](const ProtocolRates& a, const ProtocolRates& b) {
    return std::tie(a.flows, a.protocol.flows) > std::tie(b.flows, b.protocol.flows);
  });
  return all;
}

}  // namespace

void TopModel::add(TopSample sample) {
  before_ = std::exchange(now_, std::move(sample));
  const bool is_same_run = before_->seconds > 0 && before_->program.pid == now_.program.pid
                           && before_->program.uptime_s <= now_.program.uptime_s;
  if (!is_same_run) before_.reset();
}

TopView TopModel::view(TalkerOrder order) const {
  const TopSample none;
  const TopSample& before = before_.has_value() ? *before_ : none;
  const double seconds = before_.has_value() ? now_.seconds - before.seconds : 0;
  TopView view{.sample = now_,
               .period_s = seconds,
               .ports = port_rates(now_, before, seconds),
               .workers = worker_rates(now_, before, seconds),
               .protocols = protocol_rates(now_, before, seconds),
               .talkers = talkers(order, seconds)};
  const auto rate = [&](uint64_t TopFlows::*figure) {
    return per_second(now_.flows.*figure, before.flows.*figure, seconds);
  };
  view.flows = {.created = rate(&TopFlows::created),
                .ended = rate(&TopFlows::ended),
                .evicted = rate(&TopFlows::evicted),
                .sessions = rate(&TopFlows::sessions)};
  const TopExport &written = now_.written, &past = before.written;
  view.received = per_second(now_.ledger.received, before.ledger.received, seconds);
  view.missed = per_second(now_.ledger.missed, before.ledger.missed, seconds);
  view.records = per_second(written.records, past.records, seconds);
  view.written_bytes = per_second(written.bytes_written, past.bytes_written, seconds);
  view.shed = per_second(written.shed, past.shed, seconds);
  for (const PortRates& port : view.ports) view.received_bytes += port.bytes;
  return view;
}

std::vector<TalkerRates> TopModel::talkers(TalkerOrder order, double seconds) const {
  std::vector<TalkerRates> all;
  for (const TopTalker& talker : now_.talkers) {
    const TopTalker* past = nullptr;
    if (before_.has_value()) {
      const auto found =
          std::find_if(before_->talkers.begin(), before_->talkers.end(),
                       [&](const TopTalker& other) { return flow_of(other) == flow_of(talker); });
      // Fewer bytes than before: another flow between the same ports.
      if (found != before_->talkers.end() && found->bytes <= talker.bytes) past = &*found;
    }
    if (past != nullptr) {
      all.push_back({.talker = talker,
                     .packets = per_second(talker.packets, past->packets, seconds),
                     .bytes = per_second(talker.bytes, past->bytes, seconds)});
      continue;
    }
    // A flow younger than a second lived for one.
    const double age_s = static_cast<double>(std::max<uint64_t>(talker.age_s, 1));
    all.push_back({.talker = talker,
                   .packets = static_cast<double>(talker.packets) / age_s,
                   .bytes = static_cast<double>(talker.bytes) / age_s,
                   .averaged = true});
  }
  std::stable_sort(all.begin(), all.end(), [order](const TalkerRates& a, const TalkerRates& b) {
    return order_figure(a, order) > order_figure(b, order);
  });
  return all;
}

}  // namespace flowscope
