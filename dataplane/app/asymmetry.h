#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dataplane/app/lasting.h"
#include "dataplane/pipeline/split_sample.h"

namespace flowscope {

// Flows of one kind that have ended since the start, by how many of their directions were seen; see
// directions_of(). Halves of a flow at two workers are two flows.
struct DirectionsLine {
  uint64_t both = 0;
  uint64_t one = 0;
  SplitEstimate split;  // of those with one direction: the other one is at another worker

  [[nodiscard]] uint64_t flows() const { return both + one; }
  [[nodiscard]] double one_share() const {
    return flows() == 0 ? 0 : static_cast<double>(one) / static_cast<double>(flows());
  }
};

struct DirectionsLines {
  DirectionsLine tcp;
  DirectionsLine udp;
  uint64_t unanswered = 0;  // of UDP's with one direction: DNS, NTP, QUIC; see expects_answers()
};

// What else is known of why a direction may be missing.
struct AsymmetryFacts {
  std::vector<std::string> silent_ports;  // that brought nothing, beside others that did
  bool is_key_wide = false;               // table.key_with: more than addresses and ports
};

// Tells of flows that only ever show one direction: when that begins, and when it is over. Much of
// UDP is never answered: it is told of where another worker has the other direction, or where DNS,
// NTP and QUIC show no answer and no flow at all shows both directions.
// Thread rule: the control thread.
class AsymmetryWatch {
 public:
  // Parts of the flows with one direction only. Links that are whole have a few in a hundred: of
  // what was going on at the start, of flows evicted early. One fifth is what no accident explains;
  // it is over below half of that.
  static constexpr double kBegins = 0.2;
  static constexpr double kEnds = 0.1;
  // As few flows say enough; looks wait until so many have ended.
  static constexpr uint64_t kFlowsMin = 20;

  // Some seconds have passed; lines to tell, mostly none.
  [[nodiscard]] std::vector<std::string> look(const DirectionsLines& now,
                                              const AsymmetryFacts& facts);
  // The run is over, and every flow has ended: tells of the whole run what was not told of before.
  [[nodiscard]] std::vector<std::string> finish(const DirectionsLines& now,
                                                const AsymmetryFacts& facts);

 private:
  // What is watched of flows of one protocol.
  struct Watched {
    DirectionsLines before;  // at the last judgment
    Lasting split;
    Lasting one_way;
  };

  [[nodiscard]] bool is_split() const { return tcp_.split.is_on() || udp_.split.is_on(); }
  [[nodiscard]] bool is_one_way() const { return tcp_.one_way.is_on() || udp_.one_way.is_on(); }
  [[nodiscard]] bool is_any_on() const { return is_split() || is_one_way(); }

  Watched tcp_;
  Watched udp_;
  bool is_told_ = false;  // of anything in this run
};

}  // namespace flowscope
