#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace flowscope {

inline constexpr uint64_t kMicrosecondNs = 1'000;
inline constexpr uint64_t kMillisecondNs = 1'000 * kMicrosecondNs;
inline constexpr uint64_t kSecondNs = 1'000 * kMillisecondNs;
inline constexpr uint64_t kKiB = 1'024;
inline constexpr uint64_t kMiB = 1'024 * kKiB;
inline constexpr uint64_t kGiB = 1'024 * kMiB;

// How much is counted of each flow: packets, bytes and flags, or the extended counters as well.
enum class CounterUse : uint8_t { Basic, Full };

struct TableConfig {
  uint32_t flows_max = 0;  // of each worker; 0: 262,144 for files, 1,000,000 for live traffic
  std::vector<std::string> key_with;  // "vlan", "vni", ...: part of the flow key
  uint32_t details_max = 0;           // of each worker; 0: as many as flows_max while decap is on
  uint32_t emergency_percent = 95;    // of flows_max; 0: never
  CounterUse counters = CounterUse::Full;
  uint32_t first_packets = 0;  // of each flow, with full counters
};

// Frames that were captured twice.
struct DedupConfig {
  uint64_t window_ns = 0;       // 0: nobody looks for them
  uint32_t frames_max = 256;    // of each worker
  std::string match = "frame";  // or "packet"
};

// IP fragments; all sizes are those of one worker.
struct FragmentsConfig {
  uint32_t datagrams_max = 4'096;
  uint64_t bytes_max = 16 * kMiB;
  uint64_t timeout_ns = 30 * kSecondNs;
  std::string overlap = "refuse";  // or the name of a kind of host
};

// How long a flow may be silent before it ends.
struct TimeoutsConfig {
  uint64_t tcp_new_ns = 30 * kSecondNs;
  uint64_t tcp_established_ns = 300 * kSecondNs;
  uint64_t tcp_closing_ns = 30 * kSecondNs;
  uint64_t tcp_closed_ns = 5 * kSecondNs;
  uint64_t udp_ns = 60 * kSecondNs;
  uint64_t other_ns = 30 * kSecondNs;
  uint64_t emergency_ns = 5 * kSecondNs;
};

// TCP reassembly; all sizes are those of one worker.
struct StreamsConfig {
  uint32_t streams_max = 65'536;
  uint64_t buffers_bytes = 64 * kMiB;
  uint64_t reorder_bytes_max = 256 * kKiB;  // of each side of a flow
  uint64_t depth_bytes = 0;                 // of each side of a flow; 0: to its end
  std::string overlap = "first";            // a name of SegmentOverlap
  std::string overflow = "sliding_window";  // a name of OverflowPolicy
};

struct HttpConfig {
  bool body_sha256 = false;  // hash request and response bodies
};

struct L7Config {
  std::vector<std::string> enabled = {"all"};  // names of parsers, or "all" alone
  HttpConfig http;
};

// Searching the traffic for signatures of a rules file.
struct SignaturesConfig {
  std::string rules = "off";         // a path, or "off"
  std::string cache = "off";         // where the compiled rules are kept: a path, or "off"
  uint64_t depth_bytes = 16 * kKiB;  // of each side of a flow
  uint32_t flows_max = 32'768;       // of each worker
};

struct RecordsConfig {
  bool flow = true;
  bool alert = true;
  bool http = true;
  bool tls = true;
  bool dns = true;
  bool ssh = true;
  bool quic = true;
  bool anomaly = true;
  bool stats = true;
};

struct OutputConfig {
  std::string destination = "-";  // a path, "-", "tcp://HOST:PORT" or "unix:PATH"
  RecordsConfig records;
  bool community_id = true;
  uint64_t interim_ns = 0;         // 0: flows are told of when they end
  uint64_t ring_bytes = 8 * kMiB;  // of each worker
  // Names of RecordType: what is shed first when the output is too slow, in this order.
  std::vector<std::string> shed = {"interim", "anomaly", "other", "dns", "quic",
                                   "http",    "tls",     "ssh",   "flow"};
  bool append = false;           // to what the file holds already
  uint64_t rotate_bytes = 0;     // 0: not by size
  uint64_t rotate_every_ns = 0;  // 0: not by time
  uint32_t rotate_keep = 0;      // 0: all of them
};

