#include "dataplane/app/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>

namespace flowscope {

namespace {

// ECMA-48 and xterm's private modes, which every terminal of today knows.
constexpr std::string_view kEnter =
    "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J";  // 2nd screen, no cursor, no wrap
constexpr std::string_view kLeave = "\x1b[?7h\x1b[?25h\x1b[?1049l";
constexpr std::string_view kHome = "\x1b[H";
constexpr std::string_view kEraseRight = "\x1b[K";
constexpr std::string_view kEraseBelow = "\x1b[J";
constexpr std::string_view kPlain = "\x1b[0m";

std::string_view sequence_of(LineStyle style) {
  switch (style) {
    case LineStyle::Plain:
      return {};
    case LineStyle::Title:
      return "\x1b[1m";
    case LineStyle::Heading:
      return "\x1b[7m";
    case LineStyle::Alarm:
      return "\x1b[1;31m";
    case LineStyle::Faint:
      return "\x1b[2m";
  }
  return {};
}

}  // namespace

std::string frame_of(const std::vector<ScreenLine>& lines, Colours colours) {
  std::string frame(kHome);
  for (size_t i = 0; i < lines.size(); ++i) {
    const std::string_view style =
        colours == Colours::On ? sequence_of(lines[i].style) : std::string_view();
    frame.append(i == 0 ? "" : "\r\n").append(style).append(lines[i].text);
    if (!style.empty()) frame.append(kPlain);
    frame.append(kEraseRight);
  }
  return frame.append(kEraseBelow);
}

bool Terminal::is_there() { return isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1; }

void Terminal::enter() {
  if (entered_ || tcgetattr(STDIN_FILENO, &settings_) != 0) return;
  termios keys = settings_;
  keys.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
  keys.c_cc[VMIN] = 1;
  keys.c_cc[VTIME] = 0;
  if (tcsetattr(STDIN_FILENO, TCSANOW, &keys) != 0) return;
  entered_ = true;
  (void)show(std::string(kEnter));
}

void Terminal::leave() {
  if (!entered_) return;
  entered_ = false;
  (void)show(std::string(kLeave));
  (void)tcsetattr(STDIN_FILENO, TCSANOW, &settings_);
}

TerminalSize Terminal::size() {
  winsize window{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) != 0 || window.ws_col == 0 || window.ws_row == 0)
    return {};
  return {.columns = window.ws_col, .rows = window.ws_row};
}

bool Terminal::show(const std::string& text) {
  for (size_t at = 0; at < text.size();) {
    const ssize_t bytes = write(STDOUT_FILENO, text.data() + at, text.size() - at);
    if (bytes < 0 && errno == EINTR) continue;
    if (bytes <= 0) return false;
    at += static_cast<size_t>(bytes);
  }
  return true;
}

}  // namespace flowscope
