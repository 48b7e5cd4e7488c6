// Verifying checksums: the sum over a run of bytes, beside DPDK's, and a whole packet's.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <string>
#include <vector>

#include "flowcore/packet/checksum.h"
#include "flowcore/packet/crc32c.h"
#include "flowcore/packet/decode.h"
#include "flowcore/packet/internet_sum.h"
#include "perf/micro/ns_per_packet.h"
#include "tests/support/packet_builder.h"

#ifdef FS_BENCH_RTE_CKSUM
#include <rte_ip.h>
#endif

namespace flowscope::bench {
namespace {

constexpr size_t kL3Offset = 14;
constexpr size_t kHeaderBytes = 40;  // IPv4 and TCP

// An Ethernet frame whose IP packet has `ip_bytes`.
testing::Frame tcp_frame(size_t ip_bytes) {
  return testing::PacketBuilder()
      .ethernet()
      .ipv4("10.0.0.1", "10.0.0.2")
      .tcp(1, 2)
      .payload(std::string(ip_bytes - kHeaderBytes, 'x'))
      .build();
}

testing::Frame random_bytes(size_t count) {
  testing::Frame bytes(count);
  for (size_t i = 0; i < count; ++i) bytes[i] = static_cast<uint8_t>(i * 151 + 7);
  return bytes;
}

void run_sum(benchmark::State& state) {
  const testing::Frame bytes = random_bytes(static_cast<size_t>(state.range(0)));
  for (auto _ : state) {
    benchmark::ClobberMemory();
    InternetSum sum;
    sum.add({bytes.data(), bytes.size()});
    benchmark::DoNotOptimize(sum.folded());
  }
  report_ns_per_packet(state, 1);
}

void run_crc32c(benchmark::State& state) {
  const testing::Frame bytes = random_bytes(static_cast<size_t>(state.range(0)));
  for (auto _ : state) {
    benchmark::ClobberMemory();
    Crc32c crc;
    crc.add({bytes.data(), bytes.size()});
    benchmark::DoNotOptimize(crc.value());
  }
  report_ns_per_packet(state, 1);
}

// IP header and TCP, as a packet of the pipeline has it done.
void run_verify(benchmark::State& state) {
  const testing::Frame frame = tcp_frame(static_cast<size_t>(state.range(0)));
  const PacketView packet{.frame = {frame.data(), frame.size()},
                          .wire_bytes = static_cast<uint32_t>(frame.size())};
  const Layers layers = decode_frame(packet);
  for (auto _ : state) {
    benchmark::ClobberMemory();
    benchmark::DoNotOptimize(verify_checksums(packet, layers));
  }
  report_ns_per_packet(state, 1);
}

BENCHMARK(run_sum)->Name("checksum/ours/sum")->Arg(64)->Arg(1460);
BENCHMARK(run_crc32c)->Name("checksum/ours/crc32c")->Arg(64)->Arg(1460);
BENCHMARK(run_verify)->Name("checksum/ours/verify_v4_tcp")->Arg(64)->Arg(1500);

#ifdef FS_BENCH_RTE_CKSUM
void run_rte_sum(benchmark::State& state) {
  const testing::Frame bytes = random_bytes(static_cast<size_t>(state.range(0)));
  for (auto _ : state) {
    benchmark::ClobberMemory();
    benchmark::DoNotOptimize(rte_raw_cksum(bytes.data(), bytes.size()));
  }
  report_ns_per_packet(state, 1);
}

// The same work: the header's sum, the pseudo header's and the segment's.
void run_rte_verify(benchmark::State& state) {
  const testing::Frame frame = tcp_frame(static_cast<size_t>(state.range(0)));
  const auto* header = reinterpret_cast<const rte_ipv4_hdr*>(frame.data() + kL3Offset);
  for (auto _ : state) {
    benchmark::ClobberMemory();
    benchmark::DoNotOptimize(rte_raw_cksum(header, sizeof *header));
    benchmark::DoNotOptimize(rte_ipv4_udptcp_cksum(header, header + 1));
  }
  report_ns_per_packet(state, 1);
}

BENCHMARK(run_rte_sum)->Name("checksum/rte_raw_cksum/sum")->Arg(64)->Arg(1460);
BENCHMARK(run_rte_verify)->Name("checksum/rte_udptcp_cksum/verify_v4_tcp")->Arg(64)->Arg(1500);
#endif

}  // namespace
}  // namespace flowscope::bench

BENCHMARK_MAIN();
