#include "dataplane/app/command_line.h"
#include "dataplane/app/confine.h"
#include "dataplane/app/engine_run.h"
#include "dataplane/app/log.h"
#include "dataplane/app/verbs.h"
#include "dataplane/pcap/file_port.h"

namespace flowscope {

namespace {

// Tells what was wrong with the files; all that came before was tracked and written.
Exit report_faults(const FilePort& port) {
  for (const Error& fault : port.faults()) log_warning("{}", fault.message);
  return port.faults().empty() ? Exit::Ok : Exit::Port;
}

}  // namespace

Exit replay(const CommandLine& line) {
  const Config& config = line.config;
  const std::vector<std::string>& files = line.files;
  if (auto checked = FilePort::check(files); !checked.ok()) {
    log_error("{}", checked.error().message);
    return Exit::Port;
  }
  // Every worker reads all the files and takes its share of the flows; a pipe can be read only
  // once.
  const bool from_pipe = std::find(files.begin(), files.end(), "-") != files.end();
  const uint32_t workers = from_pipe ? 1 : config.workers;
  if (workers != config.workers) log_error("standard input is read by one worker");

  auto engine = Engine::create(config, InputKind::Files, workers);
  if (!engine.ok()) {
    log_error("{}", engine.error().message);
    return Exit::Usage;
  }
  engine.value().reload_from(line.sources);
  // A user's own files need no walls unless they are asked for; see the decision.
  if (ConfineOptions options = confine_options(config).value(); options.use == ConfineUse::On) {
    allow_reading_again(line.sources.file, options);
    options.readable.insert(options.readable.end(), files.begin(), files.end());
    if (!confine_verb(options)) return Exit::Usage;
  }
  std::vector<std::unique_ptr<FilePort>> ports;
  for (uint32_t i = 0; i < workers; ++i)
    ports.push_back(std::make_unique<FilePort>(files, config.burst));
  const std::string name =
      files.size() == 1 ? files.front() : fmt::format("{} files", files.size());
  const Exit ledger = engine.value().run(ports, Engine::threads(), [&] {
    PortLine port{.name = name};
    for (uint32_t i = 0; i < workers; ++i) {
      port.packets += engine.value().pipeline(i).ledger().received();
      port.bytes += engine.value().pipeline(i).traffic().bytes.value();
    }
    return std::vector<PortLine>{port};
  });
  const Exit faults = report_faults(*ports.front());
  return ledger != Exit::Ok ? ledger : faults;
}

}  // namespace flowscope
