#include "flowcore/base/copy_short.h"

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

namespace flowscope {
namespace {

// The source is as long as the run, so that a sanitizer sees a read outside of it.
TEST(CopyShort, CopiesEveryLengthAndNothingElse) {
  for (size_t bytes = 0; bytes <= 100; ++bytes) {
    std::vector<uint8_t> from(bytes);
    std::iota(from.begin(), from.end(), uint8_t{1});
    std::vector<uint8_t> to(bytes + 2, 0xee);
    copy_short(to.data() + 1, from.data(), bytes);
    std::vector<uint8_t> expected(from);
    expected.insert(expected.begin(), 0xee);
    expected.push_back(0xee);
    ASSERT_EQ(to, expected) << bytes << " bytes";
  }
}

}  // namespace
}  // namespace flowscope
