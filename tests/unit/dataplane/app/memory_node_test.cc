#include "dataplane/app/memory_node.h"

#include <gtest/gtest.h>

#include "config/config.h"
#include "flowcore/base/arena.h"

#ifdef FS_HAVE_NUMA
#include <numaif.h>
#endif

namespace flowscope {
namespace {

TEST(NodeLines, SayWhichNodeHasTheMemoryOfWhichWorkers) {
  EXPECT_EQ(node_lines(std::vector<int>{0, 1, 0, 0}, 10 * kMiB),
            "  on NUMA node 0: 30.0 MiB of workers 0,2,3\n"
            "  on NUMA node 1: 10.0 MiB of worker 1\n");
}

TEST(NodeLines, SayNothingWhereThereAreNoNodes) {
  EXPECT_EQ(node_lines({}, kMiB), "");
  EXPECT_EQ(node_lines(std::vector<int>{-1, -1}, kMiB), "");
}

#ifdef FS_HAVE_NUMA

int policy_of_this_thread() {
  int policy = -1;
  return get_mempolicy(&policy, nullptr, 0, nullptr, 0) == 0 ? policy : -1;
}

class MemoryNodeTest : public testing::Test {
 protected:
  void SetUp() override {
    if (policy_of_this_thread() != MPOL_DEFAULT)
      GTEST_SKIP() << "a policy is set already, or the kernel tells none";
    const MemoryNode node(0);
    if (node.fault() != 0) GTEST_SKIP() << "the kernel lets nobody choose";
  }
};

TEST_F(MemoryNodeTest, HoldsForItsLifetime) {
  {
    const MemoryNode node(0);
    EXPECT_EQ(policy_of_this_thread(), MPOL_PREFERRED);
    unsigned long chosen[16] = {};
    int policy = 0;
    ASSERT_EQ(get_mempolicy(&policy, chosen, 1024, nullptr, 0), 0);
    EXPECT_EQ(chosen[0], 1UL);
    // One inside of another finds a policy, and leaves it.
    { const MemoryNode inner(0); }
    EXPECT_EQ(policy_of_this_thread(), MPOL_PREFERRED);
  }
  EXPECT_EQ(policy_of_this_thread(), MPOL_DEFAULT);
}

TEST_F(MemoryNodeTest, BringsPagesOfAnArenaToTheNode) {
  constexpr size_t kPages = 1024;
  constexpr size_t kPageBytes = 4096;
  const MemoryNode node(0);
  auto arena = Arena::create(kPages * kPageBytes, Arena::Populate::Now);
  ASSERT_TRUE(arena.ok());
  const std::span<uint8_t> bytes = arena.value().take<uint8_t>(kPages * kPageBytes);
  std::vector<void*> pages;
  for (size_t i = 0; i < kPages; ++i) pages.push_back(&bytes[i * kPageBytes]);
  std::vector<int> nodes(kPages, -1);
  ASSERT_EQ(move_pages(0, kPages, pages.data(), nullptr, nodes.data(), 0), 0);
  EXPECT_EQ(nodes, std::vector<int>(kPages, 0));
}

TEST_F(MemoryNodeTest, DoesNothingForANodeThatThereIsNot) {
  for (const int none : {-1, 100'000}) {
    const MemoryNode node(none);
    EXPECT_EQ(node.fault(), 0);
    EXPECT_EQ(policy_of_this_thread(), MPOL_DEFAULT);
  }
  EXPECT_NE(MemoryNode(1023).fault(), 0) << "this kernel has a thousand nodes?";
}

#endif

}  // namespace
}  // namespace flowscope
