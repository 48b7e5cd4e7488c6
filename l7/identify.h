#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

#include "flowcore/base/bytes.h"
#include "flowcore/base/flow_side.h"
#include "l7/known/known.h"
#include "l7/parser.h"

namespace flowscope {

// The first bytes of one side while the protocol is not known.
struct ProbePrefix {
  std::array<uint8_t, kProbeBytes> kept;
  uint8_t size = 0;
  bool begun = false;  // bytes that no parser knows came before

  [[nodiscard]] Bytes bytes() const { return {kept.data(), size}; }
  void append(Bytes bytes) {
    const Bytes fitting = bytes.first(kept.size() - size);
    std::memcpy(kept.data() + size, fitting.begin(), fitting.size());
    size = static_cast<uint8_t>(size + fitting.size());
  }
};

// For who wants parsers only.
struct NothingKnown {
  known::Sighting operator()(Bytes /*first_bytes*/) const { return {}; }
};

// Finds out which protocol a TCP flow carries, by the runs of bytes that its sides send: at their
// first bytes every parser is asked that its declared patterns leave possible, then the protocols
// without a parser; at later runs only the parsers that may be found later. Both sides count, no
// matter who speaks first. The application's streams and the library's drivers go by it.
// Thread rule: a value. Cost: a few loads for each run that fits nothing.
class FirstRuns {
 public:
  static constexpr uint8_t kRunsMax = 16;  // looked at before the flow is left alone

  enum class Outcome : uint8_t {
    Nothing,   // no protocol fits; the caller decides, then mostly calls pass_over()
    NeedMore,  // the bytes are kept
    Parser,    // `index` is its position in the set; kept_of() of both sides goes to it first
    Known,     // `index` is its position in known::kStreams; told once
    GivenUp,   // enough was looked at
  };
  struct Answer {
    Outcome outcome = Outcome::Nothing;
    uint8_t index = 0;
    size_t kept_bytes = 0;  // of the run, kept; the rest of it was not
  };

  // Looks at one run of a side. `asked`: the parsers of `Set` to be asked, a bit for each.
  // `look_known(first_bytes)` gives a known::Sighting.
  template <class Set, class LookKnown>
  Answer look(FlowSide side, Bytes run, uint32_t asked, LookKnown&& look_known);

  // Of a flow whose parser the other side showed: the parser of another protocol that the first
  // run of this side begins, where it cannot be of `parser`'s; Set::kNone where both agree.
  template <class Set>
  static uint32_t contradiction(FlowSide side, Bytes first_run, uint32_t parser, uint32_t asked) {
    if (Set::probe(parser, side, first_run.first(kProbeBytes)) != Probe::NoMatch) return Set::kNone;
    bool maybe = false;
    return ask<Set>(side, first_run, asked, maybe);
  }

  // What came of the side is no beginning of a protocol; a later run may be (behind SOCKS,
  // STARTTLS).
  void pass_over(FlowSide side) {
    at(side).size = 0;
    at(side).begun = true;
  }
  // Bytes of the side were missed. What follows them may still be recognised.
  void on_gap(FlowSide side) { at(side).size = 0; }

  [[nodiscard]] Bytes kept_of(FlowSide side) const { return prefix_[index_of(side)].bytes(); }
  [[nodiscard]] bool has_begun(FlowSide side) const { return prefix_[index_of(side)].begun; }
  [[nodiscard]] bool is_known() const { return is_known_; }

 private:
  ProbePrefix& at(FlowSide side) { return prefix_[index_of(side)]; }
  template <class Set>
  static uint32_t ask(FlowSide side, Bytes first_bytes, uint32_t asked, bool& maybe) {
    const Bytes seen = first_bytes.first(kProbeBytes);
    return Set::identify(asked & Set::candidates(seen), maybe,
                         [&]<class P>() { return P::probe(side, seen); });
  }
  template <class Set>
  Answer found(FlowSide side, uint32_t parser, size_t kept_bytes);
  [[nodiscard]] uint8_t known_by(FlowSide side, const known::Sighting& sighting);

  std::array<ProbePrefix, 2> prefix_;
  known::PairedSides paired_;  // what the side that was looked at first showed
  FlowSide paired_side_ = FlowSide::Initiator;
  uint8_t runs_ = 0;
  bool is_known_ = false;
};

template <class Set, class LookKnown>
FirstRuns::Answer FirstRuns::look(FlowSide side, Bytes run, uint32_t asked,
                                  LookKnown&& look_known) {
  if (++runs_ > kRunsMax) return {Outcome::GivenUp};
  ProbePrefix& prefix = at(side);
  // Bytes kept from earlier runs and those of this one, without a copy when nothing was kept.
  const size_t kept_before = prefix.size;
  if (kept_before != 0) prefix.append(run);
  const Bytes first_bytes = kept_before != 0 ? prefix.bytes() : run;
  if (prefix.begun) asked &= Set::kFoundLaterMask;

  bool maybe = false;
  const uint32_t parser = ask<Set>(side, first_bytes, asked, maybe);
  if (parser != Set::kNone) return found<Set>(side, parser, prefix.size - kept_before);
  // What was kept before the run led to nothing; the run itself may begin a protocol.
  bool maybe_alone = false;
  if (kept_before != 0 && !maybe) {
    const uint32_t later = ask<Set>(side, run, asked & Set::kFoundLaterMask, maybe_alone);
    if (later != Set::kNone) {
      pass_over(side);
      return found<Set>(side, later, 0);
    }
  }
  if (!prefix.begun && !is_known_) {
    const known::Sighting sighting = look_known(first_bytes);
    const uint8_t position = known_by(side, sighting);
    if (position != known::Sighting::kNone) {
      is_known_ = true;
      pass_over(FlowSide::Initiator);
      pass_over(FlowSide::Responder);
      return {Outcome::Known, position};
    }
    maybe |= sighting.maybe && first_bytes.size() < kProbeBytes;
  }
  if (!maybe && !maybe_alone) return {.kept_bytes = prefix.size - kept_before};
  if (!maybe) pass_over(side);
  if (prefix.size == 0) prefix.append(run);
  return {Outcome::NeedMore};
}

// The other side's bytes are kept because they could have been of some protocol: of this one? Not
// what was said in the protocol before it.
template <class Set>
FirstRuns::Answer FirstRuns::found(FlowSide side, uint32_t parser, size_t kept_bytes) {
  ProbePrefix& peer = at(other_side(side));
  if (peer.size != 0
      && (is_known_ || Set::probe(parser, other_side(side), peer.bytes()) == Probe::NoMatch))
    peer.size = 0;
  return {Outcome::Parser, static_cast<uint8_t>(parser), kept_bytes};
}

// The position of the protocol that this side's bytes show, alone or with what the other side
// showed; Sighting::kNone when none is sure.
inline uint8_t FirstRuns::known_by(FlowSide side, const known::Sighting& sighting) {
  if (sighting.found != known::Sighting::kNone) return sighting.found;
  if (!sighting.paired.any()) return known::Sighting::kNone;
  if (!paired_.any() || paired_side_ == side) {
    paired_ = sighting.paired;
    paired_side_ = side;
    return known::Sighting::kNone;
  }
  const uint64_t both = paired_.with(sighting.paired);
  return both != 0 ? static_cast<uint8_t>(std::countr_zero(both)) : known::Sighting::kNone;
}

}  // namespace flowscope
