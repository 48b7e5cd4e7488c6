#pragma once

#include <cstdint>

namespace flowscope {

// Tells a state that lasts from one that comes and goes: it has begun when two looks running found
// it, and it is over when two running did not. Give it two different limits, so that what lies
// between them changes nothing.
class Lasting {
 public:
  enum class Change : uint8_t { None, Suspected, Begun, Ended };

  // `begins`: the upper limit is passed. `goes_on`: at least the lower one is.
  [[nodiscard]] Change look(bool begins, bool goes_on) {
    if (is_on_) {
      looks_ = goes_on ? 0 : looks_ + 1;
      return looks_ < kLooks ? Change::None : turn(Change::Ended);
    }
    looks_ = begins ? looks_ + 1 : 0;
    if (looks_ == 0) return Change::None;
    return looks_ < kLooks ? Change::Suspected : turn(Change::Begun);
  }
  [[nodiscard]] bool is_on() const { return is_on_; }
  // As if nothing had been seen.
  void forget() { *this = {}; }

 private:
  static constexpr uint32_t kLooks = 2;

  Change turn(Change change) {
    is_on_ = change == Change::Begun;
    looks_ = 0;
    return change;
  }

  uint32_t looks_ = 0;
  bool is_on_ = false;
};

}  // namespace flowscope
