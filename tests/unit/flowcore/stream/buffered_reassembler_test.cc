#include "flowcore/stream/buffered_reassembler.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "flowcore/base/buffer_pool.h"

namespace flowscope {
namespace {

class BufferedReassemblerTest : public testing::Test {
 protected:
  static constexpr size_t kPoolBytes = size_t{4} << 20;
  static constexpr SegmentStore::Options kHolding{.segments_max = 1024};

  static std::string taken(BufferedReassembler& side) {
    const std::vector<uint8_t> bytes = side.take();
    return {bytes.begin(), bytes.end()};
  }
  // A segment of `count` bytes that follows the one before.
  void grow(BufferedReassembler& side, size_t count, char letter = 'x') {
    const std::string text(count, letter);
    side.segment(next_, Bytes::of(text));
    next_ += static_cast<uint32_t>(count);
  }

  Arena arena_ =
      std::move(Arena::create(BufferPool::cost(kPoolBytes) + SegmentStore::cost(kHolding),
                              Arena::Populate::Lazily)
                    .value());
  BufferPool pool_{arena_, kPoolBytes};
  SegmentStore store_{arena_, pool_, kHolding};
  uint32_t next_ = 1000;
};

TEST_F(BufferedReassemblerTest, KeepsBytesInOrderUntilTheyAreTaken) {
  BufferedReassembler side(store_);
  side.segment(10, Bytes::of("abc"));
  side.segment(13, Bytes::of("def"));
  EXPECT_EQ(side.buffered_bytes(), 6U);
  EXPECT_EQ(taken(side), "abcdef");
  EXPECT_EQ(side.buffered_bytes(), 0U);
  side.segment(16, Bytes::of("ghi"));
  EXPECT_EQ(taken(side), "ghi") << "it still knows where it stands";
}

TEST_F(BufferedReassemblerTest, IgnoresASegmentWithoutPayload) {
  BufferedReassembler side(store_);
  side.segment(10, {});
  side.segment(500, Bytes::of("abc"));
  EXPECT_EQ(taken(side), "abc") << "an empty segment begins nothing";
}

TEST_F(BufferedReassemblerTest, CountsThroughTheWrapOfSequenceNumbers) {
  BufferedReassembler side(store_);
  side.segment(0xfffffffe, Bytes::of("abcd"));
  side.segment(2, Bytes::of("ef"));
  EXPECT_EQ(taken(side), "abcdef");
}

TEST_F(BufferedReassemblerTest, BeginsBehindTheSyn) {
  BufferedReassembler side(store_);
  side.syn(99);
  side.segment(103, Bytes::of("def"));
  EXPECT_EQ(taken(side), "");
  side.segment(100, Bytes::of("abc"));
  EXPECT_EQ(taken(side), "abcdef");
}

TEST_F(BufferedReassemblerTest, FillsAHoleAndCountsWhatBroughtNothing) {
  BufferedReassembler side(store_);
  side.segment(0, Bytes::of("abc"));
  side.segment(6, Bytes::of("ghi"));
  side.segment(0, Bytes::of("abc"));
  EXPECT_EQ(taken(side), "abc");
  side.segment(3, Bytes::of("def"));
  EXPECT_EQ(taken(side), "defghi");
  EXPECT_EQ(side.dropped_segments(), 1U);
}

TEST_F(BufferedReassemblerTest, KeepsWhatWaitsBehindAHoleWhenTheSideCloses) {
  BufferedReassembler side(store_);
  side.segment(0, Bytes::of("abc"));
  side.segment(6, Bytes::of("ghi"));
  side.fin();
  EXPECT_EQ(taken(side), "abcghi");
  EXPECT_EQ(side.gap_bytes(), 3U);
}

// The worked values of the seed.
TEST_F(BufferedReassemblerTest, KeepsTheTailOfASegmentThatIsLargerThanItMayKeep) {
  BufferedReassembler side(store_, {.buffer_bytes_max = 64});
  std::string text(200, 'a');
  text.replace(136, 64, std::string(64, 'z'));
  side.segment(0, Bytes::of(text));
  EXPECT_EQ(side.high_watermark(), 64U);
  EXPECT_EQ(side.bytes_dropped_oversize(), 136U);
  EXPECT_EQ(taken(side), std::string(64, 'z'));
}

TEST_F(BufferedReassemblerTest, PushesTheOldestBytesOut) {
  BufferedReassembler side(store_, {.buffer_bytes_max = 100});
  grow(side, 80, 'a');
  grow(side, 80, 'b');
  EXPECT_EQ(side.high_watermark(), 100U);
  EXPECT_EQ(side.bytes_dropped_oversize(), 60U);
  EXPECT_EQ(taken(side), std::string(20, 'a') + std::string(80, 'b'));
  EXPECT_FALSE(side.is_poisoned());
}

TEST_F(BufferedReassemblerTest, CountsTheOldBufferAndTheHeadOfTheSegmentWhenBothGo) {
  BufferedReassembler side(store_, {.buffer_bytes_max = 64});
  grow(side, 50, 'a');
  grow(side, 100, 'b');
  EXPECT_EQ(side.bytes_dropped_oversize(), 50U + 36U);
  EXPECT_EQ(taken(side), std::string(64, 'b'));
}

TEST_F(BufferedReassemblerTest, DropsTheFlowForGoodWhereThePolicySaysSo) {
  BufferedReassembler side(store_, {.buffer_bytes_max = 100, .overflow = OverflowPolicy::DropFlow});
  grow(side, 80);
  grow(side, 80);
  EXPECT_TRUE(side.is_poisoned());
  EXPECT_EQ(side.high_watermark(), 80U) << "the overflow does not raise it";
  EXPECT_EQ(side.bytes_dropped_oversize(), 80U);
  EXPECT_EQ(taken(side), "");
  grow(side, 10);
  EXPECT_EQ(taken(side), "");
  EXPECT_EQ(pool_.bytes_in_use(), 0U);
}

TEST_F(BufferedReassemblerTest, ForgetsWhatIsHeldWhenItIsDroppedWithAHole) {
  {
    BufferedReassembler side(store_, {.buffer_bytes_max = 4, .overflow = OverflowPolicy::DropFlow});
    side.segment(0, Bytes::of("abc"));
    side.segment(100, Bytes::of("later"));
    side.segment(3, Bytes::of("de"));
    EXPECT_TRUE(side.is_poisoned());
    EXPECT_EQ(pool_.bytes_in_use(), 0U);
    BufferedReassembler other(store_);
    other.segment(0, Bytes::of("abc"));
    other.segment(100, Bytes::of("later"));
    EXPECT_NE(pool_.bytes_in_use(), 0U);
  }
  EXPECT_EQ(pool_.bytes_in_use(), 0U);
}

TEST_F(BufferedReassemblerTest, KeepsTheWatermarkWhenBytesAreTaken) {
  BufferedReassembler side(store_, {.buffer_bytes_max = 100});
  grow(side, 70);
  (void)side.take();
  grow(side, 10);
  EXPECT_EQ(side.high_watermark(), 70U);
}

TEST_F(BufferedReassemblerTest, KeepsTheNewestBytesOfALongStream) {
  BufferedReassembler side(store_, {.buffer_bytes_max = 1000});
  std::string all;
  for (int i = 0; i < 500; ++i) {
    const std::string text(static_cast<size_t>(1 + i % 37), static_cast<char>('a' + i % 26));
    side.segment(static_cast<uint32_t>(all.size()), Bytes::of(text));
    all += text;
  }
  EXPECT_EQ(side.bytes_dropped_oversize(), all.size() - 1000);
  EXPECT_EQ(side.buffered().as_text(), all.substr(all.size() - 1000));
  EXPECT_EQ(taken(side), all.substr(all.size() - 1000));
}

}  // namespace
}  // namespace flowscope
