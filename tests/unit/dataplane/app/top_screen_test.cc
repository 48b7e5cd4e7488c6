#include "dataplane/app/top_screen.h"

#include <gtest/gtest.h>

#include "dataplane/app/terminal.h"

namespace flowscope {
namespace {

// Two samples one second apart of a program with ports, workers, protocols and talkers.
TopView view_of(size_t talkers = 3) {
  TopSample before, now;
  before.seconds = 1;
  now.seconds = 2;
  before.program = {.version = "0.1.0",
                    .verb = "run",
                    .destination = "eve.json",
                    .pid = 77,
                    .uptime_s = 3700,
                    .workers = 2};
  now.program = before.program;
  now.flows = {.live = 1'234'567, .created = 12'345, .ended = 4'000, .evicted = 2, .sessions = 10};
  now.ledger.received = 2'000'000;
  now.ledger.fates = {1'990'000, 9'000, 0, 0, 0, 1'000};
  now.written = {.bytes_written = 1'500'000, .records = 321};
  before.ports = {{.name = "net_pcap0 (net_pcap)"},
                  {.name = "net_af_packet0 (net_af_packet)", .loss_known = false}};
  now.ports = before.ports;
  now.ports[0].packets = 2'000'000;
  now.ports[0].bytes = 1'000'000'000;
  before.workers = {{.worker = 0}, {.worker = 1}};
  now.workers = {{.worker = 0, .packets = 1'500'000, .flows_live = 1'000'000, .records = 300},
                 {.worker = 1, .packets = 500'000, .flows_live = 234'567, .records = 21}};
  before.protocols = {{.name = "tls"}, {.name = "http"}};
  now.protocols = {{.name = "tls", .flows = 5'000, .records = 300},
                   {.name = "http", .flows = 7, .records = 21}};
  for (uint64_t i = 0; i < talkers; ++i) {
    before.talkers.push_back({.src_ip = "192.0.2.1",
                              .dest_ip = "2001:db8:1234:5678:9abc:def0:1234:5678",
                              .proto = "TCP",
                              .app_proto = "tls",
                              .src_port = 40'000 + i,
                              .dest_port = 443,
                              .age_s = 60});
    now.talkers.push_back(before.talkers.back());
    now.talkers.back().bytes = 1'000'000 - i;
    now.talkers.back().packets = 1'000;
  }
  TopModel model;
  model.add(before);
  model.add(now);
  return model.view(TalkerOrder::ByteRate);
}

std::string text_of(const std::vector<ScreenLine>& lines) {
  std::string text;
  for (const ScreenLine& line : lines) text += line.text + "|\n";
  return text;
}

TEST(TopScreen, ShowsEverythingOnATerminalOfTheUsualSize) {
  EXPECT_EQ(text_of(top_screen(view_of(), {.columns = 80, .rows = 24})),
            R"(flowscope 0.1.0 run  pid 77  up 1:01:40  2 workers  to eve.json|
ledger   holds  2,000,000 received  2.00M/s  0 missed  0/s  99.5 % tracked, 0.4 |
flows    1,234,567 live  12.3k new/s  4000 ended/s  2 evicted/s  10 sessions/s|
export   321 records/s  1.50MB/s  0 shed/s  0 shed  0 lost|
PORT                                Mpps    Gbit/s  missed/s         missed|
net_pcap0 (net_pcap)               2.000     8.000         0              0|
net_af_packet0 (net_af_packet)     0.000     0.000   unknown        unknown|
WORKER                              Mpps records/s    shed/s          flows|
0         [########  ]  75 %       1.500       300         0      1,000,000|
1         [###       ]  25 %       0.500        21         0        234,567|
PROTOCOL             flows/s records/s            flows          records|
tls                     5000       300            5,000              300|
http                       7        21                7               21|
TALKER                                                >bit/s  packet/s     bytes|
TCP   192.0.2.1:40000        [2001:db..34:5678]:443    8.00M      1000     1.00M|
TCP   192.0.2.1:40001        [2001:db..34:5678]:443    8.00M      1000     1.00M|
TCP   192.0.2.1:40002        [2001:db..34:5678]:443    8.00M      1000     1.00M|
q quit  p pause  1-4 sort  c colours  h help|
)");
}

// Rates are differences of two samples over their time: three quarters may come as 0.7499999.
TEST(TopScreen, DrawsTheBarOfThePercentBesideIt) {
  TopView view = view_of();
  for (WorkerRates& rates : view.workers) rates.share = 0.75 - 1e-9;
  const std::string text = text_of(top_screen(view, {.columns = 80, .rows = 24}));
  EXPECT_NE(text.find("0         [########  ]  75 %"), std::string::npos) << text;
  EXPECT_NE(text.find("1         [########  ]  75 %"), std::string::npos) << text;
}

TEST(TopScreen, ShowsMoreOfTheTalkersOnAWideTerminal) {
  EXPECT_EQ(
      text_of(top_screen(view_of(1), {.columns = 132, .rows = 40, .order = TalkerOrder::Age})),
      R"(flowscope 0.1.0 run  pid 77  up 1:01:40  2 workers  to eve.json|
ledger   holds  2,000,000 received  2.00M/s  0 missed  0/s  99.5 % tracked, 0.4 % not_ip, <0.1 % fragment|
flows    1,234,567 live  12.3k new/s  4000 ended/s  2 evicted/s  10 sessions/s|
export   321 records/s  1.50MB/s  0 shed/s  0 shed  0 lost|
|
PORT                                Mpps    Gbit/s  missed/s         missed|
net_pcap0 (net_pcap)               2.000     8.000         0              0|
net_af_packet0 (net_af_packet)     0.000     0.000   unknown        unknown|
|
WORKER                              Mpps records/s    shed/s          flows|
0         [########  ]  75 %       1.500       300         0      1,000,000|
1         [###       ]  25 %       0.500        21         0        234,567|
|
PROTOCOL             flows/s records/s            flows          records|
tls                     5000       300            5,000              300|
http                       7        21                7               21|
|
TALKER                                                                                          bit/s  packet/s     bytes       >age|
TCP   tls        192.0.2.1:40000                       [2001:db8:1234:..:def0:1234:5678]:443    8.00M      1000     1.00M    0:01:00|
q quit  p pause  1-4 sort  c colours  h help|
)");
}

TEST(TopScreen, CutsTablesAndSaysSo) {
  EXPECT_EQ(text_of(top_screen(view_of(40), {.columns = 50, .rows = 14})),
            R"(flowscope 0.1.0 run  pid 77  up 1:01:40  2 workers|
ledger   holds  2,000,000 received  2.00M/s  0 mis|
flows    1,234,567 live  12.3k new/s  4000 ended/s|
export   321 records/s  1.50MB/s  0 shed/s  0 shed|
PORT                                Mpps    Gbit/s|
net_pcap0 (net_pcap)               2.000     8.000|
net_af_packet0 (net_af_packet)     0.000     0.000|
WORKER 1 of 2                       Mpps records/s|
0         [########  ]  75 %       1.500       300|
PROTOCOL 1 of 2      flows/s records/s            |
tls                     5000       300            |
TALKER 1 of 40                    >bit/s  packet/s|
TCP   19...1:40000 [20..78]:443    8.00M      1000|
q quit  p pause  1-4 sort  c colours  h help|
)");
}

TEST(TopScreen, NeverExceedsTheTerminal) {
  for (size_t rows = 1; rows < 60; ++rows) {
    for (const size_t columns : {1U, 7U, 40U, 79U, 99U, 100U, 300U}) {
      for (const TopPage page : {TopPage::Figures, TopPage::Help}) {
        const auto lines =
            top_screen(view_of(40), {.columns = columns, .rows = rows, .page = page});
        EXPECT_LE(lines.size(), rows);
        for (const ScreenLine& line : lines) EXPECT_LE(line.text.size(), columns);
      }
    }
  }
}

TEST(TopScreen, FillsATerminalThatIsTallEnough) {
  EXPECT_EQ(top_screen(view_of(40), {.columns = 100, .rows = 45}).size(), 45U);
}

TEST(TopScreen, RaisesTheAlarmForAViolatedLedgerMissesAndShedRecords) {
  TopView view = view_of();
  const auto style_of = [&](size_t line) { return top_screen(view, {}).at(line).style; };
  EXPECT_EQ(style_of(1), LineStyle::Plain);
  EXPECT_EQ(style_of(3), LineStyle::Plain);
  view.sample.ledger.balanced = false;
  view.shed = 1;
  EXPECT_EQ(style_of(1), LineStyle::Alarm);
  EXPECT_EQ(style_of(3), LineStyle::Alarm);
  EXPECT_NE(top_screen(view, {})[1].text.find("VIOLATED"), std::string::npos);
  view.sample.ledger.balanced = true;
  view.missed = 1;
  EXPECT_EQ(style_of(1), LineStyle::Alarm);
}

TEST(TopScreen, LetsNothingThroughThatATerminalObeys) {
  EXPECT_EQ(safe_text("a\x1b[2J\n\x7f\xc3\xa9~"), "a\\x1b[2J\\x0a\\x7f\\xc3\\xa9~");
  const std::string hostile = "\x1b]0;owned\x07\r\n\x9b";
  TopView view = view_of(1);
  view.sample.program.version = view.sample.program.verb = view.sample.program.destination =
      hostile;
  view.sample.written.error = hostile;
  view.ports[0].port.name = hostile;
  view.protocols[0].protocol.name = hostile;
  view.talkers[0].talker = {
      .src_ip = hostile, .dest_ip = hostile, .proto = hostile, .app_proto = hostile};
  for (const ScreenLine& line : top_screen(view, {.columns = 200, .rows = 50})) {
    for (const char letter : line.text) {
      EXPECT_TRUE(letter >= ' ' && letter <= '~') << line.text;
    }
  }
}

TEST(TopScreen, NamesThePauseAndTheKeys) {
  const auto lines = top_screen(view_of(), {.columns = 120, .rows = 24, .paused = true});
  EXPECT_NE(lines.front().text.find("[paused]"), std::string::npos);
  EXPECT_EQ(lines.back().style, LineStyle::Faint);
  EXPECT_EQ(top_screen(view_of(), {.columns = 80, .rows = 24, .has_keys = false}).back().style,
            LineStyle::Plain);
}

TEST(TopScreen, WritesALineForEachSampleUnderItsHeading) {
  EXPECT_EQ(
      batch_heading() + "\n" + batch_line(view_of()),
      R"(     up_s      Mpps    Gbit/s  missed/s       flows     new/s   ended/s evicted/s records/s    shed/s ledger
     3700     2.000     8.000         0     1234567     12.3k      4000         2       321         0 holds)");
}

TEST(TopScreen, ScalesFiguresByThousands) {
  EXPECT_EQ(scaled(0), "0");
  EXPECT_EQ(scaled(9999.4), "9999");
  EXPECT_EQ(scaled(9999.5), "10.0k");
  EXPECT_EQ(scaled(99'949), "99.9k");
  EXPECT_EQ(scaled(99'951), "100k");
  EXPECT_EQ(scaled(999'499), "999k");
  EXPECT_EQ(scaled(999'500), "1.00M");
  EXPECT_EQ(scaled(1'234'567'890), "1.23G");
  EXPECT_EQ(scaled(1e21), "1000000P");
}

TEST(TopFrame, PaintsOverWithoutClearing) {
  EXPECT_EQ(frame_of({{"one", LineStyle::Plain}, {"two", LineStyle::Alarm}}, Colours::On),
            "\x1b[Hone\x1b[K\r\n\x1b[1;31mtwo\x1b[0m\x1b[K\x1b[J");
  EXPECT_EQ(frame_of({{"two", LineStyle::Alarm}}, Colours::Off), "\x1b[Htwo\x1b[K\x1b[J");
}

}  // namespace
}  // namespace flowscope
