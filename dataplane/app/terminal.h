#pragma once

#include <termios.h>

#include <cstddef>
#include <string>
#include <vector>

#include "dataplane/app/top_screen.h"

namespace flowscope {

struct TerminalSize {
  size_t columns = 80;
  size_t rows = 24;
};

enum class Colours : uint8_t { Off, On };

// What a terminal is sent to show these lines in place of what it shows, without clearing it first:
// it does not flicker.
[[nodiscard]] std::string frame_of(const std::vector<ScreenLine>& lines, Colours colours);

// The user's terminal, on standard input and output: its second screen, without cursor, keys as
// they are pressed. All is given back by leave() and the destructor. One at a time, one thread.
class Terminal {
 public:
  // Whether both are terminals.
  [[nodiscard]] static bool is_there();

  Terminal() { enter(); }
  ~Terminal() { leave(); }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;
  Terminal(Terminal&&) = delete;
  Terminal& operator=(Terminal&&) = delete;

  // Both may be called at any time, also twice.
  void enter();
  void leave();

  [[nodiscard]] static TerminalSize size();
  // False when the terminal is gone.
  [[nodiscard]] static bool show(const std::string& text);

 private:
  termios settings_{};  // as they were before
  bool entered_ = false;
};

}  // namespace flowscope
