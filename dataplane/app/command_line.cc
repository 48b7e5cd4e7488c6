#include "dataplane/app/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "config/load.h"
#include "config/schema.h"
#include "config/validate.h"
#include "dataplane/app/packet_options.h"
#include "dataplane/app/pipeline_options.h"
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
    "  flowscope check CONFIG                     says whether a configuration file is right\n"
    "  flowscope version\n"
    "\n"
    "Records leave as EVE JSON lines (-o FILE; standard output by default); what happens is told "
    "on standard\n"
    "error. flowscope VERB --help lists the options; each has its key in the configuration file "
    "(-c FILE).\n"
    "\n"
    "  flowscope replay trace.pcap -o eve.json\n"
    "  flowscope live -i eth0 -o eve.json --stats-period 10\n"
    "  flowscope run --no-pci --vdev net_pcap0,rx_pcap=trace.pcap -l 0-1 -- -o eve.json "
    "--exit-after-idle 1\n"
    "\n"
    "Exit codes: 0 ok, 1 usage or configuration, 2 EAL, 3 port or input file, 4 ledger violated.\n";

// What the settings say together.
Result<void> check(const Config& config) {
  if (auto valid = validate(config, parser_names()); !valid.ok()) return valid;
  if (auto decap = decap_of(config); !decap.ok()) return decap.error();
  if (auto key_with = key_with_of(config); !key_with.ok()) return key_with.error();
  if (auto dedup = dedup_of(config); !dedup.ok()) return dedup.error();
  if (auto overlap = overlap_of(config); !overlap.ok()) return overlap.error();
  if (auto overlap = segment_overlap_of(config); !overlap.ok()) return overlap.error();
  if (auto overflow = overflow_of(config); !overflow.ok()) return overflow.error();
  return {};
}

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
  if (name == "version" || name == "--version") return Verb::Version;
  if (name == "help" || name == "--help" || name == "-h") return Verb::Help;
  return std::nullopt;
}

// Options of one verb as CLI11 sees them. Settings are kept until the configuration file is loaded.
class VerbOptions {
 public:
  VerbOptions(std::string_view verb, CommandLine& line)
      : line_(line), app_("flowscope " + std::string(verb), "flowscope " + std::string(verb)) {
    app_.add_option("-c,--config", config_file_, "configuration file (YAML)")->option_text("FILE");
    app_.add_option_function<std::string>(
            "-o",
            [this](const std::string& text) { settings_.emplace_back("output.destination", text); },
            "where records go: a file, a FIFO, - for standard output")
        ->option_text("DEST");
    for (const Setting& setting : all_settings()) add(setting);
    app_.add_flag_callback(
        "--rss-ip", [this] { settings_.emplace_back("dpdk.rss", "ip"); }, "the same as --rss ip");
    app_.add_flag_callback(
        "--rss-udp", [this] { settings_.emplace_back("dpdk.rss", "udp"); },
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
    if (!config_file_.empty()) {
      if (auto loaded = load_yaml_file(config_file_, line_.config); !loaded.ok())
        return loaded.error();
    }
    for (const auto& [key, text] : settings_) {
      if (auto applied = apply_option(key, text, line_.config); !applied.ok())
        return applied.error();
    }
    return check(line_.config);
  }

 private:
  // The option of a key: its dots and underscores as dashes, without the group where testpmd has
  // the same name or no other key shares it.
  static std::string option_name(std::string_view key) {
    for (const std::string_view group : {"dpdk.", "table."}) {
      if (key.starts_with(group)) key.remove_prefix(group.size());
    }
    if (key == "l7.enabled") key = "l7";
    std::string name = "--" + std::string(key);
    std::replace_if(
        name.begin(), name.end(), [](char c) { return c == '_' || c == '.'; }, '-');
    return name;
  }
  void add(const Setting& setting) {
    if (setting.key == "dpdk.eal_options" || setting.key == "output.destination")
      return;  // -- and -o
    Config defaults;
    app_.add_option_function<std::string>(
            option_name(setting.key),
            [this, key = setting.key](const std::string& text) {
              settings_.emplace_back(key, text);
            },
            std::string(setting.help) + " [" + text_of(setting, defaults) + "]")
        ->option_text(setting.kind == SettingKind::Flag ? "true|false" : "VALUE");
  }

  CommandLine& line_;
  CLI::App app_;
  std::string config_file_;
  std::vector<std::pair<std::string, std::string>> settings_;
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

Result<void> parse_check(const std::vector<std::string>& arguments, CommandLine& line) {
  if (arguments.size() != 1 || arguments.front().starts_with('-')) {
    return Error{"check takes one configuration file: flowscope check CONFIG"};
  }
  line.files = arguments;
  if (auto loaded = load_yaml_file(arguments.front(), line.config); !loaded.ok())
    return loaded.error();
  if (auto checked = check(line.config); !checked.ok()) return checked;
  return check_rules(line.config.signatures);
}

}  // namespace

Result<CommandLine> parse_command_line(const std::vector<std::string>& arguments) {
  CommandLine line;
  line.text = kOverview;
  if (arguments.empty()) return Error{"no verb given; see flowscope --help"};
  const std::string& first = arguments.front();
  const std::optional<Verb> named = verb_named(first);
  if (!named.has_value() && !first.starts_with('-')) {
    return Error{"unknown verb '" + first + "'; there are replay, live, run, check and version"};
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
