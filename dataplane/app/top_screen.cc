#include "dataplane/app/top_screen.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace flowscope {

namespace {

// A table of the screen: its heading, its rows, and how many of them have room.
struct Table {
  std::string name;
  std::string columns;
  std::vector<ScreenLine> rows;
  size_t shown = 0;
};

// A text in a column: to the left, cut to its width.
std::string column(std::string_view text, size_t width) {
  const std::string safe = safe_text(text);
  return fmt::format("{:<{}.{}}", safe, width, width);
}

std::string counted(uint64_t figure) {
  std::string digits = std::to_string(figure);
  for (size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, ",");
  return digits;
}

std::string clock_text(uint64_t seconds) {
  return fmt::format("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

std::string percent(double part, double whole) {
  const double share = whole > 0 ? part / whole * 100 : 0;
  return share > 0 && share < 0.1 ? "<0.1 %" : fmt::format("{:.1f} %", share);
}

// Address and port within the width: a long address loses its middle.
std::string endpoint(const std::string& address, uint64_t port, size_t width) {
  std::string safe = safe_text(address);
  if (safe.find(':') != std::string::npos) safe = "[" + safe + "]";
  const std::string tail = ":" + std::to_string(port);
  if (safe.size() + tail.size() > width && width > tail.size() + 4) {
    const size_t kept = width - tail.size() - 2;
    safe = safe.substr(0, kept / 2) + ".." + safe.substr(safe.size() - (kept - kept / 2));
  }
  return column(safe + tail, width);
}

// Drawn of the whole percent written beside it: one rounding, so that two samples' division, which
// makes 0.7499999 of three quarters, never shortens the bar beside "75 %".
std::string bar_and_percent(double share, size_t width) {
  const auto percent = static_cast<size_t>(std::clamp(share, 0.0, 1.0) * 100 + 0.5);
  const size_t full = (percent * width + 50) / 100;
  return fmt::format("[{}{}] {:>3} %", std::string(full, '#'), std::string(width - full, ' '),
                     percent);
}

ScreenLine title(const TopView& view, const ScreenOptions& options) {
  const TopProgram& program = view.sample.program;
  std::string text =
      fmt::format("flowscope {} {}  pid {}  up {}  {} worker{}  to {}", safe_text(program.version),
                  safe_text(program.verb), program.pid, clock_text(program.uptime_s),
                  program.workers, program.workers == 1 ? "" : "s", safe_text(program.destination));
  if (options.paused) text += "  [paused]";
  return {text, LineStyle::Title};
}

ScreenLine ledger_line(const TopView& view) {
  const TopLedger& ledger = view.sample.ledger;
  std::string text = fmt::format(
      "ledger   {}  {} received  {}/s  {} missed  {}/s  ", ledger.balanced ? "holds" : "VIOLATED",
      counted(ledger.received), scaled(view.received), counted(ledger.missed), scaled(view.missed));
  // The first fate is the purpose; of the others the two with most packets.
  std::vector<size_t> others;
  for (size_t fate = 1; fate < kFates; ++fate) {
    if (ledger.fates.at(fate) != 0) others.push_back(fate);
  }
  std::stable_sort(others.begin(), others.end(),
                   [&](size_t a, size_t b) { return ledger.fates.at(a) > ledger.fates.at(b); });
  if (others.size() > 2) others.resize(2);
  others.insert(others.begin(), 0);
  for (size_t i = 0; i < others.size(); ++i) {
    text += fmt::format("{}{} {}", i == 0 ? "" : ", ",
                        percent(static_cast<double>(ledger.fates.at(others[i])),
                                static_cast<double>(ledger.received)),
                        name_of(static_cast<Fate>(others[i])));
  }
  return {text, ledger.balanced && view.missed == 0 ? LineStyle::Plain : LineStyle::Alarm};
}

ScreenLine flows_line(const TopView& view) {
  return {fmt::format("flows    {} live  {} new/s  {} ended/s  {} evicted/s  {} sessions/s",
                      counted(view.sample.flows.live), scaled(view.flows.created),
                      scaled(view.flows.ended), scaled(view.flows.evicted),
                      scaled(view.flows.sessions)),
          LineStyle::Plain};
}

ScreenLine export_line(const TopView& view) {
  const TopExport& written = view.sample.written;
  std::string text =
      fmt::format("export   {} records/s  {}B/s  {} shed/s  {} shed  {} lost", scaled(view.records),
                  scaled(view.written_bytes), scaled(view.shed), counted(written.shed),
                  counted(written.lines_lost));
  if (!written.error.empty()) text += "  " + safe_text(written.error);
  const bool is_well = view.shed == 0 && written.error.empty();
  return {text, is_well ? LineStyle::Plain : LineStyle::Alarm};
}

Table port_table(const TopView& view) {
  Table table{
      .name = "PORT",
      .columns = fmt::format("{:>9} {:>9} {:>9} {:>14}", "Mpps", "Gbit/s", "missed/s", "missed"),
      .rows = {}};
  for (const PortRates& rates : view.ports) {
    const TopPort& port = rates.port;
    table.rows.push_back({fmt::format("{} {:>9.3f} {:>9.3f} {:>9} {:>14}", column(port.name, 30),
                                      rates.packets / 1e6, rates.bytes * 8 / 1e9,
                                      port.loss_known ? scaled(rates.missed) : "unknown",
                                      port.loss_known ? counted(port.missed) : "unknown"),
                          rates.missed > 0 ? LineStyle::Alarm : LineStyle::Plain});
  }
  return table;
}

Table worker_table(const TopView& view) {
  constexpr size_t kBar = 10;
  Table table{
      .name = "WORKER",
      .columns = fmt::format("{:>9} {:>9} {:>9} {:>14}", "Mpps", "records/s", "shed/s", "flows"),
      .rows = {}};
  for (const WorkerRates& rates : view.workers) {
    const std::string share =
        fmt::format("{:<9} {}", rates.worker.worker, bar_and_percent(rates.share, kBar));
    table.rows.push_back(
        {fmt::format("{:<30} {:>9.3f} {:>9} {:>9} {:>14}", share, rates.packets / 1e6,
                     scaled(rates.records), scaled(rates.shed), counted(rates.worker.flows_live)),
         rates.shed > 0 ? LineStyle::Alarm : LineStyle::Plain});
  }
  return table;
}

Table protocol_table(const TopView& view) {
  Table table{.name = "PROTOCOL",
              .columns = fmt::format("{:>9} {:>9} {:>16} {:>16}", "flows/s", "records/s", "flows",
                                     "records"),
              .rows = {}};
  for (const ProtocolRates& rates : view.protocols) {
    table.rows.push_back(
        {fmt::format("{} {:>9} {:>9} {:>16} {:>16}", column(rates.protocol.name, 18),
                     scaled(rates.flows), scaled(rates.records), counted(rates.protocol.flows),
                     counted(rates.protocol.records)),
         LineStyle::Plain});
  }
  return table;
}

// A figure with the mark of the order before it, so that the eye finds the sorted column.
std::string heading_mark(std::string_view name, bool is_order) {
  return (is_order ? ">" : "") + std::string(name);
}

// What is shown of a talker follows from the width: at 80 columns an IPv4 address and its port fit.
Table talker_table(const TopView& view, const ScreenOptions& options) {
  constexpr size_t kProto = 5, kApplication = 10, kFigures = 29, kAge = 11, kWideColumns = 100;
  constexpr size_t kEndpointMin = 12, kEndpointMax = 47;
  const bool is_wide = options.columns >= kWideColumns;
  const size_t taken = kProto + kFigures + 2 + (is_wide ? kApplication + 1 + kAge : 0);
  const size_t each = std::clamp((options.columns - std::min(options.columns, taken)) / 2,
                                 kEndpointMin, kEndpointMax);
  const auto mark = [&](std::string_view name, TalkerOrder order) {
    return heading_mark(name, options.order == order);
  };
  Table table{.name = "TALKER",
              .columns = fmt::format("{:>9} {:>9} {:>9}", mark("bit/s", TalkerOrder::ByteRate),
                                     mark("packet/s", TalkerOrder::PacketRate),
                                     mark("bytes", TalkerOrder::Bytes)),
              .rows = {}};
  if (is_wide) table.columns += fmt::format(" {:>10}", mark("age", TalkerOrder::Age));
  for (const TalkerRates& rates : view.talkers) {
    const TopTalker& talker = rates.talker;
    const char* const about = rates.averaged ? "~" : "";
    std::string text = column(talker.proto, kProto) + " ";
    if (is_wide) text += column(talker.app_proto, kApplication) + " ";
    text += endpoint(talker.src_ip, talker.src_port, each) + " "
            + endpoint(talker.dest_ip, talker.dest_port, each);
    text += fmt::format(" {:>8} {:>9} {:>9}", about + scaled(rates.bytes * 8),
                        about + scaled(rates.packets), scaled(static_cast<double>(talker.bytes)));
    if (is_wide) text += fmt::format(" {:>10}", clock_text(talker.age_s));
    table.rows.push_back({std::move(text), LineStyle::Plain});
  }
  return table;
}

// Deals `room` lines out: to each table that has rows a heading and one row, first come first
// served, then a row each in turn.
void deal_rows(std::vector<Table>& tables, size_t room) {
  for (Table& table : tables) {
    if (table.rows.empty() || room < 2) continue;
    table.shown = 1;
    room -= 2;
  }
  for (bool is_dealt = true; is_dealt && room > 0;) {
    is_dealt = false;
    for (Table& table : tables) {
      if (room == 0 || table.shown == 0 || table.shown == table.rows.size()) continue;
      ++table.shown;
      --room;
      is_dealt = true;
    }
  }
}

// The heading stands above the rows, its columns at their right ends.
ScreenLine heading(const Table& table) {
  std::string name = table.name;
  if (table.shown < table.rows.size())
    name += fmt::format(" {} of {}", table.shown, table.rows.size());
  const size_t width = table.rows.front().text.size();
  return {
      fmt::format("{:<{}}{}", name, width - std::min(width, table.columns.size()), table.columns),
      LineStyle::Heading};
}

std::vector<ScreenLine> help_page() {
  return {{"flowscope top", LineStyle::Title},
          {"", LineStyle::Plain},
          {"  q       quit", LineStyle::Plain},
          {"  p       pause, and go on", LineStyle::Plain},
          {"  1 2 3 4 sort the talkers by bit/s, packet/s, bytes, age", LineStyle::Plain},
          {"  c       colours on, off", LineStyle::Plain},
          {"  C       draw the screen anew", LineStyle::Plain},
          {"  h       this page, and back", LineStyle::Plain},
          {"", LineStyle::Plain},
          {"Figures by the second are those of the last period. ~ marks the averages of a whole",
           LineStyle::Plain},
          {"flow that was not among the talkers before.", LineStyle::Plain}};
}

void cut_to(std::vector<ScreenLine>& lines, const ScreenOptions& options) {
  if (lines.size() > options.rows) lines.resize(options.rows);
  for (ScreenLine& line : lines) {
    if (line.text.size() > options.columns) line.text.resize(options.columns);
  }
}

}  // namespace

std::vector<ScreenLine> top_screen(const TopView& view, const ScreenOptions& options) {
  if (options.page == TopPage::Help) {
    std::vector<ScreenLine> lines = help_page();
    cut_to(lines, options);
    return lines;
  }
  constexpr size_t kSummaryLines = 4, kRowsForSpaces = 30;
  std::vector<ScreenLine> lines = {title(view, options), ledger_line(view), flows_line(view),
                                   export_line(view)};
  std::vector<Table> tables = {port_table(view), worker_table(view), talker_table(view, options),
                               protocol_table(view)};
  const size_t spaces = options.rows >= kRowsForSpaces ? tables.size() : 0;
  const size_t taken = kSummaryLines + spaces + (options.has_keys ? 1 : 0);
  deal_rows(tables, options.rows - std::min(options.rows, taken));
  std::swap(tables[2], tables[3]);  // protocols are shown above the talkers, which have no end
  for (const Table& table : tables) {
    if (table.shown == 0) continue;
    if (spaces != 0) lines.push_back({});
    lines.push_back(heading(table));
    lines.insert(lines.end(), table.rows.begin(),
                 table.rows.begin() + static_cast<ptrdiff_t>(table.shown));
  }
  if (options.has_keys && options.rows > kSummaryLines) {
    lines.resize(std::min(lines.size(), options.rows - 1));
    lines.push_back({"q quit  p pause  1-4 sort  c colours  h help", LineStyle::Faint});
  }
  cut_to(lines, options);
  return lines;
}

std::string batch_heading() {
  return fmt::format("{:>9} {:>9} {:>9} {:>9} {:>11} {:>9} {:>9} {:>9} {:>9} {:>9} {}", "up_s",
                     "Mpps", "Gbit/s", "missed/s", "flows", "new/s", "ended/s", "evicted/s",
                     "records/s", "shed/s", "ledger");
}

std::string batch_line(const TopView& view) {
  return fmt::format("{:>9} {:>9.3f} {:>9.3f} {:>9} {:>11} {:>9} {:>9} {:>9} {:>9} {:>9} {}",
                     view.sample.program.uptime_s, view.received / 1e6,
                     view.received_bytes * 8 / 1e9, scaled(view.missed), view.sample.flows.live,
                     scaled(view.flows.created), scaled(view.flows.ended),
                     scaled(view.flows.evicted), scaled(view.records), scaled(view.shed),
                     view.sample.ledger.balanced ? "holds" : "VIOLATED");
}

std::string safe_text(std::string_view text) {
  std::string safe;
  for (const char letter : text) {
    if (letter >= ' ' && letter <= '~') {
      safe += letter;
    } else {
      safe += fmt::format("\\x{:02x}", static_cast<unsigned char>(letter));
    }
  }
  return safe;
}

std::string scaled(double figure) {
  constexpr std::array<const char*, 6> kLetters = {"", "k", "M", "G", "T", "P"};
  if (figure < 9999.5) return fmt::format("{:.0f}", figure);
  size_t thousands = 0;
  while (figure >= 999.5 && thousands + 1 < kLetters.size()) {
    figure /= 1000;
    ++thousands;
  }
  const int decimals = figure < 9.995 ? 2 : figure < 99.95 ? 1 : 0;
  return fmt::format("{:.{}f}{}", figure, decimals, kLetters.at(thousands));
}

}  // namespace flowscope
