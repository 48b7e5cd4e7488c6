#include "perf/traffic/traffic.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "dataplane/pcap/capture_reader.h"
#include "flowcore/packet/layers.h"
#include "tests/support/capture_writer.h"

namespace flowscope::traffic {
namespace {

[[nodiscard]] std::string content_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// A place for a capture that is removed with the test.
class TrafficTest : public testing::Test {
 protected:
  [[nodiscard]] const std::string& path() const { return file_.path(); }
  [[nodiscard]] Output output(uint64_t seed = 1) const { return {.path = path(), .seed = seed}; }

 private:
  TemporaryFile file_{Bytes{}};
};

// What a look at offsets tells of a capture of plain Ethernet, IPv4 and IPv6.
struct Counted {
  uint64_t packets = 0;
  uint64_t tcp_opened = 0;  // SYNs without ACK
  uint64_t udp = 0;
  std::set<std::string> tcp_sources;  // address and port of those SYNs
  bool times_increase = true;
};

[[nodiscard]] Counted count(const std::string& path) {
  CaptureReader reader = std::move(CaptureReader::open(path).value());
  Counted counted;
  Burst burst;
  Timestamp before;
  while (reader.read(burst, 64) != 0) {
    for (uint32_t i = 0; i < burst.count; ++i) {
      const Bytes frame = burst.packet[i].frame;
      const bool is_ipv4 = load_be16(frame, 12) == 0x0800;
      const uint8_t protocol = frame[is_ipv4 ? 23 : 20];
      const size_t upper = is_ipv4 ? 34 : 54;
      const bool is_tcp = protocol == static_cast<uint8_t>(IpProtocol::Tcp);
      if (is_tcp && frame[upper + 13] == tcp_flag::kSyn) {
        ++counted.tcp_opened;
        const Bytes address = is_ipv4 ? frame.sub(26, 4) : frame.sub(22, 16);
        counted.tcp_sources.insert(std::string(address.as_text())
                                   + std::string(frame.sub(upper, 2).as_text()));
      }
      if (protocol == static_cast<uint8_t>(IpProtocol::Udp)) ++counted.udp;
      counted.times_increase &= burst.packet[i].time > before;
      before = burst.packet[i].time;
    }
  }
  EXPECT_FALSE(reader.fault());
  counted.packets = reader.packets_read();
  return counted;
}

TEST_F(TrafficTest, SampleIsAlwaysTheSame) {
  ASSERT_TRUE(write_sample(path()).ok());
  const std::string first = content_of(path());
  ASSERT_TRUE(write_sample(path()).ok());
  EXPECT_EQ(first, content_of(path()));
}

TEST_F(TrafficTest, SampleReadsInOrderOfTime) {
  Result<Totals> totals = write_sample(path());
  ASSERT_TRUE(totals.ok());
  const Counted counted = count(path());
  EXPECT_EQ(counted.packets, totals.value().packets);
  EXPECT_TRUE(counted.times_increase);
}

TEST_F(TrafficTest, MixHasTheSessionsAskedFor) {
  Result<Totals> totals = write_mix(output(), {.http = 30, .tls = 20, .dns = 50, .live = 10});
  ASSERT_TRUE(totals.ok());
  const Counted counted = count(path());
  EXPECT_EQ(counted.packets, totals.value().packets);
  EXPECT_EQ(counted.tcp_opened, 50U);
  EXPECT_EQ(counted.tcp_sources.size(), 50U) << "each session is a flow of its own";
  EXPECT_EQ(counted.udp, 100U);
  EXPECT_TRUE(counted.times_increase);
}

TEST_F(TrafficTest, MixDependsOnTheSeedAlone) {
  const Mix mix{.http = 5, .tls = 5, .dns = 5, .live = 4};
  ASSERT_TRUE(write_mix(output(1), mix).ok());
  const std::string first = content_of(path());
  ASSERT_TRUE(write_mix(output(1), mix).ok());
  EXPECT_EQ(content_of(path()), first);
  ASSERT_TRUE(write_mix(output(2), mix).ok());
  EXPECT_NE(content_of(path()), first);
}

TEST_F(TrafficTest, SynfloodOpensANewFlowWithEachPacket) {
  ASSERT_TRUE(write_synflood(output(), 2000).ok());
  const Counted counted = count(path());
  EXPECT_EQ(counted.packets, 2000U);
  EXPECT_EQ(counted.tcp_sources.size(), 2000U);
}

TEST_F(TrafficTest, ElephantIsOneFlowOfTheLengthAskedFor) {
  ASSERT_TRUE(write_elephant(output(), 1001).ok());
  const Counted counted = count(path());
  EXPECT_EQ(counted.packets, 1001U);
  EXPECT_EQ(counted.tcp_opened, 1U);
}

TEST(Traffic, NamesAFileThatCannotBeWritten) {
  const Result<Totals> totals = write_sample("/nowhere/sample.pcap");
  ASSERT_FALSE(totals.ok());
  EXPECT_EQ(totals.error().message,
            "/nowhere/sample.pcap: cannot be written: No such file or directory");
}

// Judged by somebody else's decoder, where it is installed.
class TrafficByTshark : public TrafficTest {
 protected:
  void SetUp() override {
    if (std::system("command -v tshark >/dev/null 2>&1") != 0) GTEST_SKIP() << "no tshark here";
  }

