#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <span>
#include <type_traits>
#include <utility>

#include "flowcore/base/arena.h"
#include "flowcore/base/prefetch.h"
#include "flowcore/extract/flow_key.h"

namespace flowscope {

// The user keeps nothing of his own with each flow.
struct NoState {};

// What makes a flow's state when none is given: its default.
template <class State>
struct DefaultState {
  State operator()(const FlowKey& /*key*/) const { return State(); }
};

// Makes the state of a new flow. Called on the packet path, once for each flow.
template <class I, class State>
concept StateInit = requires(I& init, const FlowKey& key) {
  { init(key) } -> std::convertible_to<State>;
};

// The user's state of each flow, in a place beside the flow's slot. Places are raw memory: who owns
// the column says which of them hold a state, and destroys those before the arena goes. Costs
// nothing for NoState. Thread rule: one thread.
template <class State>
class StateColumn {
 public:
  static constexpr bool kExists = !std::is_same_v<State, NoState>;
  static_assert(std::is_nothrow_move_constructible_v<State>, "states move with their flows");
  static_assert(alignof(State) <= kCacheLineBytes, "a place is aligned to a cache line at most");

  static constexpr size_t cost(uint32_t slots) { return kExists ? Arena::cost<Place>(slots) : 0; }
  StateColumn(Arena& arena, uint32_t slots) {
    if constexpr (kExists) places_ = arena.take<Place>(slots);
  }

  template <class Init>
  void make(uint32_t slot, Init& init, const FlowKey& key) {
    if constexpr (kExists) ::new (static_cast<void*>(raw(slot))) State(init(key));
  }
  void destroy(uint32_t slot) {
    if constexpr (kExists) std::destroy_at(&at(slot));
  }
  void move(uint32_t from, uint32_t to) {
    if constexpr (kExists) {
      std::construct_at(raw(to), std::move(at(from)));
      destroy(from);
    }
  }
  // Requires: the place holds a state.
  [[nodiscard]] State& at(uint32_t slot) { return *raw(slot); }

 private:
  // Room for a state, which lives when it is made and not before.
  union Place {
    Place() {}
    ~Place() {}
    State state;
  };

  State* raw(uint32_t slot) { return std::addressof(places_[slot].state); }

  std::span<Place> places_;
};

}  // namespace flowscope
