#include "dataplane/dpdk/mbuf_frame.h"

#include <gtest/gtest.h>

#include <array>
#include <numeric>
#include <vector>

namespace flowscope {
namespace {

// A chain of mbufs as a driver that scatters makes it, without a mempool.
class MbufChain : public ::testing::Test {
 protected:
  const rte_mbuf* chain(std::vector<uint16_t> sizes) {
    uint8_t next = 0;
    for (size_t i = 0; i < sizes.size(); ++i) {
      auto& room = rooms_.at(i);
      std::iota(room.begin() + kHeadroom, room.end(), next);
      next = static_cast<uint8_t>(next + sizes[i]);
      rte_mbuf& mbuf = mbufs_.at(i);
      mbuf = {};
      mbuf.buf_addr = room.data();
      mbuf.data_off = kHeadroom;
      mbuf.data_len = sizes[i];
      mbuf.next = i + 1 < sizes.size() ? &mbufs_.at(i + 1) : nullptr;
      mbufs_[0].pkt_len += sizes[i];
    }
    mbufs_[0].nb_segs = static_cast<uint16_t>(sizes.size());
    return mbufs_.data();
  }
  // Bytes count up from 0 over the whole chain.
  static void expect_whole(Bytes frame, size_t size) {
    ASSERT_EQ(frame.size(), size);
    for (size_t i = 0; i < size; ++i) ASSERT_EQ(frame[i], static_cast<uint8_t>(i)) << i;
  }

  static constexpr uint16_t kHeadroom = 128;
  std::array<std::array<uint8_t, 2'176>, 5> rooms_{};
  std::array<rte_mbuf, 5> mbufs_{};
  std::array<uint8_t, 9'000> place_{};
};

TEST_F(MbufChain, OfOneIsLeftWhereItLies) {
  const rte_mbuf* mbuf = chain({60});
  const Bytes frame = frame_of(mbuf, place_);
  EXPECT_EQ(frame.begin(), rooms_[0].data() + kHeadroom);
  expect_whole(frame, 60);
}

TEST_F(MbufChain, OfSeveralIsJoined) {
  expect_whole(frame_of(chain({2'048, 2'048, 900}), place_), 4'996);
  expect_whole(frame_of(chain({14, 20, 20, 1'400}), place_), 1'454);
}

TEST_F(MbufChain, WithEmptyPartsIsJoined) {
  expect_whole(frame_of(chain({0, 100, 0, 50}), place_), 150);
}

TEST_F(MbufChain, LongerThanThePlaceIsCutThere) {
  const rte_mbuf* mbuf = chain({2'048, 2'048, 2'048, 2'048, 2'048});
  const Bytes frame = frame_of(mbuf, place_);
  expect_whole(frame, place_.size());
  EXPECT_LT(frame.size(), mbuf->pkt_len) << "its wire length says that it was cut";
}

}  // namespace
}  // namespace flowscope