  // How many packets each display filter matches, checksums looked at; from the one row of the
  // table that tshark prints, with a column of packets and one of bytes for each filter.
  [[nodiscard]] std::vector<int> matches(const std::vector<std::string>& filters) const {
    std::string command =
        "tshark -n -q -o ip.check_checksum:TRUE -o tcp.check_checksum:TRUE"
        " -o udp.check_checksum:TRUE -r "
        + path() + " -z 'io,stat,0";
    for (const std::string& filter : filters) command += "," + filter;
    FILE* pipe = popen((command + "' 2>/dev/null").c_str(), "r");
    std::vector<int> counts;
    std::array<char, 4096> line{};
    while (std::fgets(line.data(), line.size(), pipe) != nullptr) {
      std::istringstream row(line.data());
      if (std::string(line.data()).find("<>") == std::string::npos) continue;
      std::string cell;
      for (int column = 0; std::getline(row, cell, '|'); ++column) {
        const bool is_number = cell.find_first_of("0123456789") != std::string::npos;
        if (column >= 2 && column % 2 == 0 && is_number) counts.push_back(std::stoi(cell));
      }
    }
    pclose(pipe);
    return counts;
  }
};

constexpr const char* kWrong =
    "_ws.malformed || _ws.expert.severity >= error || tcp.analysis.flags || "
    "ip.checksum.status == 0 || tcp.checksum.status == 0 || udp.checksum.status == 0 || "
    "icmp.checksum.status == 0 || icmpv6.checksum.status == 0";

[[nodiscard]] std::vector<std::string> filters() {
  return {kWrong,
          "http.request",
          "http.response",
          "tls.handshake.extensions_server_name",
          "tls.handshake.type == 2",
          "dns.flags.response == 0",
          "dns.flags.response == 1"};
}

TEST_F(TrafficByTshark, FindsTheSampleSound) {
  ASSERT_TRUE(write_sample(path()).ok());
  EXPECT_EQ(matches(filters()), (std::vector<int>{0, 5, 5, 3, 3, 6, 5}));
}

TEST_F(TrafficByTshark, FindsAMixSound) {
  ASSERT_TRUE(write_mix(output(), {.tls = 40, .dns = 100, .live = 20}).ok());
  EXPECT_EQ(matches(filters()), (std::vector<int>{0, 0, 0, 40, 40, 100, 100}));
}

TEST_F(TrafficByTshark, FindsAsManyResponsesAsRequests) {
  ASSERT_TRUE(write_mix(output(), {.http = 60, .live = 20}).ok());
  const std::vector<int> counts = matches({kWrong, "http.request", "http.response"});
  ASSERT_EQ(counts.size(), 3U);
  EXPECT_EQ(counts[0], 0);
  EXPECT_GE(counts[1], 60);
  EXPECT_EQ(counts[1], counts[2]);
}

}  // namespace
}  // namespace flowscope::traffic
