#pragma once

#include <rte_eal.h>
#include <rte_hash.h>
#include <sched.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "flowcore/base/arena.h"
#include "perf/micro/table_workload.h"

namespace flowscope::bench {

// DPDK's environment for rte_hash alone: no ports, huge pages when enough are free. Leaves the
// thread on the processors that it may run on, so that what is measured afterwards runs as what was
// measured before.
class RteEnvironment {
 public:
  RteEnvironment() {
    constexpr size_t kMegabytes = 640;
    huge_ = free_huge_megabytes() >= kMegabytes;
    std::vector<std::string> words = {
        "bench_table", "--no-pci", "--no-telemetry", "-l", "0", "-m", std::to_string(kMegabytes),
        "--log-level", "*:error"};
    if (huge_) {
      words.emplace_back("--in-memory");
    } else {
      words.insert(words.end(), {"--no-huge", "--no-shconf"});
    }
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    cpu_set_t processors;
    sched_getaffinity(0, sizeof processors, &processors);
    ok_ = rte_eal_init(static_cast<int>(arguments.size()), arguments.data()) >= 0;
    sched_setaffinity(0, sizeof processors, &processors);
  }
  ~RteEnvironment() {
    if (ok_) rte_eal_cleanup();
  }
  RteEnvironment(const RteEnvironment&) = delete;
  RteEnvironment& operator=(const RteEnvironment&) = delete;

  [[nodiscard]] bool ok() const { return ok_; }
  // What the table's own memory lies on.
  [[nodiscard]] const char* pages() const { return huge_ ? "2 MB pages" : "4 KB pages"; }

 private:
  static size_t free_huge_megabytes() {
    std::ifstream pages("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages");
    size_t count = 0;
    pages >> count;
    return count * 2;
  }
  bool ok_ = false;
  bool huge_ = false;
};

// rte_hash from keys to records that lie in an arena of ours, looked up as its documentation
// advises: in bulk, with hashes already known.
class RteHashTable {
 public:
  explicit RteHashTable(const Workload& workload)
      : arena_(std::move(
          Arena::create(Arena::cost<Record>(workload.flows()), Arena::Populate::Now).value())),
        records_(arena_.take<Record>(workload.flows())) {
    rte_hash_parameters parameters{};
    parameters.name = "bench_table";
    parameters.entries = workload.flows() / 7 * 10;  // the load that ours is given
    parameters.key_len = sizeof(FlowKey);
    table_ = rte_hash_create(&parameters);
    for (uint32_t flow = 0; table_ != nullptr && flow < workload.flows(); ++flow) {
      const Packet packet = workload.packet_of(flow, 0);
      Record& record = records_[flow];
      record.key = packet.key;
      const int added = rte_hash_add_key_with_hash_data(
          table_, &packet.key, static_cast<uint32_t>(packet.hash), &record);
      if (added != 0) {
        std::fprintf(stderr, "rte_hash is full after %u of %u flows\n", flow, workload.flows());
        break;
      }
    }
  }
  ~RteHashTable() { rte_hash_free(table_); }
  RteHashTable(const RteHashTable&) = delete;
  RteHashTable& operator=(const RteHashTable&) = delete;

  [[nodiscard]] bool ok() const { return table_ != nullptr; }

  void update_burst(const Packet* packets, uint32_t count, uint64_t time_ns) {
    std::array<const void*, RTE_HASH_LOOKUP_BULK_MAX> keys;
    std::array<hash_sig_t, RTE_HASH_LOOKUP_BULK_MAX> hashes;
    std::array<void*, RTE_HASH_LOOKUP_BULK_MAX> found;
    for (uint32_t i = 0; i < count; ++i) {
      keys[i] = &packets[i].key;
      hashes[i] = static_cast<uint32_t>(packets[i].hash);
    }
    uint64_t hits = 0;
    rte_hash_lookup_with_hash_bulk_data(table_, keys.data(), hashes.data(), count, &hits,
                                        found.data());
    for (uint32_t i = 0; i < count; ++i) {
      if ((hits >> i & 1) == 0) continue;
      prefetch_write(found[i]);
      prefetch_write(static_cast<uint8_t*>(found[i]) + kCacheLineBytes);
    }
    for (uint32_t i = 0; i < count; ++i) {
      if ((hits >> i & 1) == 0) continue;
      Record& record = *static_cast<Record*>(found[i]);
      update(record, packets[i], time_ns);
      record.tick = PacketClock::tick_of(time_ns);
    }
  }

 private:
  Arena arena_;
  std::span<Record> records_;
  rte_hash* table_ = nullptr;
};

}  // namespace flowscope::bench
