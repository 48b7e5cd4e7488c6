#include "flowcore/base/buffer_pool.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace flowscope {
namespace {

constexpr size_t kPoolBytes = size_t{1} << 20;

class BufferPoolTest : public testing::Test {
 protected:
  Arena arena_ =
      std::move(Arena::create(BufferPool::cost(kPoolBytes), Arena::Populate::Lazily).value());
  BufferPool pool_{arena_, kPoolBytes};
};

TEST_F(BufferPoolTest, BufferKeepsItsBytesWhileItGrowsThroughEveryBlockSize) {
  Buffer buffer(pool_);
  std::string expected;
  for (int i = 0; i < 4000; ++i) {
    const std::string piece = "piece " + std::to_string(i) + ";";
    expected += piece;
    ASSERT_TRUE(buffer.append(Bytes::of(piece)));
  }
  EXPECT_EQ(buffer.bytes().as_text(), expected);
}

TEST_F(BufferPoolTest, BufferRefusesToGrowPastTheLargestBlock) {
  Buffer buffer(pool_);
  const std::string full(BufferPool::kBlockBytesMax, 'x');
  ASSERT_TRUE(buffer.append(Bytes::of(full)));
  EXPECT_FALSE(buffer.append(Bytes::of("y")));
  EXPECT_EQ(buffer.size(), full.size()) << "a refused append changes nothing";
}

TEST_F(BufferPoolTest, DropFrontKeepsTheTail) {
  Buffer buffer(pool_);
  ASSERT_TRUE(buffer.append(Bytes::of("abcdef")));
  buffer.drop_front(4);
  EXPECT_EQ(buffer.bytes().as_text(), "ef");
  buffer.drop_front(2);
  EXPECT_EQ(pool_.bytes_in_use(), 0U) << "an emptied buffer gives its block back";
}

TEST_F(BufferPoolTest, LendsAsManyBlocksAsItSays) {
  size_t lent = 0;
  while (!pool_.take(1).empty()) ++lent;
  EXPECT_EQ(lent, BufferPool::blocks_max(kPoolBytes, 1));
}

TEST_F(BufferPoolTest, EveryBlockComesBack) {
  std::vector<Buffer> buffers;
  size_t made = 0;
  for (;; ++made) {
    Buffer buffer(pool_);
    if (!buffer.append(Bytes::of("x"))) break;
    buffers.push_back(std::move(buffer));
  }
  EXPECT_GT(made, kPoolBytes / 2048);
  EXPECT_EQ(pool_.refusals(), 1U);
  buffers.clear();
  EXPECT_EQ(pool_.bytes_in_use(), 0U);
  size_t again = 0;
  for (;; ++again) {
    Buffer buffer(pool_);
    if (!buffer.append(Bytes::of("x"))) break;
    buffers.push_back(std::move(buffer));
  }
  EXPECT_EQ(again, made);
}

}  // namespace
}  // namespace flowscope
