#include "dataplane/app/asymmetry.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string_view>

namespace flowscope {

namespace {

// Of the flows with one direction: from here on the workers are what parts them.
constexpr double kSplitMostly = 0.5;

DirectionsLine since(const DirectionsLine& now, const DirectionsLine& before) {
  return {.both = now.both - before.both, .one = now.one - before.one, .split = now.split};
}

DirectionsLines since(const DirectionsLines& now, const DirectionsLines& before) {
  return {.tcp = since(now.tcp, before.tcp),
          .udp = since(now.udp, before.udp),
          .unanswered = now.unanswered - before.unanswered};
}

// As far as one protocol tells. None: both directions are seen, or too few flows ended.
enum class Verdict : uint8_t { None, Split, OneWay };

Verdict verdict_on(const DirectionsLine& seen, double limit) {
  if (seen.flows() < AsymmetryWatch::kFlowsMin || seen.one_share() < limit) return Verdict::None;
  return seen.split.share() >= kSplitMostly ? Verdict::Split : Verdict::OneWay;
}

Verdict tcp_verdict(const DirectionsLines& seen, double limit) {
  return verdict_on(seen.tcp, limit);
}

// A scan, or a server that is down, leaves requests without answers as a missing leg does. But then
// some other flow shows both directions, nearly always.
Verdict udp_verdict(const DirectionsLines& seen, double limit) {
  const Verdict verdict = verdict_on(seen.udp, limit);
  if (verdict != Verdict::OneWay) return verdict;
  const bool is_any_whole = seen.tcp.both != 0 || seen.udp.both != 0;
  return seen.unanswered >= AsymmetryWatch::kFlowsMin && !is_any_whole ? Verdict::OneWay
                                                                       : Verdict::None;
}

// What is watched of the flows of one protocol.
struct Protocol {
  std::string_view name;
  DirectionsLine DirectionsLines::*line;
  Verdict (*verdict)(const DirectionsLines& seen, double limit);
  std::string_view missing;  // why nobody has the other direction
};

constexpr Protocol kTcp = {"TCP", &DirectionsLines::tcp, tcp_verdict, "it does not come here"};
constexpr Protocol kUdp = {"UDP", &DirectionsLines::udp, udp_verdict,
                           "it does not come here, or nobody answers DNS, NTP and QUIC"};

std::string split_line(const Protocol& protocol, const DirectionsLines& all) {
  const DirectionsLine& seen = all.*protocol.line;
  return fmt::format(
      "{:.0f} % of the {} flows show one direction only, and for {:.0f} % of these another worker "
      "has the other one: queues get the directions apart; --worker-resteer on brings both to one "
      "worker",
      100 * seen.one_share(), protocol.name, 100 * seen.split.share());
}

std::string one_way_line(const Protocol& protocol, const DirectionsLines& all,
                         const AsymmetryFacts& facts) {
  std::string line = fmt::format(
      "{:.0f} % of the {} flows show one direction only, and no worker has the other one: {}; look "
      "for a mirror port or tap with one leg, and for answers that take another way",
      100 * (all.*protocol.line).one_share(), protocol.name, protocol.missing);
  if (!facts.silent_ports.empty())
    line += fmt::format("; nothing came from {}", fmt::join(facts.silent_ports, ", "));
  if (facts.is_key_wide)
    line += "; or table.key_with tells the directions apart, as where they have other VLANs";
  return line;
}

}  // namespace

std::vector<std::string> AsymmetryWatch::look(const DirectionsLines& now,
                                              const AsymmetryFacts& facts) {
  std::vector<std::string> lines;
  const bool was_on = is_any_on();
  const auto watch = [&](const Protocol& protocol, Watched& watched) {
    const DirectionsLines seen = since(now, watched.before);
    if ((seen.*protocol.line).flows() < kFlowsMin) return;
    watched.before = now;
    const Verdict begun = protocol.verdict(seen, kBegins);
    const Verdict going_on = protocol.verdict(seen, kEnds);
    // What one protocol told is not told of the other.
    const bool was_split = is_split();
    const bool was_one_way = is_one_way();
    const auto split = watched.split.look(begun == Verdict::Split, going_on == Verdict::Split);
    if (split == Lasting::Change::Begun && !was_split) lines.push_back(split_line(protocol, seen));
    const auto one_way =
        watched.one_way.look(begun == Verdict::OneWay, going_on == Verdict::OneWay);
    if (one_way == Lasting::Change::Begun && !was_one_way)
      lines.push_back(one_way_line(protocol, seen, facts));
  };
  watch(kTcp, tcp_);
  watch(kUdp, udp_);
  is_told_ = is_told_ || is_any_on();
  if (was_on && !is_any_on())
    lines.emplace_back("both directions of flows are seen together again");
  return lines;
}

std::vector<std::string> AsymmetryWatch::finish(const DirectionsLines& now,
                                                const AsymmetryFacts& facts) {
  if (is_told_) return {};
  is_told_ = true;
  for (const Protocol& protocol : {kTcp, kUdp}) {
    if (protocol.verdict(now, kBegins) == Verdict::Split) return {split_line(protocol, now)};
  }
  for (const Protocol& protocol : {kTcp, kUdp}) {
    if (protocol.verdict(now, kBegins) == Verdict::OneWay)
      return {one_way_line(protocol, now, facts)};
  }
  return {};
}

}  // namespace flowscope
