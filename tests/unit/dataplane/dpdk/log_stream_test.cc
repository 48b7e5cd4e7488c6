#include "dataplane/dpdk/log_stream.h"

#include <gtest/gtest.h>
#include <rte_log.h>

#include <string>
#include <utility>
#include <vector>

namespace flowscope {
namespace {

using Line = std::pair<uint32_t, std::string>;

class Lines {
 public:
  DpdkLogStream::OnLine taker() {
    return [this](uint32_t level, std::string_view line) { all.emplace_back(level, line); };
  }
  std::vector<Line> all;
};

TEST(DpdkLogStream, GivesOnLinesWithTheirLevels) {
  Lines lines;
  {
    const DpdkLogStream stream(lines.taker());
    rte_log(RTE_LOG_ERR, RTE_LOGTYPE_USER1, "USER1: %d is wrong\n", 5);
    rte_log(RTE_LOG_NOTICE, RTE_LOGTYPE_EAL, "EAL: one\nEAL: two\n");
    EXPECT_EQ(lines.all, (std::vector<Line>{{RTE_LOG_ERR, "USER1: 5 is wrong"},
                                            {RTE_LOG_NOTICE, "EAL: one"},
                                            {RTE_LOG_NOTICE, "EAL: two"}}));
  }
  rte_log(RTE_LOG_ERR, RTE_LOGTYPE_USER1, "after it\n");
  EXPECT_EQ(lines.all.size(), 3U);
}

TEST(DpdkLogStream, PutsLinesTogetherFromPieces) {
  Lines lines;
  {
    const DpdkLogStream stream(lines.taker());
    rte_log(RTE_LOG_NOTICE, RTE_LOGTYPE_USER1, "begun");
    EXPECT_TRUE(lines.all.empty());
    rte_log(RTE_LOG_NOTICE, RTE_LOGTYPE_USER1, ", ended\nleft");
  }
  EXPECT_EQ(lines.all,
            (std::vector<Line>{{RTE_LOG_NOTICE, "begun, ended"}, {RTE_LOG_NOTICE, "left"}}));
}

TEST(DpdkLogStream, CutsLinesWithoutEnd) {
  Lines lines;
  const std::string piece(DpdkLogStream::kLineBytesMax, 'x');
  {
    const DpdkLogStream stream(lines.taker());
    rte_log(RTE_LOG_NOTICE, RTE_LOGTYPE_USER1, "%s%s", piece.c_str(), "y\n");
  }
  EXPECT_EQ(lines.all, (std::vector<Line>{{RTE_LOG_NOTICE, piece}, {RTE_LOG_NOTICE, "y"}}));
}

}  // namespace
}  // namespace flowscope
