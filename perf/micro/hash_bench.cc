// Hashes of 48-byte keys: ours, its portable twin, and two that it was chosen over: CRC32C, as fast
// and open to floods, and SipHash-1-3, closed to them and slow.
#include <benchmark/benchmark.h>

#include <array>
#include <bit>
#include <cstring>
#include <random>
#include <vector>

#include "flowcore/base/keyed_hash.h"

#ifdef __SSE4_2__
#include <immintrin.h>
#endif

namespace flowscope::bench {
namespace {

using Key = std::array<uint64_t, 6>;
constexpr size_t kKeys = 512;

std::vector<Key> random_keys() {
  std::mt19937_64 random(1);
  std::vector<Key> keys(kKeys);
  for (Key& key : keys) {
    for (uint64_t& word : key) word = random();
  }
  return keys;
}

#ifdef __SSE4_2__
struct Crc32c {
  uint64_t operator()(const Key* key) const {
    uint64_t crc = 0xffff'ffff;
    for (const uint64_t word : *key) crc = _mm_crc32_u64(crc, word);
    return crc;
  }
};
#endif

// SipHash-1-3 (Aumasson, Bernstein: "SipHash: a fast short-input PRF") of six whole words.
class SipHash13 {
 public:
  uint64_t operator()(const Key* key) const {
    std::array<uint64_t, 4> v = {0x736f'6d65'7073'6575 ^ 1, 0x646f'7261'6e64'6f6d ^ 2,
                                 0x6c79'6765'6e65'7261 ^ 1, 0x7465'6462'7974'6573 ^ 2};
    const auto absorb = [&v](uint64_t word) {
      v[3] ^= word;
      round(v);
      v[0] ^= word;
    };
    for (const uint64_t word : *key) absorb(word);
    absorb(uint64_t{sizeof(Key)} << 56);
    v[2] ^= 0xff;
    for (int i = 0; i < 3; ++i) round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
  }

 private:
  static void round(std::array<uint64_t, 4>& v) {
    v[0] += v[1];
    v[2] += v[3];
    v[1] = std::rotl(v[1], 13) ^ v[0];
    v[3] = std::rotl(v[3], 16) ^ v[2];
    v[0] = std::rotl(v[0], 32);
    v[2] += v[1];
    v[0] += v[3];
    v[1] = std::rotl(v[1], 17) ^ v[2];
    v[3] = std::rotl(v[3], 21) ^ v[0];
    v[2] = std::rotl(v[2], 32);
  }
};

void count_packets(benchmark::State& state) {
  const auto packets = static_cast<double>(state.iterations()) * kKeys;
  state.counters["ns_per_packet"] =
      benchmark::Counter(packets * 1e-9, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

// Key after key, as the extract stage hashes a burst.
template <class Hash>
void run_batch(benchmark::State& state, const Hash& hash) {
  const std::vector<Key> keys = random_keys();
  std::vector<uint64_t> hashes(kKeys);
  for (auto _ : state) {
    for (size_t i = 0; i < kKeys; ++i) hashes[i] = hash(&keys[i]);
    benchmark::DoNotOptimize(hashes.data());
    benchmark::ClobberMemory();
  }
  count_packets(state);
}

// Each key is picked by the hash before: the time until a hash is known.
template <class Hash>
void run_latency(benchmark::State& state, const Hash& hash) {
  const std::vector<Key> keys = random_keys();
  uint64_t last = 0;
  for (auto _ : state) {
    for (size_t i = 0; i < kKeys; ++i) last = hash(&keys[last % kKeys]);
    benchmark::DoNotOptimize(last);
  }
  count_packets(state);
}

template <class Hash>
void register_hash(const char* batch, const char* latency, const Hash& hash) {
  benchmark::RegisterBenchmark(batch, [hash](benchmark::State& state) { run_batch(state, hash); });
  benchmark::RegisterBenchmark(latency,
                               [hash](benchmark::State& state) { run_latency(state, hash); });
}

int run(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  register_hash("hash/ours/48B", "hash/ours/48B_latency", KeyedHash(1, 2));
  register_hash("hash/ours_portable/48B", "hash/ours_portable/48B_latency",
                BasicKeyedHash<portable::AesBlock>(1, 2));
#ifdef __SSE4_2__
  register_hash("hash/crc32c/48B", "hash/crc32c/48B_latency", Crc32c());
#endif
  register_hash("hash/siphash13/48B", "hash/siphash13/48B_latency", SipHash13());
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}

}  // namespace
}  // namespace flowscope::bench

int main(int argc, char** argv) { return flowscope::bench::run(argc, argv); }
