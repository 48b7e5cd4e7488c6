#include "config/schema.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>
#include <vector>

namespace flowscope {

namespace {

// The place that a path of members leads to: at<&Config::table, &TableConfig::flows_max>.
template <auto... kMembers>
constexpr auto at = [](Config& config) -> auto& {
  return (config.*....*kMembers);
};

using enum SettingKind;

constexpr uint64_t kHourNs = 3600 * kSecondNs;
constexpr uint64_t kDayNs = 24 * kHourNs;

constexpr Setting count(std::string_view key, FieldOf<uint32_t> field, uint64_t min, uint64_t max,
                        std::string_view help) {
  return {.key = key, .kind = Count, .field = field, .min = min, .max = max, .help = help};
}
constexpr Setting bytes(std::string_view key, FieldOf<uint64_t> field, uint64_t min, uint64_t max,
                        std::string_view help) {
  return {.key = key, .kind = Bytes, .field = field, .min = min, .max = max, .help = help};
}
constexpr Setting duration(std::string_view key, FieldOf<uint64_t> field, uint64_t min,
                           uint64_t max, std::string_view help) {
  return {.key = key, .kind = Duration, .field = field, .min = min, .max = max, .help = help};
}
constexpr Setting flag(std::string_view key, FieldOf<bool> field, std::string_view help) {
  return {.key = key, .kind = Flag, .field = field, .help = help};
}
constexpr Setting list(std::string_view key, SettingKind kind,
                       FieldOf<std::vector<std::string>> field, std::string_view help) {
  return {.key = key, .kind = kind, .field = field, .help = help};
}

constexpr Setting on_reload(Setting setting) {
  setting.taken = Taken::OnReload;
  return setting;
}
constexpr Setting while_on(Setting setting) {
  setting.taken = Taken::OnReloadWhileOn;
  return setting;
}

constexpr std::array kSettings = std::to_array<Setting>({
    count("workers", at<&Config::workers>, 1, 256, "Workers, each with its own flow table."),
    count("burst", at<&Config::burst>, 1, 256, "Most packets handled in one burst."),
    {.key = "hash_seed",
     .kind = Seed,
     .field = at<&Config::hash_seed>,
     .max = UINT64_MAX,
     .help = "Key of the flow hash; random is safe against crafted traffic. Files use a fixed one "
             "then."},
    on_reload(duration("stats_period", at<&Config::stats_period_ns>, 0, kDayNs,
                       "Time between statistics tables; 0 prints none.")),
    duration("exit_after_idle", at<&Config::exit_after_idle_ns>, 0, kDayNs,
             "Ends the run after this long without a packet; 0 never does."),
    flag("burst_times", at<&Config::burst_times>,
         "Measures how long the bursts take and tells it at the end."),
    {.key = "checksums",
     .kind = Checksums,
     .field = at<&Config::checksums>,
     .help = "What is done about wrong checksums of IPv4, TCP, UDP, ICMP and SCTP: count counts "
             "them, drop leaves their packets out of the flows as well. A host that captures its "
             "own traffic sees checksums that its network card has yet to fill in, hence off."},

    list("decap", Names, at<&Config::decap>,
         "Encapsulations that are taken off, so that flows are those inside: off, auto (all), or "
         "names such as vxlan, gre, mpls."),
    list("decap_ports", Items, at<&Config::decap_ports>,
         "UDP ports of tunnels, such as vxlan:14789; they take the place of the usual ports of "
         "their kind."),

    duration("dedup.window", at<&Config::dedup, &DedupConfig::window_ns>, 0, 60 * kSecondNs,
             "Frames that were captured already within this time are dropped, such as the second "
             "copies of the loopback interface or of two mirror ports; 0 keeps them all. Copies "
             "mostly come within 1ms. What is sent twice within the window looks the same, unless "
             "the identification of IPv4 tells, so it should be no longer than they need."),
    count("dedup.frames_max", at<&Config::dedup, &DedupConfig::frames_max>, 1, 1U << 20,
          "The last frames of a worker that a new one is compared with; as many as may come within "
          "the window."),
    {.key = "dedup.match",
     .kind = Text,
     .field = at<&Config::dedup, &DedupConfig::match>,
     .help = "What has to be the same: frame compares every byte; packet compares from the IP "
             "header on without TTL, hop limit and header checksum, for mirror ports on both sides "
             "of a router or in other VLANs."},

    count("table.flows_max", at<&Config::table, &TableConfig::flows_max>, 0, 1U << 30,
          "Most live flows of a worker; then a closed, half-open, one-packet or the oldest flow "
          "ends for a new one. "
          "0 is 262144 for files and 1000000 for live traffic."),
    list("table.key_with", Items, at<&Config::table, &TableConfig::key_with>,
         "What tells flows apart besides protocol, addresses and ports, for networks that use the "
         "same "
         "addresses: vlan, vni, teid, gre_key, mpls, session. A TEID or MPLS label differs by "
         "direction and makes two flows of one."),
    count("table.details_max", at<&Config::table, &TableConfig::details_max>, 0, (1U << 24) - 1,
          "Most flows of a worker whose tunnel, second VLAN tag or ICMP errors are remembered; 0 "
          "takes as "
          "many as flows_max while decap is on."),
    on_reload(count(
        "table.emergency_percent", at<&Config::table, &TableConfig::emergency_percent>, 0, 100,
        "How full the table is, in percent of flows_max, when timeouts.emergency begins to hold; "
        "0 never.")),
    {.key = "table.counters",
     .kind = Counters,
     .field = at<&Config::table, &TableConfig::counters>,
     .help =
         "What is counted of a flow: basic is packets, bytes and TCP flags; full adds round-trip "
         "times, retransmissions, what the SYNs said, histories and more, for 274 bytes of "
         "each of flows_max."},
    count("table.first_packets", at<&Config::table, &TableConfig::first_packets>, 0, 32,
          "How many packets with payload at the start of a flow have their size and time kept, for "
          "9 bytes each of each of flows_max; with full counters only."),

    count("fragments.datagrams_max", at<&Config::fragments, &FragmentsConfig::datagrams_max>, 1,
          1U << 24, "Most IP datagrams of a worker that wait for fragments; then the oldest goes."),
    bytes("fragments.bytes_max", at<&Config::fragments, &FragmentsConfig::bytes_max>, 128 * kKiB,
          64 * kGiB, "Memory of a worker for fragments that wait."),
    on_reload(duration("fragments.timeout", at<&Config::fragments, &FragmentsConfig::timeout_ns>,
                       kMillisecondNs, kHourNs, "How long a datagram waits for its fragments.")),
    {.key = "fragments.overlap",
     .kind = Text,
     .field = at<&Config::fragments, &FragmentsConfig::overlap>,
     .help =
         "What is done where fragments overlap: refuse drops the datagram (RFC 5722); first, last, "
         "bsd, bsd_right, linux, windows, solaris read it as such a host does."},

    on_reload(duration("timeouts.tcp_new", at<&Config::timeouts, &TimeoutsConfig::tcp_new_ns>,
                       kMillisecondNs, kDayNs,
                       "Idle time after which a TCP flow without a full handshake ends.")),
    on_reload(duration("timeouts.tcp_established",
                       at<&Config::timeouts, &TimeoutsConfig::tcp_established_ns>, kMillisecondNs,
                       7 * kDayNs, "The same for an established TCP flow.")),
    on_reload(duration("timeouts.tcp_closing",
                       at<&Config::timeouts, &TimeoutsConfig::tcp_closing_ns>, kMillisecondNs,
                       kDayNs, "The same once one side has sent its FIN.")),
    on_reload(duration("timeouts.tcp_closed", at<&Config::timeouts, &TimeoutsConfig::tcp_closed_ns>,
                       0, kHourNs, "How long a closed TCP flow is kept to take in late packets.")),
    on_reload(duration("timeouts.udp", at<&Config::timeouts, &TimeoutsConfig::udp_ns>,
                       kMillisecondNs, kDayNs, "Idle time after which a UDP flow ends.")),
    on_reload(duration("timeouts.other", at<&Config::timeouts, &TimeoutsConfig::other_ns>,
                       kMillisecondNs, kDayNs, "The same for all other protocols.")),
    on_reload(duration(
        "timeouts.emergency", at<&Config::timeouts, &TimeoutsConfig::emergency_ns>, 0, kDayNs,
        "The longest of these for closed, half-open and one-packet flows while the table is "
        "nearly full.")),

    count("streams.streams_max", at<&Config::streams, &StreamsConfig::streams_max>, 1, 1U << 26,
          "Most TCP flows of a worker that are reassembled at a time."),
    bytes("streams.buffers_bytes", at<&Config::streams, &StreamsConfig::buffers_bytes>, kMiB,
          1024 * kGiB,
          "Memory of a worker for bytes that wait: out of order, or part of a message."),
    bytes("streams.reorder_bytes_max", at<&Config::streams, &StreamsConfig::reorder_bytes_max>, 0,
          kGiB, "Most bytes that one side of a flow may hold behind a gap."),
    bytes("streams.depth_bytes", at<&Config::streams, &StreamsConfig::depth_bytes>, 0, 1024 * kGiB,
          "How far each side of a TCP flow is followed; 0 goes to its end."),
    {.key = "streams.overlap",
     .kind = Text,
     .field = at<&Config::streams, &StreamsConfig::overlap>,
     .help =
         "Whose bytes stay where TCP segments overlap and differ: first, last, or as such a host "
         "has it: bsd, bsd_right, linux, old_linux, windows, vista, macos, solaris, hpux11, "
         "hpux10, irix."},
    {.key = "streams.overflow",
     .kind = Text,
     .field = at<&Config::streams, &StreamsConfig::overflow>,
     .help =
         "What becomes of a flow side that would hold more than reorder_bytes_max: "
         "sliding_window gives the oldest gap up and goes on, drop_flow leaves the flow alone."},

    list("l7.enabled", Names, at<&Config::l7, &L7Config::enabled>,
         "Protocol parsers to use; all uses every one that is built in."),
    flag("l7.http.body_sha256", at<&Config::l7, &L7Config::http, &HttpConfig::body_sha256>,
         "Hashes the bodies of HTTP requests and responses, and writes the SHA-256 of those that "
         "were "
         "seen whole."),

    {.key = "signatures.rules",
     .kind = Text,
     .field = at<&Config::signatures, &SignaturesConfig::rules>,
     .help = "Rules file whose signatures are looked for (docs/signatures.md); off looks for none. "
             "SIGHUP reads it again; the path may be another by then.",
     .taken = Taken::OnReloadWhileOn},
    {.key = "signatures.cache",
     .kind = Text,
     .field = at<&Config::signatures, &SignaturesConfig::cache>,
     .help =
         "File that keeps the compiled rules, so that a start with the same rules need not compile "
         "them; nobody else should be able to write it. off keeps none.",
     .taken = Taken::OnReload},
    bytes("signatures.depth_bytes", at<&Config::signatures, &SignaturesConfig::depth_bytes>, 64,
          kGiB, "How many first bytes of each side of a flow are searched."),
    count("signatures.flows_max", at<&Config::signatures, &SignaturesConfig::flows_max>, 1,
          1U << 26,
          "Most flows of a worker that are searched at a time; more are left out and counted."),

    {.key = "output.destination",
     .kind = Text,
     .field = at<&Config::output, &OutputConfig::destination>,
     .help = "Where records go: the path of a file or FIFO, - for standard output, tcp://HOST:PORT "
             "or unix:PATH for a stream socket on which somebody listens."},
    on_reload(flag("output.community_id", at<&Config::output, &OutputConfig::community_id>,
                   "Writes the Community ID of the flow into each record.")),
    while_on(duration(
        "output.interim", at<&Config::output, &OutputConfig::interim_ns>, 0, kDayNs,
        "Time between records of a flow that lives on, each with what was sent since the one "
        "before; 0 writes one at the end only.")),
    bytes("output.ring_bytes", at<&Config::output, &OutputConfig::ring_bytes>, 64 * kKiB, 4 * kGiB,
          "Room of each worker for records on their way to the writer; what does not fit is shed."),
    on_reload(list(
        "output.shed", Items, at<&Config::output, &OutputConfig::shed>,
        "What live capture sheds while the output is too slow: the first of these types of "
        "records once half of that room is filled, each next one a little later, and what is not "
        "named (alert) only when all of it is. Types are flow, interim, anomaly, alert, http, tls, "
        "dns, ssh, quic and other. Files are waited for and shed nothing.")),
    flag("output.append", at<&Config::output, &OutputConfig::append>,
         "Writes behind what the file holds already instead of replacing it."),
    on_reload(bytes(
        "output.rotate_bytes", at<&Config::output, &OutputConfig::rotate_bytes>, 0, 1024 * kGiB,
        "Size at which the file is renamed to NAME.YYYYmmddTHHMMSSZ and a new one begun; 0 never "
        "does.")),
    on_reload(duration("output.rotate_every", at<&Config::output, &OutputConfig::rotate_every_ns>,
                       0, 366 * kDayNs, "The same by age; 0 never does.")),
    on_reload(count("output.rotate_keep", at<&Config::output, &OutputConfig::rotate_keep>, 0,
                    1U << 20,
                    "Most renamed files that stay; then the oldest is deleted. 0 keeps all.")),
    on_reload(flag("output.records.flow",
                   at<&Config::output, &OutputConfig::records, &RecordsConfig::flow>,
                   "Writes a record for each flow that ends.")),
    on_reload(flag("output.records.alert",
                   at<&Config::output, &OutputConfig::records, &RecordsConfig::alert>,
                   "Writes a record for each signature found.")),
    on_reload(flag("output.records.http",
                   at<&Config::output, &OutputConfig::records, &RecordsConfig::http>,
                   "Writes HTTP records.")),
    on_reload(flag("output.records.tls",
                   at<&Config::output, &OutputConfig::records, &RecordsConfig::tls>,
                   "Writes TLS records.")),
    on_reload(flag("output.records.dns",
                   at<&Config::output, &OutputConfig::records, &RecordsConfig::dns>,
                   "Writes DNS records.")),
    on_reload(flag("output.records.ssh",
                   at<&Config::output, &OutputConfig::records, &RecordsConfig::ssh>,
                   "Writes SSH records.")),
    on_reload(flag("output.records.quic",
                   at<&Config::output, &OutputConfig::records, &RecordsConfig::quic>,
                   "Writes QUIC records.")),
    on_reload(flag("output.records.anomaly",
                   at<&Config::output, &OutputConfig::records, &RecordsConfig::anomaly>,
                   "Writes a record for each anomaly.")),
    on_reload(flag("output.records.stats",
                   at<&Config::output, &OutputConfig::records, &RecordsConfig::stats>,
                   "Writes the counters, at the end at least.")),

    count("pcap.snaplen_bytes", at<&Config::pcap, &PcapConfig::snaplen_bytes>, 64, 262'144,
          "Most bytes captured of a packet on a live interface."),
    flag("pcap.promiscuous", at<&Config::pcap, &PcapConfig::promiscuous>,
         "Captures packets that are for other machines as well."),
    bytes("pcap.buffer_bytes", at<&Config::pcap, &PcapConfig::buffer_bytes>, 64 * kKiB, kGiB,
          "Kernel buffer of a live interface."),

    count("dpdk.rxq", at<&Config::dpdk, &DpdkConfig::rxq>, 0, 256,
          "Receive queues of each port; 0 takes one for each worker."),
    count("dpdk.rxd", at<&Config::dpdk, &DpdkConfig::rxd>, 0, 32'768,
          "Descriptors of each receive queue, fitted to the limits of the device; 0 takes what the "
          "device advises, at least 1024."),
    count("dpdk.mbcache", at<&Config::dpdk, &DpdkConfig::mbcache>, 0, 512,
          "Packet buffers that each core keeps to itself."),
    count("dpdk.total_num_mbufs", at<&Config::dpdk, &DpdkConfig::total_num_mbufs>, 0, 1U << 26,
          "Packet buffers in all; 0 works it out from queues and descriptors."),
    {.key = "dpdk.portmask",
     .kind = Mask,
     .field = at<&Config::dpdk, &DpdkConfig::portmask>,
     .max = UINT64_MAX,
     .help = "Ports to use, bit N for port N; 0x0 uses all."},
    list(
        "dpdk.ports", Items, at<&Config::dpdk, &DpdkConfig::ports>,
        "Ports to use by name, such as 0000:3b:00.0 or net_pcap0, instead of a mask; [] uses all."),
    {.key = "dpdk.rss",
     .kind = Rss,
     .field = at<&Config::dpdk, &DpdkConfig::rss>,
     .help =
         "What a NIC spreads packets over its queues by: ip addresses, or udp for ports as well."},
    count("dpdk.max_pkt_len", at<&Config::dpdk, &DpdkConfig::max_pkt_len>, 0, 65'535,
          "Longest frame, frame check sequence included: the MTU is set from it where the device "
          "can, and packet buffers are made for it. 0 leaves the device as it is."),
    duration("dpdk.link_wait", at<&Config::dpdk, &DpdkConfig::link_wait_ns>, 0, kHourNs,
             "How long the start waits for the links of the ports; then it goes on without."),
    flag("dpdk.nic_timestamps", at<&Config::dpdk, &DpdkConfig::nic_timestamps>,
         "Takes the time of packets from the device where it offers it; else from the processor's "
         "clock, once for each burst."),
    list("dpdk.eal_options", Arguments, at<&Config::dpdk, &DpdkConfig::eal_options>,
         "EAL options for when the command line gives none."),

    {.key = "telemetry.prometheus",
     .kind = Text,
     .field = at<&Config::telemetry, &TelemetryConfig::prometheus>,
     .help = "Where Prometheus may fetch metrics by HTTP, below /metrics (docs/telemetry.md): a "
             "port of the loopback address such as 9464, ADDRESS:PORT such as 0.0.0.0:9464 or "
             "[::1]:9464, or off. Port 0 takes a free one and says which.",
     .taken = Taken::OnReload},

    {.key = "security.user",
     .kind = Text,
     .field = at<&Config::security, &SecurityConfig::user>,
     .help =
         "User to go on as once ports and outputs are open; keep stays who started the program. "
         "The user must be able to write where records go."},
    {.key = "security.confine",
     .kind = Text,
     .field = at<&Config::security, &SecurityConfig::confine>,
     .help = "Whether the program, once ports and outputs are open, gives up every file but the "
             "folders of output, log, configuration, rules and their cache, all system calls that "
             "start programs or change the machine, and capabilities: auto does for live and run "
             "what the kernel can, on insists for every verb, off does not."},

    list("worker.lcores", Items, at<&Config::worker, &WorkerConfig::lcores>,
         "Lcores of the EAL that workers of DPDK ports run on, the first worker on the first: "
         "numbers and ranges, such as [2, 4] or 2-5. [] takes all but the main lcore in turn. The "
         "memory of a worker is on the NUMA node of its lcore."),
    {.key = "worker.resteer",
     .kind = Text,
     .field = at<&Config::worker, &WorkerConfig::resteer>,
     .help =
         "Whether workers pass packets on to the worker of their flow, for DPDK ports that do not "
         "bring both directions of a flow, its fragments and what is in tunnels to one queue: on, "
         "off, or auto, which does so with more than one worker unless files and live ports meet."},
    {.key = "worker.idle",
     .kind = Text,
     .field = at<&Config::worker, &WorkerConfig::idle>,
     .help = "What a worker of DPDK ports does when nothing comes: spin asks again at once, pause "
             "tells the processor so, sleep pauses at first and then sleeps for longer and longer, "
             "up to worker.sleep_max.",
     .taken = Taken::OnReload},
    on_reload(duration("worker.sleep_max", at<&Config::worker, &WorkerConfig::sleep_max_ns>,
                       kMicrosecondNs, 100 * kMicrosecondNs,
                       "The longest sleep of an idle worker; a packet waits as long at most.")),
    on_reload(
        duration("worker.watchdog", at<&Config::worker, &WorkerConfig::watchdog_ns>, 0, kHourNs,
                 "A worker that has not moved for this long is told of, with the stage it is in; 0 "
                 "watches none.")),
    flag(
        "worker.stage_cycles", at<&Config::worker, &WorkerConfig::stage_cycles>,
        "Counts the processor cycles of each stage from the start and tells at the end how many a "
        "packet took; the telemetry command /flowscope/cycles,on begins and off ends it in a run."),
    flag("worker.track", at<&Config::worker, &WorkerConfig::track>,
         "Off counts packets and releases them, and nothing else: what receiving alone costs here, "
         "as dpdk-testpmd's rxonly shows it."),
    duration("worker.balance_period", at<&Config::worker, &WorkerConfig::balance_period_ns>, 0,
             kHourNs,
             "How often the loads of the workers are compared, and it is looked for flows with one "
             "direction only; what is seen twice running is told. 0 never looks."),
    count("worker.imbalance_percent", at<&Config::worker, &WorkerConfig::imbalance_percent>, 0,
          25'600,
          "What the busiest worker gets of its fair share of packets, in percent, when it is told "
          "of; 0 never. Two workers reach 200 at most."),

    {.key = "log.level",
     .kind = Text,
     .field = at<&Config::log, &LogConfig::level>,
     .help = "The least weight of the messages that are written: debug, info, warning or error. "
             "The tables of statistics and memory and the summary are no messages: they are always "
             "on standard error, and in log.file as well.",
     .taken = Taken::OnReload},
    {.key = "log.file",
     .kind = Text,
     .field = at<&Config::log, &LogConfig::file>,
     .help = "File that messages are added to, DPDK's among them; - is standard error.",
     .taken = Taken::OnReload},
    {.key = "log.format",
     .kind = Text,
     .field = at<&Config::log, &LogConfig::format>,
     .help = "How messages are written: text, or json for one object a line with timestamp, level, "
             "source and message.",
     .taken = Taken::OnReload},
    on_reload(flag("log.times", at<&Config::log, &LogConfig::times>,
                   "Writes the time before each message of text.")),
});

// Levenshtein's distance, one row at a time.
size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i + 1);
    for (size_t j = 0; j < b.size(); ++j) {
      const size_t substituted = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({substituted, diagonal + 1, row[j] + 1});
    }
  }
  return row.back();
}

