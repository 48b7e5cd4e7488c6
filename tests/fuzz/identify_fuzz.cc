#include <cstddef>
#include <cstdint>
#include <span>

#include "flowcore/base/check.h"
#include "l7/identify.h"
#include "l7/known/rules.h"
#include "l7/parser_list.h"

// The input: two ports of two bytes each, then runs of a TCP flow: one byte (bit 0 the side, bits 1
// to 7 the bytes of the run) and the run. What lies behind the ports is looked at as a datagram as
// well.
namespace flowscope {
namespace {

using StreamSet = ParserSet<AllStreamParsers>;
using known::Sighting;
using Of = FirstBytesRule::Of;

template <class Protocols>
bool has_port(const Protocols& protocols, uint8_t owner, known::Ports ports) {
  for (const uint16_t port : protocols[owner].ports) {
    if (port != 0 && (port == ports.a || port == ports.b)) return true;
  }
  return false;
}

// The same answer as the table's, by asking every declaration.
template <class Protocols>
uint8_t found_by_all(const Protocols& protocols, std::span<const FirstBytesRule> rules, Bytes run,
                     known::Ports ports, Of of) {
  uint8_t at_port = Sighting::kNone;
  for (const FirstBytesRule& rule : rules) {
    if (rule.match(run.first(kLookedAtBytes), run.size(), of) != Probe::Match) continue;
    if (rule.evidence == Evidence::Alone) return rule.owner;
    if (at_port == Sighting::kNone && has_port(protocols, rule.owner, ports)) at_port = rule.owner;
  }
  return at_port;
}

void check_stream(Bytes runs, known::Ports ports) {
  FirstRuns first;
  while (runs.size() > 1) {
    const auto side = (runs[0] & 1) == 0 ? FlowSide::Initiator : FlowSide::Responder;
    const Bytes run = runs.sub(1, size_t{runs[0]} >> 1);
    runs = runs.after(1 + run.size());
    if (run.empty()) continue;
    const FirstRuns::Answer answer =
        first.look<StreamSet>(side, run, UINT32_MAX, [&](Bytes first_bytes) {
          const Sighting sighting = known::look_at_stream(first_bytes, ports);
          FS_CHECK(sighting.found
                   == found_by_all(known::kStreams, known::stream_rules(), first_bytes, ports,
                                   Of::Stream));
          return sighting;
        });
    FS_CHECK(answer.kept_bytes <= run.size());
    switch (answer.outcome) {
      case FirstRuns::Outcome::Nothing:
        first.pass_over(side);
        break;
      case FirstRuns::Outcome::NeedMore:
        FS_CHECK(!first.kept_of(side).empty());
        break;
      case FirstRuns::Outcome::Known:
        FS_CHECK(answer.index < known::kStreams.size() && first.is_known());
        break;
      case FirstRuns::Outcome::Parser:
        FS_CHECK(answer.index < StreamSet::kCount);
        return;
      case FirstRuns::Outcome::GivenUp:
        return;
    }
  }
}

}  // namespace

void check_input(Bytes input) {
  if (input.size() < 5) return;
  const known::Ports ports{load_be16(input, 0), load_be16(input, 2)};
  const Bytes datagram = input.after(4);
  check_stream(datagram, ports);
  FS_CHECK(
      known::look_at_datagram(datagram, ports).found
      == found_by_all(known::kDatagrams, known::datagram_rules(), datagram, ports, Of::Datagram));
}

}  // namespace flowscope

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  flowscope::check_input({bytes, size});
  return 0;
}
