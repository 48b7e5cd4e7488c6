#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>

#include "perf/traffic/traffic.h"

namespace flowscope::traffic {
namespace {

struct Arguments {
  Output output;
  Mix mix;
  uint64_t packets = 0;
};

void add_output(CLI::App& verb, Arguments& arguments) {
  verb.add_option("OUT", arguments.output.path, "capture file to write")->required();
}

void add_large_output(CLI::App& verb, Arguments& arguments) {
  verb.add_option("--seed", arguments.output.seed, "another seed, another capture")
      ->capture_default_str();
  verb.add_flag_callback(
      "--nanoseconds",
      [&arguments] { arguments.output.precision = CaptureFile::Precision::Nanoseconds; },
      "nanosecond time stamps, instead of microseconds");
}

void add_packets(CLI::App& verb, Arguments& arguments) {
  verb.add_option("PACKETS", arguments.packets, "number of packets")
      ->required()
      ->check(CLI::PositiveNumber);
}

int report(const std::string& path, const Result<Totals>& written) {
  if (!written.ok()) {
    std::fprintf(stderr, "fs_traffic: %s\n", written.error().message.c_str());
    return 1;
  }
  Result<Totals> totals = written;
  std::printf("%s: %llu packets, %llu bytes\n", path.c_str(),
              static_cast<unsigned long long>(totals.value().packets),
              static_cast<unsigned long long>(totals.value().bytes));
  return 0;
}

int run(int argc, char** argv) {
  Arguments arguments;
  CLI::App app(
      "Writes capture files with generated traffic, the same bytes for the same arguments.",
      "fs_traffic");
  app.require_subcommand(1);

  CLI::App& sample = *app.add_subcommand("sample", "a small capture with some of everything");
  add_output(sample, arguments);

  CLI::App& mix = *app.add_subcommand("mix", "many sessions of HTTP, TLS and DNS, interleaved");
  mix.add_option("--http", arguments.mix.http, "HTTP sessions, about 15 packets each");
  mix.add_option("--tls", arguments.mix.tls, "TLS sessions, about 45 packets each");
  mix.add_option("--dns", arguments.mix.dns, "DNS queries with their responses");
  mix.add_option("--interleave", arguments.mix.live, "sessions that run at the same time")
      ->capture_default_str()
      ->check(CLI::Range(1, 10'000'000));
  add_large_output(mix, arguments);
  add_output(mix, arguments);

  CLI::App& synflood = *app.add_subcommand("synflood", "SYNs, each of another flow");
  add_packets(synflood, arguments);
  add_large_output(synflood, arguments);
  add_output(synflood, arguments);

  CLI::App& elephant = *app.add_subcommand("elephant", "one long TCP flow of full segments");
  add_packets(elephant, arguments);
  add_large_output(elephant, arguments);
  add_output(elephant, arguments);

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 1;
  }

  const Output& output = arguments.output;
  if (sample.parsed()) return report(output.path, write_sample(output.path));
  if (synflood.parsed()) return report(output.path, write_synflood(output, arguments.packets));
  if (elephant.parsed()) return report(output.path, write_elephant(output, arguments.packets));
  if (arguments.mix.http + arguments.mix.tls + arguments.mix.dns == 0) {
    std::fprintf(stderr,
                 "fs_traffic: mix needs --http, --tls or --dns with a number of sessions\n");
    return 1;
  }
  return report(output.path, write_mix(output, arguments.mix));
}

}  // namespace
}  // namespace flowscope::traffic

int main(int argc, char** argv) { return flowscope::traffic::run(argc, argv); }
