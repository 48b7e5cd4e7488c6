#include "config/validate.h"

#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <string>

namespace flowscope {
namespace {

constexpr std::array<std::string_view, 2> kProtocols = {"http", "dns"};

// The message for the defaults after `change`; empty when they are valid.
std::string fault_after(const std::function<void(Config&)>& change) {
  Config config;
  change(config);
  const Result<void> valid = validate(config, kProtocols);
  return valid.ok() ? "" : valid.error().message;
}

TEST(ConfigValidate, TakesTheDefaults) {
  EXPECT_EQ(fault_after([](Config&) {}), "");
}

TEST(ConfigValidate, RefusesSidesThatTakeAllMemory) {
  EXPECT_EQ(fault_after([](Config& config) { config.streams.reorder_bytes_max = 64 * kMiB; }),
            "streams.reorder_bytes_max: 64MiB for each side lets one flow take all memory; "
            "expected at most half of streams.buffers_bytes, 64MiB");
}

TEST(ConfigValidate, RefusesClosedFlowsThatOutliveLiveOnes) {
  EXPECT_EQ(fault_after([](Config& config) { config.timeouts.tcp_established_ns = kSecondNs; }),
            "timeouts.tcp_closed: 5s keeps closed flows longer than live ones; "
            "expected at most timeouts.tcp_established, 1s");
}

TEST(ConfigValidate, RefusesBurstsLargerThanTheQueue) {
  EXPECT_EQ(fault_after([](Config& config) { config.dpdk.rxd = 32; }),
            "burst: 64 packets never wait in a queue; expected at most dpdk.rxd, 32");
}

TEST(ConfigValidate, RefusesTooFewPacketBuffers) {
  EXPECT_EQ(fault_after([](Config& config) { config.dpdk.total_num_mbufs = 1024; }),
            "dpdk.total_num_mbufs: 1024 cannot fill the receive queues; "
            "expected more than dpdk.rxq times dpdk.rxd, 1024");
  EXPECT_EQ(fault_after([](Config& config) { config.dpdk.total_num_mbufs = 1025; }), "");
}

TEST(ConfigValidate, RefusesACacheThatIsMostOfThePool) {
  EXPECT_EQ(fault_after([](Config& config) {
              config.burst = 32;
              config.dpdk = {.rxd = 64, .mbcache = 512, .total_num_mbufs = 700};
            }),
            "dpdk.mbcache: 512 is too much of the pool; expected at most two thirds of "
            "dpdk.total_num_mbufs, 700");
}

TEST(ConfigValidate, KnowsTheParsersThatAreBuiltIn) {
  EXPECT_EQ(fault_after([](Config& config) { config.l7.enabled = {"dns", "http"}; }), "");
  EXPECT_EQ(fault_after([](Config& config) {
              config.l7.enabled = {"dns", "smtp"};
            }),
            "l7.enabled: no parser \"smtp\" is built in; expected all alone, or some of http, dns");
  EXPECT_EQ(
      fault_after([](Config& config) {
        config.l7.enabled = {"all", "dns"};
      }),
      "l7.enabled: \"all\" stands for every parser; expected all alone, or some of http, dns");
}

TEST(ConfigValidate, ChecksNoParserNamesWhereNoneAreGiven) {
  Config config;
  config.l7.enabled = {"smtp"};
  EXPECT_TRUE(validate(config).ok());
}

}  // namespace
}  // namespace flowscope
