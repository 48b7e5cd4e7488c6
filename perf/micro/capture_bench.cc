#include <benchmark/benchmark.h>
#include <pcap/pcap.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "dataplane/pcap/capture_reader.h"
#include "perf/traffic/traffic.h"

// Reading a capture that lies in the page cache, and looking at two bytes of each frame's headers
// as a decoder would: our reader against libpcap.

namespace flowscope {
namespace {

// A generated capture that goes with the program.
class GeneratedCapture {
 public:
  enum class Content : uint8_t { SmallFrames, Mix };

  explicit GeneratedCapture(Content content)
      : path_("/tmp/flowscope_bench_" + std::to_string(getpid()) + ".pcap") {
    const traffic::Output output{.path = path_};
    Result<traffic::Totals> written =
        content == Content::SmallFrames
            ? traffic::write_synflood(output, 1'000'000)
            : traffic::write_mix(output, {.http = 20'000, .tls = 6'000, .dns = 40'000});
    FS_CHECK(written.ok());
  }
  ~GeneratedCapture() { unlink(path_.c_str()); }
  GeneratedCapture(const GeneratedCapture&) = delete;
  GeneratedCapture& operator=(const GeneratedCapture&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

void report(benchmark::State& state, uint64_t packets) {
  state.counters["ns_per_packet"] =
      benchmark::Counter(static_cast<double>(packets) * 1e-9,
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void read_ours(benchmark::State& state, GeneratedCapture::Content content) {
  const GeneratedCapture capture(content);
  uint64_t packets = 0;
  uint64_t touched = 0;
  Burst burst;
  for (auto _ : state) {
    CaptureReader reader = std::move(CaptureReader::open(capture.path()).value());
    while (reader.read(burst, 64) != 0) {
      for (uint32_t i = 0; i < burst.count; ++i) {
        touched += burst.packet[i].frame[12] + burst.packet[i].frame[47];
      }
    }
    packets += reader.packets_read();
  }
  benchmark::DoNotOptimize(touched);
  report(state, packets);
}

void read_libpcap(benchmark::State& state, GeneratedCapture::Content content) {
  const GeneratedCapture capture(content);
  uint64_t packets = 0;
  uint64_t touched = 0;
  for (auto _ : state) {
    std::array<char, PCAP_ERRBUF_SIZE> reason{};
    pcap_t* reader = pcap_open_offline(capture.path().c_str(), reason.data());
    pcap_pkthdr* header = nullptr;
    const u_char* frame = nullptr;
    while (pcap_next_ex(reader, &header, &frame) == 1) {
      touched += frame[12] + frame[47];
      ++packets;
    }
    pcap_close(reader);
  }
  benchmark::DoNotOptimize(touched);
  report(state, packets);
}

BENCHMARK_CAPTURE(read_ours, small, GeneratedCapture::Content::SmallFrames)
    ->Name("capture/ours/small_frames");
BENCHMARK_CAPTURE(read_libpcap, small, GeneratedCapture::Content::SmallFrames)
    ->Name("capture/libpcap/small_frames");
BENCHMARK_CAPTURE(read_ours, mix, GeneratedCapture::Content::Mix)->Name("capture/ours/mix");
BENCHMARK_CAPTURE(read_libpcap, mix, GeneratedCapture::Content::Mix)->Name("capture/libpcap/mix");

}  // namespace
}  // namespace flowscope

BENCHMARK_MAIN();
