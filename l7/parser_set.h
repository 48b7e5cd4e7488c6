#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <tuple>
#include <utility>

#include "flowcore/base/slab.h"
#include "l7/first_bytes_table.h"
#include "l7/parser.h"

namespace flowscope {

// Joins the type lists of all protocol folders.
template <class... Lists>
struct JoinLists;
template <class... T>
struct JoinLists<TypeList<T...>> {
  using Type = TypeList<T...>;
};
template <class... A, class... B, class... Rest>
struct JoinLists<TypeList<A...>, TypeList<B...>, Rest...> {
  using Type = typename JoinLists<TypeList<A..., B...>, Rest...>::Type;
};
template <>
struct JoinLists<> {
  using Type = TypeList<>;
};

// Whether the parser says kFoundLater.
template <class P>
constexpr bool found_later() {
  if constexpr (requires { P::kFoundLater; }) return P::kFoundLater;
  return false;
}

// What the parser declares of its first bytes; nothing when it declares none.
template <class P>
constexpr auto first_bytes_of() {
  if constexpr (requires { P::kFirstBytes; }) {
    return P::kFirstBytes;
  } else {
    return std::array<FirstBytes, 0>{};
  }
}

// Places for parsers of a type, of the instances that there may be of each.
template <class P>
constexpr uint32_t instances_of(uint32_t instances_each) {
  constexpr uint32_t kBriefShare = 4;
  if constexpr (requires { requires P::kBrief; }) return instances_each / kBriefShare + 1;
  return instances_each;
}

template <class List>
class ParserSet;

// The parsers of one kind that are built in, each with a slab of instances. Parsers are named by
// their position in the list; dispatch over the closed list is a jump table, not a virtual call.
// Thread rule: one worker.
template <class... P>
class ParserSet<TypeList<P...>> {
 public:
  static constexpr uint32_t kCount = sizeof...(P);
  static_assert(kCount <= 32, "parsers are named by the bits of a word");
  static constexpr uint32_t kNone = UINT32_MAX;
  static constexpr std::array<std::string_view, kCount> kNames = {P::kName...};

  static size_t cost(uint32_t instances_each) {
    return (size_t{0} + ... + Slab<P>::cost(instances_of<P>(instances_each)));
  }
  ParserSet(Arena& arena, uint32_t instances_each)
      : slabs_{Slab<P>(arena, instances_of<P>(instances_each))...} {}

  // A new parser of type `index`; 0 when its slab is full.
  uint32_t make(uint32_t index, const ParserSetup& setup) {
    uint32_t handle = 0;
    at(index, [&](auto& slab) { handle = slab.make(setup); });
    return handle;
  }
  void destroy(uint32_t index, uint32_t handle) {
    at(index, [&](auto& slab) { slab.destroy(handle); });
  }
  // Calls f(parser) with the live parser `handle` of type `index`.
  template <class F>
  void with(uint32_t index, uint32_t handle, F&& f) {
    at(index, [&](auto& slab) { f(slab.get(handle)); });
  }

  // Bit i: parser i may begin behind the bytes of an unknown protocol (SOCKS, STARTTLS, ...).
  static constexpr uint32_t kFoundLaterMask = [] {
    uint32_t mask = 0;
    uint32_t index = 0;
    ((mask |= uint32_t{found_later<P>()} << index++), ...);
    return mask;
  }();

  // Bit i: parser i may know a flow by these first bytes. A parser that declares none always may.
  static uint32_t candidates(Bytes first_bytes) {
    if constexpr (kDeclared == 0) {
      return UINT32_MAX;
    } else {
      return static_cast<uint32_t>(kTable.candidates(first_bytes));
    }
  }

  // Asks probe.template operator()<Parser>() of each type of the mask in order: the first that
  // matches, or kNone; `maybe` tells that some type needs more bytes.
  template <class F>
  static uint32_t identify(uint32_t asked_mask, bool& maybe, F&& probe) {
    uint32_t found = kNone;
    maybe = false;
    uint32_t index = 0;
    const auto ask = [&](Probe answer) {
      if (answer == Probe::Match) found = index;
      maybe |= answer == Probe::NeedMore;
      ++index;
      return answer == Probe::Match;
    };
    (void)(ask((asked_mask >> index & 1) != 0 ? probe.template operator()<P>() : Probe::NoMatch)
           || ...);
    return found;
  }

  // What the probe of parser `index` says.
  static Probe probe(uint32_t index, FlowSide side, Bytes first_bytes) {
    Probe answer = Probe::NoMatch;
    uint32_t next = 0;
    (void)((next++ == index && (answer = P::probe(side, first_bytes), true)) || ...);
    return answer;
  }

 private:
  static constexpr size_t kDeclared = (size_t{0} + ... + first_bytes_of<P>().size());
  static constexpr FirstBytesTable make_table() {
    std::array<FirstBytesRule, kDeclared> rules{};
    uint64_t open = 0;
    size_t next = 0;
    uint8_t index = 0;
    const auto add = [&](const auto& declared) {
      if (declared.empty()) open |= uint64_t{1} << index;
      for (const FirstBytes& first_bytes : declared)
        rules[next++] = FirstBytesRule::of(index, first_bytes);
      ++index;
    };
    (add(first_bytes_of<P>()), ...);
    return {rules, open};
  }
  static constexpr FirstBytesTable kTable = make_table();

  template <class F>
  void at(uint32_t index, F&& f) {
    [&]<size_t... I>(std::index_sequence<I...>) {
      (void)((I == index && (f(std::get<I>(slabs_)), true)) || ...);
    }
    (std::index_sequence_for<P...>{});
  }

  std::tuple<Slab<P>...> slabs_;
};

}  // namespace flowscope