struct PcapConfig {
  uint32_t snaplen_bytes = 65'535;
  bool promiscuous = true;
  uint64_t buffer_bytes = 16 * kMiB;
};

// What is done about wrong checksums: nobody looks, they are counted, their packets are dropped
// too.
enum class ChecksumUse : uint8_t { Off, Count, Drop };

// What the NIC spreads packets over its queues by.
enum class RssFields : uint8_t { Ip, Udp };

struct DpdkConfig {
  uint32_t rxq = 0;  // 0: one for each worker (net_pcap: one for each file)
  uint32_t rxd = 0;  // 0: what the device advises, at least 1,024
  uint32_t mbcache = 256;
  uint32_t total_num_mbufs = 0;    // 0: worked out from queues and descriptors
  uint64_t portmask = 0;           // bit N is port N; 0: all ports
  std::vector<std::string> ports;  // names, instead of portmask
  RssFields rss = RssFields::Udp;
  uint32_t max_pkt_len = 0;  // bytes, with the frame check sequence; 0: the device's own
  uint64_t link_wait_ns = 3 * kSecondNs;
  bool nic_timestamps = true;
  std::vector<std::string> eal_options;
};

// Figures for whoever asks from outside.
struct TelemetryConfig {
  std::string prometheus = "off";  // or where it is served: a port, or ADDRESS:PORT
};

// What the program gives up once ports and outputs are open.
struct SecurityConfig {
  std::string user = "keep";     // goes on as this user; "keep": as the one who started it
  std::string confine = "auto";  // "auto", "on" or "off"
};

// How workers run.
struct WorkerConfig {
  std::vector<std::string> lcores;  // "2", "4-7", see parse_lcores(); none: all but the main one
  std::string resteer = "auto";     // or "on", "off"
  std::string idle = "sleep";       // or "spin", "pause"
  uint64_t sleep_max_ns = 100 * kMicrosecondNs;
  uint64_t watchdog_ns = 2 * kSecondNs;  // 0: nobody watches
  bool stage_cycles = false;
  bool track = true;
  uint64_t balance_period_ns = 10 * kSecondNs;  // 0: nobody looks
  uint32_t imbalance_percent = 150;             // of a worker's share; 0: never told
};

// What the program tells people.
struct LogConfig {
  std::string level = "info";  // debug, info, warning or error
  std::string file = "-";      // a path, or "-" for standard error
  std::string format = "text";
  bool times = false;
};

// Everything a user can set, with its defaults. Filled by load_yaml_file() and apply_option(),
// checked by validate(), then read-only.
struct Config {
  uint32_t workers = 1;
  uint32_t burst = 64;
  std::optional<uint64_t> hash_seed;          // nothing: random for live traffic, fixed for files
  uint64_t stats_period_ns = 0;               // 0: no statistics table
  uint64_t exit_after_idle_ns = 0;            // 0: runs until it is stopped
  bool burst_times = false;                   // tell at the end how long bursts took
  std::vector<std::string> decap = {"auto"};  // "off", "auto", or names of encapsulations
  std::vector<std::string> decap_ports;       // "vxlan:14789"
  ChecksumUse checksums = ChecksumUse::Off;
  DedupConfig dedup;
  TableConfig table;
  FragmentsConfig fragments;
  TimeoutsConfig timeouts;
  StreamsConfig streams;
  L7Config l7;
  SignaturesConfig signatures;
  OutputConfig output;
  PcapConfig pcap;
  DpdkConfig dpdk;
  TelemetryConfig telemetry;
  SecurityConfig security;
  WorkerConfig worker;
  LogConfig log;
};

}  // namespace flowscope
