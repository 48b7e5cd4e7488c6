#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace flowscope {

// Every setting of the application, with its default. Filled from a YAML file and from options of
// the command line by config/schema.h, which also knows each one's key, range and help text; plain
// values, no behaviour. Units stand in the names: _s seconds, _bytes bytes; 0 has the meaning its
// comment gives.

struct TableConfig {
  uint32_t flows_max = 1 << 18;       // flows of one worker; the table rounds up
  std::optional<uint64_t> hash_seed;  // unset: fixed for files, random for live traffic
};

struct TimeoutConfig {
  double tcp_new_s = 60;
  double tcp_established_s = 300;
  double tcp_closing_s = 60;
  double tcp_closed_s = 10;
  double udp_s = 60;
  double other_s = 30;
};

struct StreamConfig {
  uint32_t streams_max = 1 << 16;           // flows being parsed at the same time, of one worker
  size_t buffers_bytes = size_t{64} << 20;  // bytes kept past their packet, of one worker
  uint32_t reorder_bytes_max = 256 << 10;   // early segments held for one side of a flow
  uint32_t segments_max = 1 << 15;          // early segments held by one worker
};

struct OutputConfig {
  std::string destination = "-";  // a file, a FIFO, "-" for standard output
  bool flow = true;               // which records are written
  bool messages = true;           // http, tls, dns, ...
  bool anomaly = true;
  bool stats = true;
  bool community_id = true;
  size_t ring_bytes = size_t{8} << 20;  // records on their way to the exporter, of one worker
};

struct PcapConfig {
  bool promiscuous = true;  // also of DPDK ports
  uint32_t snap_bytes = 262'144;
  size_t buffer_bytes = size_t{32} << 20;  // of the kernel's ring
};

struct DpdkConfig {
  uint64_t portmask = 0;  // 0: every port
  uint32_t rxq = 0;       // 0: one for each worker (net_pcap: one for each file)
  uint32_t rxd = 1024;
  uint32_t mbcache = 256;        // at most 512, RTE_MEMPOOL_CACHE_MAX_SIZE
  uint32_t total_num_mbufs = 0;  // 0: from queues, descriptors and caches
};

struct Config {
  uint32_t workers = 1;
  uint32_t burst = 64;           // packets, 1 to 256
  std::vector<std::string> l7;   // parsers that are on; empty: all that are built in
  double stats_period_s = 0;     // 0: no table
  double exit_after_idle_s = 0;  // 0: never
  TableConfig table;
  TimeoutConfig timeouts;
  StreamConfig streams;
  OutputConfig output;
  PcapConfig pcap;
  DpdkConfig dpdk;
};

}  // namespace flowscope
