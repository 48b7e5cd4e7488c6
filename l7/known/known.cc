#include "l7/known/known.h"

#include <bit>
#include <span>
#include <string>
#include <string_view>

#include "l7/first_bytes_table.h"
#include "l7/known/rules.h"

namespace flowscope::known {

namespace {

using Of = FirstBytesRule::Of;

constexpr size_t declared_by(const KnownProtocol& protocol) {
  size_t count = 0;
  while (count < protocol.first_bytes.size() && protocol.first_bytes[count].pattern != nullptr)
    ++count;
  return count;
}

template <size_t kProtocols>
constexpr size_t declared_by_all(const std::array<KnownProtocol, kProtocols>& protocols) {
  size_t count = 0;
  for (const KnownProtocol& protocol : protocols) count += declared_by(protocol);
  return count;
}

// The declarations of all protocols, read; those of protocol i are [begin[i], begin[i + 1]).
template <size_t kProtocols, size_t kRules>
struct Rules {
  std::array<FirstBytesRule, kRules> rule{};
  std::array<uint16_t, kProtocols + 1> begin{};

  explicit constexpr Rules(const std::array<KnownProtocol, kProtocols>& protocols) {
    size_t next = 0;
    for (size_t i = 0; i < kProtocols; ++i) {
      begin[i] = static_cast<uint16_t>(next);
      for (size_t k = 0; k < declared_by(protocols[i]); ++k)
        rule[next++] = FirstBytesRule::of(static_cast<uint8_t>(i), protocols[i].first_bytes[k]);
    }
    begin[kProtocols] = static_cast<uint16_t>(next);
  }
};

constexpr Rules<kStreams.size(), declared_by_all(kStreams)> kStreamRules(kStreams);
constexpr Rules<kDatagrams.size(), declared_by_all(kDatagrams)> kDatagramRules(kDatagrams);
constexpr FirstBytesTable kStreamTable(kStreamRules.rule, 0);
constexpr FirstBytesTable kDatagramTable(kDatagramRules.rule, 0);

constexpr bool has_port(const KnownProtocol& protocol, Ports ports) {
  for (const uint16_t port : protocol.ports) {
    if (port != 0 && (port == ports.a || port == ports.b)) return true;
  }
  return false;
}

void note_paired(const FirstBytesRule& rule, PairedSides& paired) {
  const uint64_t owner = uint64_t{1} << rule.owner;
  if (rule.role != Role::Server) paired.client |= owner;
  if (rule.role != Role::Client) paired.server |= owner;
}

// One protocol shown by its distinctive bytes goes before all that only a port speaks for; among
// equals the first that is declared.
class Search {
 public:
  Search(Bytes run, Ports ports, Of of)
      : looked_at_(run.first(kLookedAtBytes)), run_bytes_(run.size()), ports_(ports), of_(of) {}

  // False when the protocol is found.
  bool ask(const KnownProtocol& protocol, std::span<const FirstBytesRule> rules) {
    for (const FirstBytesRule& rule : rules) {
      const Probe answer = rule.match(looked_at_, run_bytes_, of_);
      if (answer == Probe::NoMatch) continue;
      if (answer == Probe::NeedMore) {
        result_.maybe |= rule.evidence == Evidence::Alone;
        continue;
      }
      if (rule.evidence == Evidence::Alone) {
        result_.found = rule.owner;
        return false;
      }
      if (rule.evidence == Evidence::Paired) note_paired(rule, result_.paired);
      if (at_port_ == Sighting::kNone && has_port(protocol, ports_)) at_port_ = rule.owner;
    }
    return true;
  }
  [[nodiscard]] Sighting result() {
    if (result_.found == Sighting::kNone) result_.found = at_port_;
    return result_;
  }

 private:
  Bytes looked_at_;
  size_t run_bytes_;
  Ports ports_;
  Of of_;
  uint8_t at_port_ = Sighting::kNone;
  Sighting result_;
};

template <class Protocols, class AllRules>
Sighting look(const Protocols& protocols, const AllRules& rules, uint64_t candidates,
              Search search) {
  for (; candidates != 0; candidates &= candidates - 1) {
    const auto i = static_cast<size_t>(std::countr_zero(candidates));
    const std::span all(rules.rule);
    const std::span own = all.subspan(rules.begin[i], rules.begin[i + 1] - rules.begin[i]);
    if (!search.ask(protocols[i], own)) break;
  }
  return search.result();
}

}  // namespace

std::span<const FirstBytesRule> stream_rules() { return kStreamRules.rule; }
std::span<const FirstBytesRule> datagram_rules() { return kDatagramRules.rule; }

std::string expression_of(const FirstBytesRule& rule) {
  std::string_view pattern = rule.pattern.text();
  std::string expression;
  constexpr std::string_view kAnyCase = "(?i)";
  if (pattern.starts_with(kAnyCase)) {
    expression = kAnyCase;
    pattern.remove_prefix(kAnyCase.size());
  }
  expression += '^';
  if (rule.offset != 0) expression += ".{" + std::to_string(rule.offset) + "}";
  return expression.append(pattern);
}

uint64_t stream_candidates(Bytes run) { return kStreamTable.candidates(run); }
uint64_t datagram_candidates(Bytes payload) { return kDatagramTable.candidates(payload); }

Sighting look_at_stream(Bytes run, Ports ports) {
  const uint64_t candidates = kStreamTable.candidates(run);
  if (candidates == 0) return {};
  return look(kStreams, kStreamRules, candidates, Search(run, ports, Of::Stream));
}

Sighting look_at_datagram(Bytes payload, Ports ports) {
  const uint64_t candidates = kDatagramTable.candidates(payload);
  if (candidates == 0) return {};
  return look(kDatagrams, kDatagramRules, candidates, Search(payload, ports, Of::Datagram));
}

}  // namespace flowscope::known
