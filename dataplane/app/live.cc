#include "dataplane/app/command_line.h"
#include "dataplane/app/confine.h"
#include "dataplane/app/engine_run.h"
#include "dataplane/app/log.h"
#include "dataplane/app/system_time.h"
#include "dataplane/app/verbs.h"
#include "dataplane/pcap/live_port.h"

namespace flowscope {

namespace {

// A live interface as the worker wants it: waits when nothing comes, knows the time, ends after a
// silence where that is asked for, and keeps the kernel's drop counters where the main thread can
// read them.
class InterfacePort {
 public:
  InterfacePort(LivePort port, uint64_t exit_after_idle_ns)
      : port_(std::move(port)),
        exit_after_idle_ns_(exit_after_idle_ns),
        last_packet_ns_(system_now().ns) {}

  void receive(Burst& burst) {
    if (port_.receive(burst) != 0) quiet_ = false;
    if (++receives_ % kReceivesPerCount == 0) count();
  }
  void release(Burst& burst) { port_.release(burst); }
  void idle() {
    port_.wait(kWaitMs);
    const uint64_t now = system_now().ns;
    if (!quiet_) last_packet_ns_ = now;
    quiet_ = true;
    idle_over_ = exit_after_idle_ns_ != 0 && now - last_packet_ns_ >= exit_after_idle_ns_;
    if (now - counted_ns_ >= kCountPeriod_ns) count();
  }
  [[nodiscard]] bool ended() const { return idle_over_ || port_.ended(); }
  [[nodiscard]] uint64_t now_ns() const { return system_now().ns; }

  void finish() { count(); }
  // The worker's thread only.
  void count() {
    counted_ns_ = system_now().ns;
    const PortCounters counters = port_.counters();
    received_.add(counters.received - received_.value());
    bytes_.add(counters.bytes - bytes_.value());
    dropped_.add(counters.dropped_by_port - dropped_.value());
  }
  [[nodiscard]] PortLine line(const std::string& name) const {
    return {.name = name,
            .packets = received_.value(),
            .bytes = bytes_.value(),
            .missed = dropped_.value(),
            .loss_known = true};
  }
  [[nodiscard]] const LivePort& live() const { return port_; }

 private:
  static constexpr int kWaitMs = 20;
  static constexpr uint32_t kReceivesPerCount = 4096;
  static constexpr uint64_t kCountPeriod_ns = 100'000'000;

  LivePort port_;
  uint64_t exit_after_idle_ns_;
  uint64_t last_packet_ns_;
  uint64_t counted_ns_ = 0;
  uint32_t receives_ = 0;
  bool quiet_ = true;
  bool idle_over_ = false;
  Counter received_;
  Counter bytes_;
  Counter dropped_;
};

}  // namespace

Exit live(const CommandLine& line) {
  const Config& config = line.config;
  const std::string& interface = line.interface;
  if (config.workers != 1) {
    log_error(
        "an interface is read by one worker; --workers {} is for replay, or use flowscope run "
        "with a DPDK port of several queues",
        config.workers);
    return Exit::Usage;
  }
  auto opened =
      LivePort::open({.interface = interface,
                      .filter = line.filter,
                      .promiscuous = config.pcap.promiscuous ? LivePort::Promiscuous::Yes
                                                             : LivePort::Promiscuous::No,
                      .snap_bytes = config.pcap.snaplen_bytes,
                      .kernel_buffer_bytes = static_cast<uint32_t>(config.pcap.buffer_bytes),
                      .packets_max = config.burst});
  if (!opened.ok()) {
    log_error("{}", opened.error().message);
    return Exit::Port;
  }
  auto engine = Engine::create(config, InputKind::Live, 1);
  if (!engine.ok()) {
    log_error("{}", engine.error().message);
    return Exit::Usage;
  }
  std::vector<std::unique_ptr<InterfacePort>> ports;
  ports.push_back(
      std::make_unique<InterfacePort>(std::move(opened.value()), config.exit_after_idle_ns));
  engine.value().reload_from(line.sources);
  ConfineOptions confinement = confine_options(config).value();
  allow_reading_again(line.sources.file, confinement);
  if (!confine_verb(confinement)) return Exit::Usage;
  log_info("capturing on {}; stop with Ctrl-C", interface);
  const Exit ledger = engine.value().run(ports, Engine::threads(), [&] {
    return std::vector<PortLine>{ports.front()->line(interface)};
  });
  if (ports.front()->live().ended()) {
    log_error("{}: {}", interface, ports.front()->live().fault().message);
    return Exit::Port;
  }
  return ledger;
}

}  // namespace flowscope
