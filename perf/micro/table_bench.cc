// Looks a packet's flow up, verifies its key and updates its record and age, packets per burst and
// flows in the table varying; every table gets the same packets. Rivals keep their age as a tick in
// the record, the cheapest there is, though no victim could be found by it.
#include <benchmark/benchmark.h>

#include <array>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "flowcore/table/flow_table.h"
#include "perf/micro/table_workload.h"
#ifdef FS_BENCH_RTE_HASH
#include "perf/micro/rte_hash_table.h"
#endif

namespace flowscope::bench {
namespace {

constexpr uint32_t kBurstMax = 128;
constexpr uint32_t kMillion = 1'000'000;
// All flows of the stream are worth keeping, new ones are not yet.
constexpr EntryClass kNewcomer = 0;
constexpr VictimRanks kRanks = {0, kRankKept};

// Our table as a tracker drives it, filled with the workload's flows in order.
template <class R>
class TableOf {
 public:
  using Table = FlowTable<R>;
  explicit TableOf(const Workload& workload)
      : arena_(
          std::move(Arena::create(Table::cost(workload.flows()), Arena::Populate::Now).value())),
        table_(arena_, workload.flows(), kRanks) {
    for (uint32_t flow = 0; flow < workload.flows(); ++flow) add(workload.packet_of(flow, 0), 0);
  }

  // What becomes of packets whose flow is not there: nothing, or a new entry, in place of the
  // oldest where the table is full.
  enum class Absent : uint8_t { Skip, Add };

  // Passes over the burst, each reading what the one before asked for. PERF: bound by line fills;
  // see README.md of the table.
  template <Absent kAbsent>
  void update_burst(const Packet* packets, uint32_t count, uint64_t time_ns) {
    const uint16_t tick = PacketClock::tick_of(time_ns);
    for (uint32_t i = 0; i < count; ++i) table_.prefetch_set(packets[i].hash);
    uint32_t absent_count = 0;
    for (uint32_t i = 0; i < count; ++i) {
      guesses_[i] = table_.guess(packets[i].hash);
      expected_[i] = guesses_[i];
      if (guesses_[i] == Table::kNone) [[unlikely]] {
        expected_[i] = table_.expect(packets[i].hash);
        absent_[absent_count++] = i;
      }
      if (i < kEntriesAhead) table_.prefetch_entry(expected_[i]);
    }
    for (uint32_t i = 0; i < absent_count; ++i) {
      const uint32_t at = absent_[i];
      expected_[at] = table_.expect_beyond(packets[at].hash, expected_[at]);
    }
    for (uint32_t i = 0; i < count; ++i) {
      if (i + kEntriesAhead < count) table_.prefetch_entry(expected_[i + kEntriesAhead]);
      auto slot = table_.find(packets[i].hash, packets[i].key, guesses_[i]);
      if (slot == Table::kNone) {
        if constexpr (kAbsent == Absent::Skip) continue;
        slot = add(packets[i], tick);
      }
      update(table_.entry(slot), packets[i], time_ns);
      table_.touch(slot, tick);
    }
  }

  // The same one packet at a time: what passes cost that cannot hide anything.
  void update_one_by_one(const Packet* packets, uint32_t count, uint64_t time_ns) {
    const uint16_t tick = PacketClock::tick_of(time_ns);
    for (uint32_t i = 0; i < count; ++i) {
      const auto slot = table_.find(packets[i].hash, packets[i].key, table_.guess(packets[i].hash));
      if (slot == Table::kNone) continue;
      update(table_.entry(slot), packets[i], time_ns);
      table_.touch(slot, tick);
    }
  }

 private:
  typename Table::Slot add(const Packet& packet, uint16_t tick) {
    const auto choice = table_.choose(packet.hash);
    if (choice.victim != Table::kNone)
      table_.vacate(choice.victim, [&] { return hash_(&table_.entry(choice.victim).key); });
    // Copied rather than zeroed: GCC zeroes with `rep stos`, which takes 5 ns to start.
    static constexpr R kEmpty{};
    R& record = table_.place(choice.slot, packet.hash, kNewcomer, tick);
    record = kEmpty;
    record.key = packet.key;
    return choice.slot;
  }

  Arena arena_;
  Table table_;
  KeyedHash hash_ = Workload::hash();
  static constexpr uint32_t kEntriesAhead = 12;

