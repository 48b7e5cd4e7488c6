#include "dataplane/app/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "config/quantity.h"
#include "config/schema.h"
#include "dataplane/app/option_name.h"
#include "dataplane/app/signature_file.h"
#include "dataplane/app/version.h"

namespace flowscope {

namespace {

constexpr std::string_view kOverview =
    "flowscope: passive flow and session tracker\n"
    "\n"
    "  flowscope replay FILE... [options]         capture files (pcap, pcapng); - is standard "
    "input\n"
    "  flowscope live -i INTERFACE [options]      a network interface, through libpcap\n"
    "  flowscope run [EAL options] -- [options]   DPDK ports and vdevs; may be left out before an "
    "EAL option\n"
    "  flowscope check CONFIG                     says whether a configuration file is right, and "
    "what "
    "it needs\n"
    "  flowscope doctor [-c CONFIG] [-i INTERFACE] [--json] [EAL options]\n"
    "                                             says what is wrong with this machine, and what "
    "mends "
    "it\n"
    "  flowscope top [options]                    shows what a running flowscope run does\n"
    "  flowscope version\n"
    "\n"
    "Records leave as EVE JSON lines (-o FILE; standard output by default); what happens is told "
    "on standard\n"
    "error. flowscope VERB --help lists the options; each has its key in the configuration file "
    "(-c FILE, or\n"
    "-c NAME for a profile that is installed with the program).\n"
    "\n"
    "  flowscope replay trace.pcap -o eve.json\n"
    "  flowscope live -i eth0 -o eve.json --stats-period 10\n"
    "  flowscope run --no-pci --vdev net_pcap0,rx_pcap=trace.pcap -l 0-1 -- -o eve.json "
    "--exit-after-idle 1\n"
    "\n"
    "Exit codes: 0 ok, 1 usage or configuration, 2 EAL, 3 port or input file, 4 ledger violated.\n";

// Compiles the rules for nobody. Other verbs do it when they begin.
Result<void> check_rules(SignaturesConfig signatures) {
  if (signatures.rules == "off") return {};
  signatures.cache = "off";
  auto loaded = load_signatures(signature_file(signatures));
  return loaded.ok() ? Result<void>() : loaded.error();
}

std::optional<Verb> verb_named(std::string_view name) {
  if (name == "replay") return Verb::Replay;
  if (name == "live") return Verb::Live;
  if (name == "run") return Verb::Run;
  if (name == "check") return Verb::Check;
  if (name == "doctor") return Verb::Doctor;
  if (name == "top") return Verb::Top;
  if (name == "version" || name == "--version") return Verb::Version;
  if (name == "help" || name == "--help" || name == "-h") return Verb::Help;
  return std::nullopt;
}

// Options of one verb as CLI11 sees them. Settings are kept as sources: the configuration file
// comes first.
class VerbOptions {
 public:
  VerbOptions(std::string_view verb, CommandLine& line)
      : line_(line), app_("flowscope " + std::string(verb), "flowscope " + std::string(verb)) {
    app_.add_option("-c,--config", line_.config_file,
                    "configuration file (YAML), or a profile's name")
        ->option_text("FILE");
    app_.add_option_function<std::string>(
            "-o",
            [this](const std::string& text) {
              line_.sources.options.emplace_back("output.destination", text);
            },
            "where records go: a file, a FIFO, - for standard output, tcp://HOST:PORT, unix:PATH")
        ->option_text("DEST");
    for (const Setting& setting : all_settings()) add(setting);
    app_.add_flag_callback(
        "--rss-ip", [this] { line_.sources.options.emplace_back("dpdk.rss", "ip"); },
        "the same as --rss ip");
    app_.add_flag_callback(
        "--rss-udp", [this] { line_.sources.options.emplace_back("dpdk.rss", "udp"); },
        "the same as --rss udp");
  }

  CLI::App& app() { return app_; }

