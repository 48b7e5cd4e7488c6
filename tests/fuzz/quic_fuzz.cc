// Feeds one input to the QUIC parser as a series of datagrams, raw ones and ones that are sealed
// here from the frames in the input, so that what lies behind the encryption is reached. Twice: the
// same datagrams must tell the same, leave no memory behind and give one record at most.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <utility>

#include "l7/quic/quic.h"
#include "tests/unit/l7/quic/packet_sealer.h"
#include "tests/unit/l7/quic/recording_sink.h"

namespace flowscope::quic {
namespace {

constexpr size_t kPoolBytes = size_t{2} << 20;
constexpr uint8_t kServerBit = 1;
constexpr uint8_t kSealBit = 2;
constexpr uint8_t kOtherIdBit = 4;

constexpr Version kVersions[] = {Version::V1,         Version::V2,         Version{0xff00001d},
                                 Version{0x1a2a3a4a}, Version::GoogleT051, Version::GoogleQ050,
                                 Version{0xff000017}, Version::Mvfst27};

// A step's bytes as a datagram: as they are, or as the frames of an Initial.
std::string datagram_of(uint8_t flags, Bytes bytes, uint32_t number) {
  std::string text(bytes.as_text());
  if ((flags & kSealBit) == 0) return text;
  test::InitialSpec spec;
  spec.version = kVersions[flags >> 5];
  spec.sender = (flags & kServerBit) != 0 ? Role::Server : Role::Client;
  spec.number = number;
  if ((flags & kOtherIdBit) != 0) spec.destination_id = "another one";
  spec.payload_bytes_min = 4;
  return test::seal_initial(spec, std::move(text));
}

// A step is: flags (1 byte; the top three bits pick a version), how many bytes follow (2), bytes.
test::RecordingSink run(Bytes input, BufferPool& pool) {
  test::RecordingSink sink;
  QuicParser parser(ParserSetup{pool});
  ByteReader reader(input);
  ParseStatus status = ParseStatus::Ok;
  for (uint32_t number = 0; reader.ok() && reader.remaining() > 0 && status == ParseStatus::Ok;
       ++number) {
    const uint8_t flags = reader.u8();
    const size_t step_bytes = reader.u16() % kPacketBytesMax;
    const FlowSide side = (flags & kServerBit) != 0 ? FlowSide::Responder : FlowSide::Initiator;
    const Bytes bytes = reader.rest().first(step_bytes);
    reader.skip(bytes.size());
    const std::string datagram = datagram_of(flags, bytes, number);
    (void)QuicParser::probe_datagram(Bytes::of(datagram), 443, 50000);
    status = parser.on_datagram(side, Bytes::of(datagram), Timestamp{}, sink);
  }
  parser.on_end(StreamEnd::Graceful, sink);
  return sink;
}

void run_twice(Bytes input) {
  Arena arena =
      std::move(Arena::create(BufferPool::cost(kPoolBytes), Arena::Populate::Lazily).value());
  BufferPool pool(arena, kPoolBytes);
  const auto first = run(input, pool);
  const auto second = run(input, pool);
  const bool same = first.sessions == second.sessions && first.sides == second.sides
                    && first.anomalies == second.anomalies;
  if (!same || first.sessions.size() > 1 || pool.bytes_in_use() != 0) std::abort();
}

}  // namespace
}  // namespace flowscope::quic

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  flowscope::quic::run_twice(flowscope::Bytes(data, size));
  return 0;
}