  std::array<typename Table::Slot, kBurstMax> guesses_{};
  std::array<typename Table::Slot, kBurstMax> expected_{};
  std::array<uint32_t, kBurstMax + 1> absent_{};
};

using OurTable = TableOf<Record>;
// What a front table for flows of one packet would hold, if there were one (decision 0011).
using SmallTable = TableOf<SmallRecord>;

struct KeyHasher {
  KeyedHash hash = Workload::hash();
  size_t operator()(const FlowKey& key) const { return hash(&key); }
};

class UnorderedMapTable {
 public:
  explicit UnorderedMapTable(const Workload& workload) {
    table_.reserve(workload.flows());
    for (uint32_t flow = 0; flow < workload.flows(); ++flow) {
      const FlowKey key = workload.packet_of(flow, 0).key;
      table_.emplace(key, Record{.key = key});
    }
  }
  void update_burst(const Packet* packets, uint32_t count, uint64_t time_ns) {
    for (uint32_t i = 0; i < count; ++i) {
      const auto found = table_.find(packets[i].key);
      if (found == table_.end()) continue;
      update(found->second, packets[i], time_ns);
      found->second.tick = PacketClock::tick_of(time_ns);
    }
  }

 private:
  std::unordered_map<FlowKey, Record, KeyHasher> table_;
};

// No table at all: the packet's flow number is the place of its record, both lines of which are
// asked for a burst ahead. What memory alone costs.
class Floor {
 public:
  explicit Floor(const Workload& workload)
      : arena_(std::move(
          Arena::create(Arena::cost<Record>(workload.flows()), Arena::Populate::Now).value())),
        records_(arena_.take<Record>(workload.flows())) {}
  void update_burst(const Packet* packets, uint32_t count, uint64_t time_ns) {
    for (uint32_t i = 0; i < count; ++i) {
      const Record& record = records_[packets[i].flow];
      prefetch_write(&record);
      prefetch_write(&record.packets[1]);
    }
    for (uint32_t i = 0; i < count; ++i) update(records_[packets[i].flow], packets[i], time_ns);
  }