  // Parses, loads the file, applies the options over it.
  Result<void> parse(std::vector<std::string> arguments) {
    try {
      std::reverse(arguments.begin(), arguments.end());  // CLI11 takes them from the back
      app_.parse(arguments);
    } catch (const CLI::CallForHelp&) {
      line_.verb = Verb::Help;
      line_.text = app_.help();
      return {};
    } catch (const CLI::ParseError& error) {
      return Error{std::string(error.what()) + "; see " + app_.get_name() + " --help"};
    }
    if (!line_.config_file.empty()) {
      auto path = config_file(line_.config_file);
      if (!path.ok()) return path.error();
      line_.sources.file = std::move(path.value());
    }
    auto config = read_config(line_.sources);
    if (!config.ok()) return config.error();
    line_.config = std::move(config.value());
    return {};
  }

 private:
  void add(const Setting& setting) {
    if (!has_option(setting.key)) return;
    Config defaults;
    app_.add_option_function<std::string>(
            option_name(setting.key),
            [this, key = setting.key](const std::string& text) {
              line_.sources.options.emplace_back(key, text);
            },
            std::string(setting.help) + " [" + text_of(setting, defaults) + "]")
        ->option_text(setting.kind == SettingKind::Flag ? "true|false" : "VALUE");
  }