std::string_view last_part(std::string_view key) { return key.substr(key.rfind('.') + 1); }

// Every key, and every group once.
std::vector<std::string_view> known_paths() {
  std::vector<std::string_view> paths;
  for (const Setting& setting : kSettings) {
    for (size_t dot = setting.key.find('.'); dot != std::string_view::npos;
         dot = setting.key.find('.', dot + 1)) {
      const std::string_view group = setting.key.substr(0, dot);
      if (std::find(paths.begin(), paths.end(), group) == paths.end()) paths.push_back(group);
    }
    paths.push_back(setting.key);
  }
  return paths;
}

}  // namespace

std::span<const Setting> all_settings() { return kSettings; }

const Setting* find_setting(std::string_view key) {
  const auto* const found =
      std::find_if(kSettings.begin(), kSettings.end(),
                   [&](const Setting& setting) { return setting.key == key; });
  return found != kSettings.end() ? found : nullptr;
}

bool is_group(std::string_view path) {
  return path.empty()
         || std::any_of(kSettings.begin(), kSettings.end(), [&](const Setting& setting) {
              return setting.key.size() > path.size() && setting.key.starts_with(path)
                     && setting.key[path.size()] == '.';
            });
}

std::string_view nearest_key(std::string_view wrong_key) {
  constexpr size_t kKeyBytesMax = 128;
  if (wrong_key.size() > kKeyBytesMax) return {};
  std::string_view nearest;
  size_t best = std::max<size_t>(2, wrong_key.size() / 3) + 1;
  for (const std::string_view path : known_paths()) {
    // The right name in the wrong group is as good as one wrong letter.
    const bool is_misplaced = last_part(path) == last_part(wrong_key);
    const size_t distance = is_misplaced ? 1 : edit_distance(wrong_key, path);
    if (distance < best) {
      best = distance;
      nearest = path;
    }
  }
  return nearest;
}

std::string unknown_key_text(std::string_view key) {
  if (is_group(key)) return "it is a group; expected a key below it";
  const std::string_view nearest = nearest_key(key);
  if (nearest.empty()) return "unknown key; expected one of docs/configuration.md";
  return std::string("unknown key; did you mean ").append(nearest).append("?");
}

}  // namespace flowscope
