#include <fmt/format.h>

#include <cstdio>

#include "dataplane/app/engine.h"
#include "dataplane/app/verbs.h"
#include "dataplane/pcap/file_port.h"

namespace flowscope {

namespace {

// Tells what was wrong with the files; all that came before was tracked and written.
Exit report_faults(const FilePort& port) {
  for (const Error& fault : port.faults()) fmt::print(stderr, "flowscope: {}\n", fault.message);
  return port.faults().empty() ? Exit::Ok : Exit::Port;
}

}  // namespace

Exit replay(const Config& config, const std::vector<std::string>& files) {
  if (auto checked = FilePort::check(files); !checked.ok()) {
    fmt::print(stderr, "flowscope: {}\n", checked.error().message);
    return Exit::Port;
  }
  // Every worker reads all the files and takes its share of the flows; a pipe can be read only
  // once.
  const bool from_pipe = std::find(files.begin(), files.end(), "-") != files.end();
  const uint32_t workers = from_pipe ? 1 : config.workers;
  if (workers != config.workers)
    fmt::print(stderr, "flowscope: standard input is read by one worker\n");

  auto engine = Engine::create(config, InputKind::Files, workers);
  if (!engine.ok()) {
    fmt::print(stderr, "flowscope: {}\n", engine.error().message);
    return Exit::Usage;
  }
  std::vector<std::unique_ptr<FilePort>> ports;
  for (uint32_t i = 0; i < workers; ++i)
    ports.push_back(std::make_unique<FilePort>(files, config.burst));
  const std::string name =
      files.size() == 1 ? files.front() : fmt::format("{} files", files.size());
  const Exit ledger = engine.value().run(ports, Engine::threads(), [&] {
    PortLine line{.name = name};
    for (uint32_t i = 0; i < workers; ++i) {
      line.packets += engine.value().pipeline(i).ledger().received.value();
      line.bytes += engine.value().pipeline(i).traffic().bytes.value();
    }
    return std::vector<PortLine>{line};
  });
  const Exit faults = report_faults(*ports.front());
  return ledger != Exit::Ok ? ledger : faults;
}

}  // namespace flowscope