  CommandLine& line_;
  CLI::App app_;
};

Result<void> parse_replay(std::vector<std::string> arguments, CommandLine& line) {
  VerbOptions options("replay", line);
  options.app()
      .add_option("FILE", line.files, "capture files, pcap or pcapng; - is standard input")
      ->required();
  return options.parse(std::move(arguments));
}

Result<void> parse_live(std::vector<std::string> arguments, CommandLine& line) {
  VerbOptions options("live", line);
  options.app()
      .add_option("-i,--interface", line.interface, "network interface")
      ->required()
      ->option_text("NAME");
  options.app()
      .add_option("-f,--filter", line.filter, "libpcap filter expression")
      ->option_text("EXPR");
  return options.parse(std::move(arguments));
}

Result<void> parse_run(std::vector<std::string> arguments, CommandLine& line) {
  const auto border = std::find(arguments.begin(), arguments.end(), "--");
  line.eal_options.assign(arguments.begin(), border);
  VerbOptions options("run [EAL options] --", line);
  std::vector<std::string> own(border == arguments.end() ? border : border + 1, arguments.end());
  const auto asks_help = [](const std::string& option) {
    return option == "--help" || option == "-h";
  };
  if (std::any_of(line.eal_options.begin(), line.eal_options.end(), asks_help)) own = {"--help"};
  return options.parse(std::move(own));
}

// Takes a command line of `run` as it is. Without --, where all would be the EAL's, the options
// that doctor has of its own are taken out.
Result<void> parse_doctor(const std::vector<std::string>& arguments, CommandLine& line) {
  const auto border = std::find(arguments.begin(), arguments.end(), "--");
  std::vector<std::string> own(border == arguments.end() ? border : border + 1, arguments.end());
  for (auto next = arguments.begin(); next != border; ++next) {
    const bool is_file = border == arguments.end() && (*next == "-c" || *next == "--config");
    const bool takes_value = is_file || *next == "-i" || *next == "--interface";
    if (takes_value || *next == "--json" || *next == "--help" || *next == "-h") {
      own.push_back(*next);
      if (takes_value && next + 1 != border) own.push_back(*++next);
    } else {
      line.eal_options.push_back(*next);
    }
  }
  VerbOptions options("doctor [EAL options] --", line);
  options.app()
      .add_option("-i,--interface", line.interface, "network interface that live would read")
      ->option_text("NAME");
  options.app().add_flag_callback(
      "--json", [&line] { line.form = AnswerForm::Json; }, "one JSON object instead of lines");
  return options.parse(std::move(own));
}

Result<void> parse_check(const std::vector<std::string>& arguments, CommandLine& line) {
  if (arguments.size() == 1 && (arguments.front() == "--help" || arguments.front() == "-h")) {
    line.verb = Verb::Help;
    line.text =
        "flowscope check CONFIG\n\n"
        "Says whether a configuration file (YAML), or the profile of that name, is right, and "
        "what\n"
        "lcores, ports and memory a run with it takes. Starts nothing.\n";
    return {};
  }
  if (arguments.size() != 1 || arguments.front().starts_with('-')) {
    return Error{"check takes one configuration file: flowscope check CONFIG"};
  }
  line.files = arguments;
  auto path = config_file(arguments.front());
  if (!path.ok()) return path.error();
  auto config = read_config({.file = path.value(), .options = {}});
  if (!config.ok()) return config.error();
  line.config = std::move(config.value());
  return check_rules(line.config.signatures);
}

Result<void> parse_top(std::vector<std::string> arguments, CommandLine& line) {
  constexpr uint64_t kPeriodNsMin = 100 * kMillisecondNs, kPeriodNsMax = 3600 * kSecondNs;
  CLI::App app("flowscope top: what a running flowscope run does, live", "flowscope top");
  app.add_option("--file-prefix", line.top.file_prefix, "the EAL's --file-prefix of the program")
      ->option_text("PREFIX");
  app.add_option("--socket", line.top.socket, "its telemetry socket, in place of the prefix")
      ->option_text("PATH");
  std::string period = "1s";
  app.add_option("--period", period, "time between two pictures [1s]")->option_text("TIME");
  app.add_flag("--once", line.top.once, "prints one picture and ends");
  app.add_flag("--batch", line.top.batch,
               "prints a line for each period; the way without a terminal");
  try {
    std::reverse(arguments.begin(), arguments.end());  // CLI11 takes them from the back
    app.parse(arguments);
  } catch (const CLI::CallForHelp&) {
    line.verb = Verb::Help;
    line.text = app.help();
    return {};
  } catch (const CLI::ParseError& error) {
    return Error{std::string(error.what()) + "; see flowscope top --help"};
  }
  const std::optional<uint64_t> period_ns = parse_duration_ns(period);
  if (period_ns.value_or(0) < kPeriodNsMin || *period_ns > kPeriodNsMax)
    return Error{"--period: '" + period + "' is no time from 100ms to 1h"};
  line.top.period_ns = *period_ns;
  return {};
}

}  // namespace

Result<CommandLine> parse_command_line(const std::vector<std::string>& arguments) {
  CommandLine line;
  line.text = kOverview;
  if (arguments.empty()) return Error{"no verb given; see flowscope --help"};
  const std::string& first = arguments.front();
  const std::optional<Verb> named = verb_named(first);
  if (!named.has_value() && !first.starts_with('-')) {
    return Error{"unknown verb '" + first
                 + "'; there are replay, live, run, check, doctor, top and version"};
  }
  // As with dpdk-testpmd: a command line that begins with an EAL option means run.
  line.verb = named.value_or(Verb::Run);
  std::vector<std::string> rest(arguments.begin() + (named.has_value() ? 1 : 0), arguments.end());
  Result<void> parsed;
  switch (line.verb) {
    case Verb::Replay:
      parsed = parse_replay(std::move(rest), line);
      break;
    case Verb::Live:
      parsed = parse_live(std::move(rest), line);
      break;
    case Verb::Run:
      parsed = parse_run(std::move(rest), line);
      break;
    case Verb::Check:
      parsed = parse_check(rest, line);
      break;
    case Verb::Doctor:
      parsed = parse_doctor(rest, line);
      break;
    case Verb::Top:
      parsed = parse_top(std::move(rest), line);
      break;
    case Verb::Version:
      line.text = version_text();
      break;
    case Verb::Help:
      break;
  }
  if (!parsed.ok()) return parsed.error();
  return line;
}

}  // namespace flowscope
