// Feeds one input to both DNS parsers: as a datagram, as a row of datagrams of both sides, and as a
// TCP stream cut into pieces that the first input byte sizes, with a gap where the second says so.
// Time goes on, so that queries wait, are answered and are given up. Every message is described.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "l7/dns/dns.h"

namespace flowscope {
namespace {

constexpr size_t kPoolBytes = size_t{1} << 20;

// Reads every field that is described, so that a sanitizer sees each byte that a writer would see.
struct ReadingVisitor {
  uint64_t sum = 0;
  uint64_t depth = 0;

  void text(const char*, std::string_view value) {
    for (const char c : value) sum += static_cast<uint8_t>(c);
  }
  void number(const char*, uint64_t value) { sum += value; }
  void boolean(const char*, bool value) { sum += value ? 1 : 0; }
  void begin_object(const char*) { ++depth; }
  void end_object() { --depth; }
  void begin_array(const char*) { ++depth; }
  void end_array() { --depth; }
};

struct ReadingSink {
  template <class M>
  void message(FlowSide, const M& message) {
    ReadingVisitor visitor;
    message.describe(visitor);
    if (visitor.depth != 0) std::abort();
  }
  void anomaly(FlowSide, const char*) {}
};

void feed_datagram(const ParserSetup& setup, Bytes input) {
  ReadingSink sink;
  for (const uint16_t port : {uint16_t{53}, uint16_t{1000}}) {
    (void)dns::DnsDatagramParser::probe_datagram(input, 40000, port);
  }
  for (const uint16_t port : {dns::kDnsPort, dns::kMdnsPort, dns::kLlmnrPort}) {
    dns::DnsDatagramParser parser({.buffers = setup.buffers, .destination_port = port});
    (void)parser.on_datagram(FlowSide::Initiator, input, Timestamp{}, sink);
    parser.on_end(StreamEnd::Graceful, sink);
  }
}

// Each datagram stands behind a byte that holds its side and how many seconds pass, and two bytes
// of length, as write_dns_seeds.cc writes them.
void feed_conversation(const ParserSetup& setup, Bytes input) {
  ReadingSink sink;
  dns::DnsDatagramParser parser(setup);
  Timestamp time{1'000'000'000};
  while (input.size() > 3) {
    const FlowSide side = (input[0] & 1) != 0 ? FlowSide::Responder : FlowSide::Initiator;
    time.ns += uint64_t{1'000'000'000} * (input[0] >> 1);
    const Bytes payload = input.sub(3, load_be16(input, 1));
    input = input.after(3 + payload.size());
    if (parser.on_datagram(side, payload, time, sink) == ParseStatus::Poisoned) return;
    parser.on_tick(time, sink);
  }
  parser.on_end(StreamEnd::Graceful, sink);
}

void feed_stream(const ParserSetup& setup, Bytes input) {
  if (input.size() < 2) return;
  const size_t piece_bytes = size_t{input[0]} + 1;
  const size_t gap_at = input[1];
  Bytes rest = input.after(2);
  (void)dns::DnsStreamParser::probe(FlowSide::Initiator, rest.first(kProbeBytes));
  ReadingSink sink;
  dns::DnsStreamParser parser(setup);
  for (size_t piece = 0; !rest.empty(); ++piece) {
    const FlowSide side = piece % 7 == 6 ? FlowSide::Responder : FlowSide::Initiator;
    const Timestamp time{piece * 5'000'000'000};
    const auto status = piece == gap_at
                            ? parser.on_gap(side, input[0], sink)
                            : parser.on_bytes(side, rest.first(piece_bytes), time, sink);
    if (status == ParseStatus::Poisoned) break;
    rest = rest.after(piece_bytes);
  }
  parser.on_end(StreamEnd::Graceful, sink);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  static Arena arena =
      std::move(Arena::create(BufferPool::cost(kPoolBytes), Arena::Populate::Lazily).value());
  static BufferPool pool(arena, kPoolBytes);
  const ParserSetup setup{pool};
  feed_datagram(setup, {bytes, size});
  feed_conversation(setup, {bytes, size});
  feed_stream(setup, {bytes, size});
  if (pool.bytes_in_use() != 0) std::abort();
  return 0;
}

}  // namespace flowscope