 private:
  Arena arena_;
  std::span<Record> records_;
};

void count_packets(benchmark::State& state, uint32_t burst) {
  const auto packets = static_cast<double>(state.iterations()) * burst;
  state.counters["ns_per_packet"] =
      benchmark::Counter(packets * 1e-9, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

// Builds workloads and tables when they are first asked for, and keeps those of one size at a time.
class Laboratory {
 public:
  Workload& workload(uint32_t flows) {
    if (workload_ == nullptr || workload_->flows() != flows) {
      ours_.reset();
      map_.reset();
      floor_.reset();
      workload_ = std::make_unique<Workload>(flows);
    }
    return *workload_;
  }
  OurTable& ours(uint32_t flows) {
    if (workload(flows); ours_ == nullptr) ours_ = std::make_unique<OurTable>(*workload_);
    return *ours_;
  }
  UnorderedMapTable& map(uint32_t flows) {
    if (workload(flows); map_ == nullptr) map_ = std::make_unique<UnorderedMapTable>(*workload_);
    return *map_;
  }
  Floor& floor(uint32_t flows) {
    if (workload(flows); floor_ == nullptr) floor_ = std::make_unique<Floor>(*workload_);
    return *floor_;
  }
#ifdef FS_BENCH_RTE_HASH
  RteEnvironment& rte_environment() {
    if (rte_environment_ == nullptr) rte_environment_ = std::make_unique<RteEnvironment>();
    return *rte_environment_;
  }
#endif

 private:
  std::unique_ptr<Workload> workload_;
  std::unique_ptr<OurTable> ours_;
  std::unique_ptr<UnorderedMapTable> map_;
  std::unique_ptr<Floor> floor_;
#ifdef FS_BENCH_RTE_HASH
  std::unique_ptr<RteEnvironment> rte_environment_;
#endif
};

// Runs `work(packets, count, time)` over the workload's stream, a burst per iteration.
template <class Work>
void run_bursts(benchmark::State& state, Workload& workload, uint32_t burst, Work&& work) {
  PacketClock clock;
  for (auto _ : state) work(workload.next(burst), burst, clock.next_burst(burst));
  count_packets(state, burst);
}

// Every packet is the first of a new flow.
template <class T>
void run_flood(benchmark::State& state, T& table, const Workload& workload, uint32_t burst) {
  const uint32_t flows = workload.flows();
  // More new keys than the table holds, so that each is forgotten before it comes again.
  std::vector<Packet> packets;
  for (uint32_t i = 0; i < 4 * flows; ++i) packets.push_back(workload.packet_of(flows + i, i));
  PacketClock clock;
  size_t position = 0;
  for (auto _ : state) {
    table.template update_burst<T::Absent::Add>(&packets[position], burst, clock.next_burst(burst));
    position = position + 2 * burst <= packets.size() ? position + burst : 0;
  }
  count_packets(state, burst);
}

void register_ours(Laboratory& laboratory, const std::string& size, uint32_t flows) {
  const std::string name = "table/ours/" + size;
  const auto add = [&](const std::string& suffix, uint32_t burst, auto member) {
    benchmark::RegisterBenchmark(
        (name + suffix).c_str(), [=, &laboratory](benchmark::State& state) {
          OurTable& table = laboratory.ours(flows);
          run_bursts(state, laboratory.workload(flows), burst,
                     [&](const Packet* packets, uint32_t count, uint64_t time_ns) {
                       (table.*member)(packets, count, time_ns);
                     });
        });
  };
  const auto update_burst = &OurTable::update_burst<OurTable::Absent::Add>;
  add("", 64, update_burst);
  add("_b32", 32, update_burst);
  add("_b64", 64, update_burst);
  add("_b128", 128, update_burst);
  add("_one_by_one", 64, &OurTable::update_one_by_one);
}

// The rest at a million flows, beside ours of the same size.
void register_at_a_million(Laboratory& laboratory) {
  benchmark::RegisterBenchmark("table/unordered_map/1M", [&laboratory](benchmark::State& state) {
    UnorderedMapTable& table = laboratory.map(kMillion);
    run_bursts(state, laboratory.workload(kMillion), 64,
               [&](auto... arguments) { table.update_burst(arguments...); });
  });
  benchmark::RegisterBenchmark("floor/two_lines/1M", [&laboratory](benchmark::State& state) {
    Floor& floor = laboratory.floor(kMillion);
    run_bursts(state, laboratory.workload(kMillion), 64,
               [&](auto... arguments) { floor.update_burst(arguments...); });
  });
#ifdef FS_BENCH_RTE_HASH
  benchmark::RegisterBenchmark("table/rte_hash_bulk/1M", [&laboratory](benchmark::State& state) {
    const RteEnvironment& environment = laboratory.rte_environment();
    if (!environment.ok()) return state.SkipWithError("rte_eal_init failed");
    RteHashTable table(laboratory.workload(kMillion));
    if (!table.ok()) return state.SkipWithError("rte_hash_create failed");
    state.SetLabel(environment.pages());
    run_bursts(state, laboratory.workload(kMillion), 64,
               [&](auto... arguments) { table.update_burst(arguments...); });
  });
#endif
}

// A table that its flows fill: hits, and nothing but new flows.
void register_full(Laboratory& laboratory) {
  constexpr uint32_t kFull = 1U << 20;
  benchmark::RegisterBenchmark("table/ours/1M_flood_hit", [&laboratory](benchmark::State& state) {
    OurTable& table = laboratory.ours(kFull);
    run_bursts(state, laboratory.workload(kFull), 64, [&](auto... arguments) {
      table.update_burst<OurTable::Absent::Skip>(arguments...);
    });
  });
  benchmark::RegisterBenchmark("table/ours/1M_flood", [&laboratory](benchmark::State& state) {
    run_flood(state, laboratory.ours(kFull), laboratory.workload(kFull), 64);
  });
  benchmark::RegisterBenchmark("table/small/1M_flood", [&laboratory](benchmark::State& state) {
    SmallTable table(laboratory.workload(kFull));
    run_flood(state, table, laboratory.workload(kFull), 64);
  });
}

int run(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  Laboratory laboratory;
  register_ours(laboratory, "1k", 1'000);
  register_ours(laboratory, "10k", 10'000);
  register_ours(laboratory, "100k", 100'000);
  register_ours(laboratory, "1M", kMillion);
  register_at_a_million(laboratory);
  register_full(laboratory);
  register_ours(laboratory, "10M", 10 * kMillion);
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}

}  // namespace
}  // namespace flowscope::bench

int main(int argc, char** argv) { return flowscope::bench::run(argc, argv); }
