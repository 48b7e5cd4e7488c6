#include "flowcore/stream/segment_overlap.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <utility>

#include "flowcore/base/buffer_pool.h"
#include "flowcore/stream/tcp_stream.h"
#include "tests/support/handed_on.h"

namespace flowscope {
namespace {

// How a later segment may lie on one held at [10, 20).
constexpr std::array<SegmentRange, 9> kFresh = {{
    {5, 15},   // begins before, ends inside
    {5, 20},   // begins before, ends with it
    {5, 25},   // begins before, ends behind
    {10, 15},  // begins with it, ends inside
    {10, 20},  // the same
    {10, 25},  // begins with it, ends behind
    {12, 15},  // lies inside
    {12, 20},  // begins inside, ends with it
    {12, 25},  // begins inside, ends behind
}};

// 'f' where the bytes of the fresh segment stay, 'h' where those held do, in the order of kFresh.
std::string verdicts(SegmentOverlap overlap, uint32_t shift = 0) {
  std::string letters;
  for (const SegmentRange& fresh : kFresh) {
    const bool wins =
        fresh_wins(overlap, {10 + shift, 20 + shift}, {fresh.begin + shift, fresh.end + shift});
    letters += wins ? 'f' : 'h';
  }
  return letters;
}

// Novak and Sturges, "Target-Based TCP Stream Reassembly": who wins in each of the nine places.
TEST(SegmentOverlap, FollowsTheTableOfEachTargetSystem) {
  EXPECT_EQ(verdicts(SegmentOverlap::First), "hhhhhhhhh");
  EXPECT_EQ(verdicts(SegmentOverlap::Vista), "hhhhhhhhh");
  EXPECT_EQ(verdicts(SegmentOverlap::Last), "fffffffff");
  EXPECT_EQ(verdicts(SegmentOverlap::Bsd), "fffhhhhhh");
  EXPECT_EQ(verdicts(SegmentOverlap::Windows), "fffhhhhhh");
  EXPECT_EQ(verdicts(SegmentOverlap::MacOs), "fffhhhhhh");
  EXPECT_EQ(verdicts(SegmentOverlap::BsdRight), "hhhffffff");
  EXPECT_EQ(verdicts(SegmentOverlap::Linux), "fffhhfhhh");
  EXPECT_EQ(verdicts(SegmentOverlap::HpUx10), "fffhhfhhh");
  EXPECT_EQ(verdicts(SegmentOverlap::Irix), "fffhhfhhh");
  EXPECT_EQ(verdicts(SegmentOverlap::OldLinux), "fffhffhhh");
  EXPECT_EQ(verdicts(SegmentOverlap::Solaris), "hffhffhhf");
  EXPECT_EQ(verdicts(SegmentOverlap::HpUx11), "hffhffhhf");
}

TEST(SegmentOverlap, ComparesRangesAcrossTheWrapOfNumbers) {
  for (size_t i = 0; i < kSegmentOverlaps; ++i) {
    const auto overlap = static_cast<SegmentOverlap>(i);
    SCOPED_TRACE(name_of(overlap));
    for (const uint32_t shift : {0xfffffff0U, 0xffffffeaU, 0xfffffff4U})
      EXPECT_EQ(verdicts(overlap, shift), verdicts(overlap));
  }
}

TEST(SegmentOverlap, SaysWhetherRangesMatter) {
  for (size_t i = 0; i < kSegmentOverlaps; ++i) {
    const auto overlap = static_cast<SegmentOverlap>(i);
    const std::string letters = verdicts(overlap);
    const bool alike = letters == "fffffffff" || letters == "hhhhhhhhh";
    EXPECT_EQ(compares_ranges(overlap), !alike) << name_of(overlap);
  }
}

// Three segments behind a hole, then three that lie over them in different ways, then the hole.
std::string stream_under(SegmentOverlap overlap) {
  const SegmentStore::Options options{.overlap = overlap};
  constexpr size_t kPoolBytes = size_t{1} << 20;
  Arena arena = std::move(Arena::create(BufferPool::cost(kPoolBytes) + SegmentStore::cost(options),
                                        Arena::Populate::Lazily)
                              .value());
  BufferPool pool(arena, kPoolBytes);
  SegmentStore store(arena, pool, options);
  TcpStream stream;
  testing::HandedOn out;
  stream.anchor(0);
  const auto give = [&](uint32_t seq, std::string_view text) {
    stream.segment({.seq = seq, .payload = Bytes::of(text), .missing_tail = 0, .clock_ns = 0},
                   store, out);
  };
  give(1, "111");
  give(6, "22");
  give(9, "333");
  give(3, "4444");
  give(6, "5555");
  give(9, "666");
  EXPECT_EQ(stream.conflicts(), 3U);
  give(0, "0");
  stream.flush(store, out);
  return out.bytes;
}

TEST(SegmentOverlap, DecidesWhichBytesAStreamGives) {
  EXPECT_EQ(stream_under(SegmentOverlap::First), "011144225333");
  EXPECT_EQ(stream_under(SegmentOverlap::Vista), "011144225333");
  EXPECT_EQ(stream_under(SegmentOverlap::Last), "011444555666");
  EXPECT_EQ(stream_under(SegmentOverlap::Bsd), "011144425533");
  EXPECT_EQ(stream_under(SegmentOverlap::Windows), "011144425533");
  EXPECT_EQ(stream_under(SegmentOverlap::MacOs), "011144425533");
  EXPECT_EQ(stream_under(SegmentOverlap::BsdRight), "011444555666");
  EXPECT_EQ(stream_under(SegmentOverlap::Linux), "011144455533");
  EXPECT_EQ(stream_under(SegmentOverlap::HpUx10), "011144455533");
  EXPECT_EQ(stream_under(SegmentOverlap::Irix), "011144455533");
  EXPECT_EQ(stream_under(SegmentOverlap::OldLinux), "011144455566");
  EXPECT_EQ(stream_under(SegmentOverlap::Solaris), "011444555666");
  EXPECT_EQ(stream_under(SegmentOverlap::HpUx11), "011444555666");
}

}  // namespace
}  // namespace flowscope
