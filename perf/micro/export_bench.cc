// What it costs to make one EVE line out of a record: ours, and a rival on fmt that writes the same
// flow line from the same record, without the escaping and nesting that ours is ready for.

#include <benchmark/benchmark.h>
#include <fmt/compile.h>
#include <fmt/format.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <random>
#include <span>
#include <string_view>
#include <vector>

#include "dataplane/export/community_id.h"
#include "dataplane/export/eve_writer.h"
#include "dataplane/pipeline/record_reader.h"
#include "dataplane/pipeline/record_ring.h"

namespace flowscope {
namespace {

constexpr size_t kRecords = 1024;
constexpr size_t kRingBytes = size_t{1} << 20;

// An HTTP transaction as a browser makes it.
struct HttpMessage {
  static constexpr const char* kEvent = "http";

  template <FieldVisitor V>
  void describe(V& visitor) const {
    visitor.text("hostname", "www.example.org");
    visitor.text("url", "/articles/2024/05/a-title-of-usual-length?utm_source=feed&page=2");
    visitor.text("http_user_agent",
                 "Mozilla/5.0 (X11; Linux x86_64; rv:109.0) Gecko/20100101 Firefox/115.0");
    visitor.text("http_content_type", "text/html");
    visitor.text("http_refer", "https://www.example.org/articles/");
    visitor.text("http_method", "GET");
    visitor.text("protocol", "HTTP/1.1");
    visitor.number("status", 200);
    visitor.number("length", 14'532);
  }
};

RecordHead head_of(std::mt19937_64& random) {
  RecordHead head = {.protocol = 6,
                     .ip_version = 4,
                     .time = Timestamp::from_parts(1'530'819'759, random() % 1'000'000'000),
                     .flow_id = random() >> 12,
                     .source = {.port = static_cast<uint16_t>(random())},
                     .destination = {.port = 443},
                     .app_proto = "tls"};
  for (size_t i = 0; i < 4; ++i) {
    head.source.address[i] = static_cast<uint8_t>(random());
    head.destination.address[i] = static_cast<uint8_t>(random());
  }
  return head;
}

FlowEntry flow_of(std::mt19937_64& random) {
  FlowEntry entry{};
  const RecordHead head = head_of(random);
  entry.key = {.a_address = head.source.address,
               .b_address = head.destination.address,
               .a_port = head.source.port,
               .b_port = head.destination.port,
               .protocol = head.protocol,
               .ip_version = head.ip_version};
  entry.last_seen_ns = head.time.ns;
  entry.started_ns = head.time.ns - random() % 100'000'000'000;
  entry.state = TcpState::Closed;
  for (SideCounters& side : entry.side) {
    for (uint64_t packets = 3 + random() % 40; packets > 0; --packets) {
      side.count(static_cast<uint32_t>(60 + random() % 1400));
    }
    side.add_tcp_flags(0x1b);
  }
  return entry;
}

enum class Content { Flows, HttpMessages };

// Records as they lie in a ring, and the nanoseconds a record as a counter.
class RecordSet {
 public:
  explicit RecordSet(Content content) {
    std::mt19937_64 random(42);
    for (size_t i = 0; i < kRecords; ++i) {
      content == Content::Flows ? ring_.push_flow(flow_of(random), EndReason::Fin, "tls", {})
                                : ring_.push_message(head_of(random), HttpMessage{});
    }
    ring_.publish();
    for (Bytes record = ring_.front(); !record.empty(); record = ring_.front()) {
      records_.push_back(record);
      ring_.pop();
    }
  }
  [[nodiscard]] const std::vector<Bytes>& records() const { return records_; }

