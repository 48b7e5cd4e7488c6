// TcpStream against the model of the property test: the same calls, the same outcome.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "flowcore/base/byte_reader.h"
#include "flowcore/base/check.h"
#include "flowcore/stream/buffered_reassembler.h"
#include "flowcore/stream/tcp_stream.h"
#include "tests/property/tcp_stream_model.h"

namespace flowscope {
namespace {

using testing::HandedOn;
using testing::ModelRules;
using testing::StreamModel;

constexpr size_t kPoolBytes = size_t{256} << 10;
constexpr uint32_t kStepsMax = 400;

// The input's first bytes: policies, caps, where the numbers begin.
ModelRules read_rules(ByteReader& reader) {
  ModelRules rules;
  rules.overlap = static_cast<SegmentOverlap>(reader.u8() % kSegmentOverlaps);
  const uint8_t caps = reader.u8();
  rules.overflow = static_cast<OverflowPolicy>(caps & 1);
  if (compares_ranges(rules.overlap)) rules.block_bytes += 2048;
  // Fewer than the pool has in blocks of the right size.
  rules.side_bytes_max = (caps >> 1 & 15) * rules.block_bytes;
  rules.flow_bytes_max = rules.side_bytes_max + (caps >> 5) * rules.block_bytes;
  rules.first_number = int64_t{reader.u32()} + (int64_t{1} << 32);
  return rules;
}

class Run {
 public:
  explicit Run(const ModelRules& rules)
      : rules_(rules),
        options_{.segments_max = 64,
                 .bytes_per_side_max = static_cast<uint32_t>(rules.side_bytes_max),
                 .bytes_per_flow_max = static_cast<uint32_t>(rules.flow_bytes_max),
                 .overlap = rules.overlap,
                 .overflow = rules.overflow},
        arena_(std::move(Arena::create(BufferPool::cost(kPoolBytes) + SegmentStore::cost(options_),
                                       Arena::Populate::Lazily)
                             .value())),
        pool_(arena_, kPoolBytes),
        store_(arena_, pool_, options_),
        sides_{Side{StreamModel(rules)}, Side{StreamModel(rules)}} {}

  void step(ByteReader& reader) {
    const uint8_t kind = reader.u8();
    Side& side = sides_[kind >> 7];
    clock_ns_ += kind % 16 == 0 ? TcpStream::kOneSidedWait_ns : kind % 4 * 4'000'000U;
    const auto place = static_cast<int64_t>(reader.u16())
                       + (reader.u8() == 0xff ? int64_t{TcpStream::kAheadMax} : 0);
    switch (kind >> 4 & 7) {
      case 0:
        side.stream.peer_acknowledged(number(place), clock_ns_, store_, side.out);
        side.model.peer_acknowledged(place, clock_ns_);
        break;
      case 1:
        side.stream.fin_at(number(place));
        side.model.fin_at(place);
        break;
      case 2:
        side.stream.flush(store_, side.out);
        side.model.flush();
        break;
      default:
        segment(side, sides_[1 - (kind >> 7)], place, kind % 8 == 7 ? reader.u8() : 0U, reader);
    }
    FS_CHECK(side.stream.held_bytes() == side.model.memory_bytes());
    FS_CHECK(side.stream.holds() == side.model.holds());
    FS_CHECK(side.stream.held_bytes() <= options_.bytes_per_side_max);
  }
  void finish() {
    for (Side& side : sides_) {
      side.stream.flush(store_, side.out);
      side.model.flush();
      side.stream.drop(store_);
      compare(side);
    }
    FS_CHECK(pool_.bytes_in_use() == 0);
    FS_CHECK(store_.live() == 0);
  }

 private:
  struct Side {
    explicit Side(StreamModel the_model) : model(std::move(the_model)) {}
    TcpStream stream;
    HandedOn out;
    StreamModel model;
  };

  [[nodiscard]] uint32_t number(int64_t place) const {
    return static_cast<uint32_t>(rules_.first_number + place);
  }
  void segment(Side& side, const Side& peer, int64_t place, uint32_t missing_tail,
               ByteReader& reader) {
    // Eight bytes of length for one of input, so that short inputs fill blocks too.
    const size_t size = 1 + size_t{reader.u8()} * 8;
    const Bytes given = reader.bytes(std::min<size_t>({size, 64, reader.remaining()}));
    std::string text(size, 'x');
    std::copy(given.begin(), given.end(), text.begin());
    const uint32_t peer_bytes = peer.stream.held_bytes();
    side.stream.segment({.seq = number(place),
                         .payload = Bytes::of(text),
                         .missing_tail = missing_tail,
                         .clock_ns = clock_ns_,
                         .peer_held_bytes = peer_bytes},
                        store_, side.out);
    side.model.segment(place, text, missing_tail, clock_ns_, peer_bytes);
  }
  static void compare(const Side& side) {
    FS_CHECK(side.out == side.model.out);
    FS_CHECK(side.stream.is_poisoned() == side.model.poisoned);
    FS_CHECK(side.stream.high_watermark() == side.model.watermark);
    FS_CHECK(side.stream.dropped_bytes() == side.model.dropped);
    FS_CHECK(side.stream.strays() == side.model.strays);
    FS_CHECK(side.stream.retransmitted() == side.model.retransmitted);
    FS_CHECK(side.stream.overlapping() == side.model.overlapping);
    FS_CHECK(side.stream.out_of_order() == side.model.out_of_order);
    FS_CHECK(side.stream.keep_alives() == side.model.keep_alives);
    FS_CHECK(side.stream.conflicts() == side.model.conflicts);
  }

  ModelRules rules_;
  SegmentStore::Options options_;
  Arena arena_;
  BufferPool pool_;
  SegmentStore store_;
  std::array<Side, 2> sides_;
  uint64_t clock_ns_ = 1;
};

// The same segments into a buffer with a limit.
void buffer_once(Bytes input) {
  ByteReader reader(input);
  Arena arena = std::move(
      Arena::create(BufferPool::cost(kPoolBytes) + SegmentStore::cost({}), Arena::Populate::Lazily)
          .value());
  BufferPool pool(arena, kPoolBytes);
  SegmentStore store(arena, pool, {});
  const size_t bytes_max = reader.u8();
  {
    BufferedReassembler side(store, {.buffer_bytes_max = bytes_max,
                                     .overflow = static_cast<OverflowPolicy>(reader.u8() & 1)});
    while (reader.ok() && reader.remaining() != 0) {
      const uint32_t seq = reader.u16();
      const size_t size = reader.u8();
      side.segment(seq, reader.bytes(std::min(size, reader.remaining())), reader.remaining());
      FS_CHECK(side.buffered_bytes() <= bytes_max && side.high_watermark() <= bytes_max);
      if (size == 0) FS_CHECK(side.take().size() <= bytes_max);
    }
    side.fin();
  }
  FS_CHECK(pool.bytes_in_use() == 0);
}

}  // namespace
}  // namespace flowscope

// Input: rules, then for each call its kind, place and bytes; see Run::step.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  flowscope::ByteReader reader({bytes, size});
  flowscope::Run run(flowscope::read_rules(reader));
  for (uint32_t i = 0; i < flowscope::kStepsMax && reader.ok() && reader.remaining() != 0; ++i)
    run.step(reader);
  run.finish();
  flowscope::buffer_once({bytes, size});
  return 0;
}
