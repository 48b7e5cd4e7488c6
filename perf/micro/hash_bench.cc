// Hashes of 48-byte keys: ours, its portable twin, and those that it was chosen over. CRC32C and
// Toeplitz, as DPDK has it, are open to floods; XXH3 is where its seed does not stay secret;
// SipHash-1-3 is closed to them and slow. Toeplitz takes the 36 bytes that it was made for.
#ifdef FS_BENCH_RTE_HASH
// DPDK marks its Toeplitz by GFNI as both.
#define ALLOW_EXPERIMENTAL_API
#define ALLOW_INTERNAL_API
#ifndef __clang__
// GCC 12 takes the undefined lanes of its own AVX-512 casts, which that function uses, for a fault.
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#endif

#include <benchmark/benchmark.h>

#include <array>
#include <bit>
#include <cstring>
#include <random>
#include <vector>

#include "flowcore/base/keyed_hash.h"

#ifdef FS_BENCH_XXH3
#define XXH_INLINE_ALL
#include <xxhash.h>
#endif

#ifdef FS_BENCH_RTE_HASH
#include <rte_byteorder.h>
#include <rte_thash.h>
#endif

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

#ifdef FS_BENCH_XXH3
struct Xxh3 {
  uint64_t operator()(const Key* key) const { return XXH3_64bits_withSeed(key, sizeof *key, 1); }
};
#endif

#ifdef FS_BENCH_RTE_HASH
// Both addresses and ports of an IPv6 packet.
constexpr uint32_t kToeplitzBytes = 36;

// The symmetric key, 6d5a over and over; as long as a network card's.
std::array<uint8_t, 40> toeplitz_key() {
  std::array<uint8_t, 40> key;
  for (size_t i = 0; i < key.size(); i += 2) {
    key[i] = 0x6d;
    key[i + 1] = 0x5a;
  }
  return key;
}

class Softrss {
 public:
  Softrss() {
    const auto key = toeplitz_key();
    std::array<uint32_t, 10> words;
    std::memcpy(words.data(), key.data(), sizeof words);
    rte_convert_rss_key(words.data(), key_.data(), sizeof words);
  }
  uint64_t operator()(const Key* key) const {
    std::array<uint32_t, kToeplitzBytes / 4> tuple;
    std::memcpy(tuple.data(), key->data(), sizeof tuple);
    return rte_softrss_be(tuple.data(), tuple.size(), as_bytes(key_));
  }

 private:
  static const uint8_t* as_bytes(const std::array<uint32_t, 10>& words) {
    return static_cast<const uint8_t*>(static_cast<const void*>(words.data()));
  }
  std::array<uint32_t, 10> key_;
};

#ifdef RTE_THASH_GFNI_DEFINED
class ThashGfni {
 public:
  ThashGfni() {
    const auto key = toeplitz_key();
    rte_thash_complete_matrix(matrices_.data(), key.data(), key.size());
  }
  uint64_t operator()(const Key* key) const {
    std::array<uint8_t, kToeplitzBytes> tuple;
    std::memcpy(tuple.data(), key->data(), sizeof tuple);
    return rte_thash_gfni(matrices_.data(), tuple.data(), sizeof tuple);
  }

 private:
  std::array<uint64_t, 40> matrices_{};
};
#endif
#endif

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
#ifdef FS_BENCH_XXH3
  register_hash("hash/xxh3/48B", "hash/xxh3/48B_latency", Xxh3());
#endif
#ifdef FS_BENCH_RTE_HASH
  register_hash("hash/rte_softrss_be/36B", "hash/rte_softrss_be/36B_latency", Softrss());
#ifdef RTE_THASH_GFNI_DEFINED
  if (rte_thash_gfni_supported() != 0)
    register_hash("hash/rte_thash_gfni/36B", "hash/rte_thash_gfni/36B_latency", ThashGfni());
#endif
#endif
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}

}  // namespace
}  // namespace flowscope::bench

int main(int argc, char** argv) { return flowscope::bench::run(argc, argv); }