 private:
  Arena arena_ =
      std::move(Arena::create(RecordRing::cost(kRingBytes), Arena::Populate::Now).value());
  RecordRing ring_{arena_, kRingBytes, Overflow::Shed};
  std::vector<Bytes> records_;
};

// A record stands for a packet here.
void report(benchmark::State& state, size_t bytes) {
  const double records = static_cast<double>(state.iterations()) * kRecords;
  state.counters["ns_per_packet"] =
      benchmark::Counter(records / 1e9, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
  state.counters["bytes_per_line"] = static_cast<double>(bytes) / kRecords;
}

void bench_ours(benchmark::State& state, Content content) {
  const RecordSet set(content);
  EveWriter eve(EveOptions{});
  const FlowHeads heads;
  TextBuffer out(size_t{1} << 20);
  std::vector<RecordReader> group;  // as many at a time as the exporter takes
  group.reserve(kCommunityIdsAtOnce);
  for (auto unused : state) {
    out.clear();
    for (size_t i = 0; i < kRecords; i += kCommunityIdsAtOnce) {
      group.clear();
      for (size_t k = i; k < i + kCommunityIdsAtOnce; ++k)
        group.emplace_back(set.records()[k], heads);
      eve.write(group, out);
    }
    benchmark::DoNotOptimize(out.text().data());
  }
  report(state, out.size());
}

// A short piece of the rival's line, without allocation.
struct Piece {
  std::array<char, 32> chars;
  size_t size = 0;
  [[nodiscard]] std::string_view text() const { return {chars.data(), size}; }
};

Piece rival_address(const Address& address) {
  Piece piece;
  piece.size = static_cast<size_t>(fmt::format_to(piece.chars.data(), FMT_COMPILE("{}.{}.{}.{}"),
                                                  address[0], address[1], address[2], address[3])
                                   - piece.chars.data());
  return piece;
}

Piece rival_timestamp(Timestamp time) {
  const auto days = time.seconds() / 86'400;
  const auto second = time.seconds() % 86'400;
  const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{days}}};
  Piece piece;
  piece.size = static_cast<size_t>(
      fmt::format_to(piece.chars.data(),
                     FMT_COMPILE("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}+0000"),
                     static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()), second / 3600, second / 60 % 60,
                     second % 60, time.subsecond_ns() / 1000)
      - piece.chars.data());
  return piece;
}

void rival_flow(const RecordReader& record, fmt::memory_buffer& out) {
  const RecordHead& head = record.head();
  const FlowRecord& flow = record.flow();
  const CommunityIdText id = community_id({.source = head.source.address,
                                           .destination = head.destination.address,
                                           .source_port = head.source.port,
                                           .destination_port = head.destination.port,
                                           .protocol = head.protocol,
                                           .ip_version = head.ip_version},
                                          0);
  fmt::format_to(
      fmt::appender(out),
      FMT_COMPILE(
          R"({{"timestamp":"{}","flow_id":{},"event_type":"flow","src_ip":"{}","src_port":{},)"
          R"("dest_ip":"{}","dest_port":{},"proto":"TCP","ip_v":4,"app_proto":"{}","community_id":"{}",)"
          R"("flow":{{"pkts_toserver":{},"pkts_toclient":{},"bytes_toserver":{},"bytes_toclient":{},)"
          R"("start":"{}","end":"{}","age":{},"state":"{}","reason":"{}","end_reason":"{}","alerted":{}}},)"
          R"("tcp":{{"tcp_flags":"{:02x}","tcp_flags_ts":"{:02x}","tcp_flags_tc":"{:02x}",)"
          R"("syn":true,"fin":true,"psh":true,"ack":true,"state":"{}"}}}})"
          "\n"),
      rival_timestamp(head.time).text(), head.flow_id, rival_address(head.source.address).text(),
      head.source.port, rival_address(head.destination.address).text(), head.destination.port,
      head.app_proto, std::string_view(id.data(), id.size()), flow.sides[0].packets,
      flow.sides[1].packets, flow.sides[0].bytes, flow.sides[1].bytes,
      rival_timestamp(flow.start).text(), rival_timestamp(flow.end).text(),
      flow.end.seconds() - flow.start.seconds(), name_of(flow.state), eve_reason_of(flow.reason),
      name_of(flow.reason), flow.alerted, flow.sides[0].tcp_flags | flow.sides[1].tcp_flags,
      flow.sides[0].tcp_flags, flow.sides[1].tcp_flags, flow.tcp_state);
}

void bench_fmt(benchmark::State& state) {
  const RecordSet set(Content::Flows);
  const FlowHeads heads;
  fmt::memory_buffer out;
  out.reserve(size_t{1} << 20);
  for (auto unused : state) {
    out.clear();
    for (const Bytes record : set.records()) rival_flow(RecordReader(record, heads), out);
    benchmark::DoNotOptimize(out.data());
  }
  report(state, out.size());
}

// The floor of a line: its Community ID alone, in groups of the size given.
void bench_community_id(benchmark::State& state, size_t group) {
  std::mt19937_64 random(42);
  const RecordHead head = head_of(random);
  std::array<CommunityTuple, kCommunityIdsAtOnce> tuples;
  tuples.fill({.source = head.source.address,
               .destination = head.destination.address,
               .destination_port = 443,
               .protocol = 6});
  std::array<CommunityIdText, kCommunityIdsAtOnce> ids;
  for (auto unused : state) {
    for (size_t i = 0; i < kRecords; i += group) {
      for (CommunityTuple& tuple : tuples) ++tuple.source_port;
      community_ids(std::span(tuples).first(group), 0, std::span(ids).first(group));
      benchmark::DoNotOptimize(ids);
    }
  }
  report(state, kRecords * sizeof(CommunityIdText));
}

// The worker's half: encoding into the ring, room given back at once.
void bench_push(benchmark::State& state, Content content) {
  Arena arena =
      std::move(Arena::create(RecordRing::cost(kRingBytes), Arena::Populate::Now).value());
  RecordRing ring(arena, kRingBytes, Overflow::Shed);
  std::mt19937_64 random(42);
  const RecordHead head = head_of(random);
  const FlowEntry flow = flow_of(random);
  for (auto unused : state) {
    for (size_t i = 0; i < kRecords; ++i) {
      content == Content::Flows ? ring.push_flow(flow, EndReason::Fin, "tls", {})
                                : ring.push_message(head, HttpMessage{});
      if (i % 64 != 63) continue;
      ring.publish();
      while (!ring.front().empty()) ring.pop();
      ring.release();
    }
  }
  report(state, 0);
}

BENCHMARK_CAPTURE(bench_ours, flow, Content::Flows)->Name("export/ours/flow_record");
BENCHMARK_CAPTURE(bench_ours, http, Content::HttpMessages)->Name("export/ours/http_record");
BENCHMARK(bench_fmt)->Name("export/fmt/flow_record");
BENCHMARK_CAPTURE(bench_community_id, one, 1)->Name("floor/sha1/community_id");
BENCHMARK_CAPTURE(bench_community_id, group, kCommunityIdsAtOnce)
    ->Name("floor/sha1_lanes/community_id");
BENCHMARK_CAPTURE(bench_push, flow, Content::Flows)->Name("export/ours/push_flow");
BENCHMARK_CAPTURE(bench_push, http, Content::HttpMessages)->Name("export/ours/push_http");

}  // namespace
}  // namespace flowscope

BENCHMARK_MAIN();
