// What the clear beginning of one SSH flow costs, from bytes to described fields, fingerprints and
// host key included; and how two hostile KEXINITs compare with it.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <string>
#include <utility>

#include "l7/ssh/ssh.h"
#include "perf/micro/counting_visitor.h"
#include "tests/unit/l7/ssh/ssh_builder.h"

namespace flowscope::ssh {
namespace {

constexpr size_t kPoolBytes = size_t{1} << 20;
constexpr size_t kSegmentBytes = 1448;

struct CountingSink {
  uint64_t sessions = 0;

  void message(FlowSide, const SshSession& session) {
    bench::CountingVisitor visitor;
    session.describe(visitor);
    benchmark::DoNotOptimize(visitor.bytes);
    ++sessions;
  }
  void anomaly(FlowSide, const char*) {}
};

// One flow per iteration, given in segments; counts each as a packet.
void one_flow(benchmark::State& state, const std::string& client, const std::string& server) {
  auto arena = std::move(Arena::create(BufferPool::cost(kPoolBytes), Arena::Populate::Now).value());
  BufferPool pool(arena, kPoolBytes);
  CountingSink sink;
  uint64_t packets = 0;
  for (auto _ : state) {
    SshParser parser(ParserSetup{pool});
    for (const auto& [side, bytes] :
         {std::pair{FlowSide::Responder, &server}, std::pair{FlowSide::Initiator, &client}}) {
      for (Bytes rest = Bytes::of(*bytes); !rest.empty(); rest = rest.after(kSegmentBytes)) {
        benchmark::DoNotOptimize(
            parser.on_bytes(side, rest.first(kSegmentBytes), Timestamp{}, sink));
        ++packets;
      }
    }
    parser.on_end(StreamEnd::Graceful, sink);
  }
  if (sink.sessions != static_cast<uint64_t>(state.iterations())) state.SkipWithError("not read");
  state.counters["ns_per_packet"] =
      benchmark::Counter(1e-9 * static_cast<double>(packets),
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

// Lists as long as those of OpenSSH.
test::KexInitSpec long_lists(test::KexInitSpec spec) {
  for (const char* name : {"ecdh-sha2-nistp256", "ecdh-sha2-nistp384", "ecdh-sha2-nistp521",
                           "diffie-hellman-group-exchange-sha256", "diffie-hellman-group16-sha512",
                           "diffie-hellman-group18-sha512", "diffie-hellman-group14-sha256"}) {
    spec.kex += std::string(",") + name;
    spec.host_keys += std::string(",") + name;
    for (auto* lists : {&spec.ciphers, &spec.macs}) {
      for (std::string& list : *lists) list += std::string(",") + name;
    }
  }
  return spec;
}

std::string stream(const test::KexInitSpec& spec, const std::string& method) {
  return "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u6\r\n" + test::kex_init(spec) + method
         + test::new_keys();
}

void usual(benchmark::State& state) {
  one_flow(state, stream(long_lists(test::client_spec()), test::ecdh_init()),
           stream(long_lists(test::server_spec()), test::ecdh_reply(test::ed25519_key())));
}
BENCHMARK(usual)->Name("ssh/ours/key_exchange");

// As many short names as a KEXINIT holds, of which the sides share none.
test::KexInitSpec hostile_lists(char letter) {
  std::string list(1, letter);
  while (list.size() < 1500) {
    list += std::string(",") + letter + static_cast<char>('a' + list.size() % 26);
  }
  return {.kex = list,
          .host_keys = list,
          .ciphers = {list, list},
          .macs = {list, list},
          .compressions = {list, list}};
}

void hostile(benchmark::State& state) {
  one_flow(state, stream(hostile_lists('a'), test::ecdh_init()),
           stream(hostile_lists('b'), test::ecdh_reply(test::ed25519_key())));
}
BENCHMARK(hostile)->Name("ssh/ours/hostile_key_exchange");

}  // namespace
}  // namespace flowscope::ssh

BENCHMARK_MAIN();
