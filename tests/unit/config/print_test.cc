#include "config/print.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "config/load.h"

namespace flowscope {
namespace {

constexpr const char* kPage = FS_SOURCE_ROOT "/docs/configuration.md";

std::string read_page() {
  std::ifstream file(kPage);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(ConfigPrint, LoadsBackToTheSameConfiguration) {
  Config config;
  config.workers = 7;
  config.hash_seed = UINT64_MAX;
  config.timeouts.udp_ns = 1'500 * kMillisecondNs;
  config.streams.buffers_bytes = 12'345'678;
  config.l7.enabled = {"dns", "tls"};
  config.output.destination = "a \"strange\\ path: #1";
  config.output.records.http = false;
  config.dpdk.portmask = 0xa5;
  config.dpdk.rss = RssFields::Ip;
  config.checksums = ChecksumUse::Count;
  config.table.counters = CounterUse::Basic;
  config.dedup = {.window_ns = 250 * kMicrosecondNs, .frames_max = 4'096, .match = "packet"};
  config.dpdk.eal_options = {"--vdev", "net_pcap0,rx_pcap=a b.pcap"};
  const std::string yaml = config_as_yaml(config);
  Config loaded;
  const Result<void> result = load_yaml_text("printed", yaml, loaded);
  ASSERT_TRUE(result.ok()) << result.error().message << "\n" << yaml;
  EXPECT_EQ(config_as_yaml(loaded), yaml);
  EXPECT_EQ(loaded.output.destination, config.output.destination);
  EXPECT_EQ(loaded.dedup.window_ns, config.dedup.window_ns);
  EXPECT_EQ(loaded.dpdk.eal_options, config.dpdk.eal_options);
}

TEST(ConfigPrint, LoadsTheDefaultsBack) {
  Config loaded;
  loaded.workers = 9;
  ASSERT_TRUE(load_yaml_text("printed", config_as_yaml(Config{}), loaded).ok());
  EXPECT_EQ(loaded.workers, 1U);
}

TEST(ConfigPrint, MarksWhatIsNotTheDefault) {
  Config config;
  config.table.flows_max = 500;
  const std::string yaml = config_as_yaml(config);
  EXPECT_NE(yaml.find("table:\n  flows_max: 500  # default: 0\n"), std::string::npos) << yaml;
  EXPECT_NE(yaml.find("burst: 64\n"), std::string::npos);
  EXPECT_NE(yaml.find("output:\n  destination: \"-\"\n"), std::string::npos);
  EXPECT_NE(yaml.find("  records:\n    flow: true\n"), std::string::npos);
}

TEST(ConfigPrint, PageInDocsIsUpToDate) {
  if (std::getenv("UPDATE_DOCS") != nullptr) std::ofstream(kPage) << configuration_page();
  EXPECT_EQ(read_page(), configuration_page())
      << "run this test with UPDATE_DOCS=1 in the environment";
}

}  // namespace
}  // namespace flowscope
