#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/app/top_model.h"

namespace flowscope {

enum class LineStyle : uint8_t { Plain, Title, Heading, Alarm, Faint };

struct ScreenLine {
  std::string text;  // printable ASCII, at most as long as the screen is wide
  LineStyle style = LineStyle::Plain;
};

enum class TopPage : uint8_t { Figures, Help };

struct ScreenOptions {
  size_t columns = 80;
  size_t rows = 24;
  TalkerOrder order = TalkerOrder::ByteRate;
  TopPage page = TopPage::Figures;
  bool paused = false;
  bool has_keys = true;  // the last line names the keys
};

// The lines of one screen, at most options.rows. Tables that do not fit show their first rows and
// say how many there are; those for which not even one row is left are left out, the protocols
// first.
[[nodiscard]] std::vector<ScreenLine> top_screen(const TopView& view, const ScreenOptions& options);

// One line for each sample, and the heading above them.
[[nodiscard]] std::string batch_heading();
[[nodiscard]] std::string batch_line(const TopView& view);

// The text with everything that a terminal might obey written as \xNN: names may come from the
// wire.
[[nodiscard]] std::string safe_text(std::string_view text);

// "1234", "12.3k", "1.23M": four significant characters and the letter of the thousands.
[[nodiscard]] std::string scaled(double figure);

}  // namespace flowscope
