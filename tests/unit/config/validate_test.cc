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

TEST(ConfigValidate, RefusesRotationsThatCannotBe) {
  EXPECT_EQ(fault_after([](Config& config) {
              config.output.destination = "eve.json";
              config.output.rotate_bytes = 1000;
            }),
            "output.rotate_bytes: 1000 is less than one record may have; expected 0 or at least "
            "64KiB");
  EXPECT_EQ(fault_after([](Config& config) { config.output.rotate_every_ns = kMillisecondNs; }),
            "output.rotate_every: 1ms is too short; expected 0 or at least 1s");
  for (const char* destination : {"-", "tcp://collector:5140", "unix:/run/eve.sock"}) {
    EXPECT_EQ(fault_after([&](Config& config) {
                config.output.destination = destination;
                config.output.rotate_bytes = kMiB;
              }),
              std::string("output.rotate_bytes: only a file can be renamed; expected a path as "
                          "output.destination, not ")
                  + destination);
  }
}

TEST(ConfigValidate, RefusesBurstsLargerThanTheQueue) {
  EXPECT_EQ(fault_after([](Config& config) { config.dpdk.rxd = 32; }),
            "burst: 64 packets never wait in a queue; expected at most dpdk.rxd, 32");
}

TEST(ConfigValidate, RefusesTooFewPacketBuffers) {
  const auto with = [](uint32_t mbufs) {
    return fault_after([mbufs](Config& config) {
      config.dpdk.rxd = 1024;
      config.dpdk.total_num_mbufs = mbufs;
    });
  };
  EXPECT_EQ(with(1024),
            "dpdk.total_num_mbufs: 1024 cannot fill the receive queues; "
            "expected more than dpdk.rxq times dpdk.rxd, 1024");
  EXPECT_EQ(with(1025), "");
}

TEST(ConfigValidate, RefusesPortsThatAreChosenInTwoWays) {
  EXPECT_EQ(fault_after([](Config& config) {
              config.dpdk.portmask = 1;
              config.dpdk.ports = {"net_null0"};
            }),
            "dpdk.ports: dpdk.portmask chooses ports as well; expected one of the two");
}

TEST(ConfigValidate, RefusesFramesShorterThanEthernetHas) {
  EXPECT_EQ(fault_after([](Config& config) { config.dpdk.max_pkt_len = 63; }),
            "dpdk.max_pkt_len: 63 is less than the shortest frame; expected 0 or at least 64");
  EXPECT_EQ(fault_after([](Config& config) { config.dpdk.max_pkt_len = 64; }), "");
}

TEST(ConfigValidate, RefusesACacheThatIsMostOfThePool) {
  EXPECT_EQ(fault_after([](Config& config) {
              config.burst = 32;
              config.dpdk = {.rxd = 64, .mbcache = 512, .total_num_mbufs = 700};
            }),
            "dpdk.mbcache: 512 is too much of the pool; expected at most two thirds of "
            "dpdk.total_num_mbufs, 700");
}

TEST(ConfigValidate, RefusesAPlaceForPrometheusThatIsNoAddress) {
  EXPECT_EQ(fault_after([](Config& config) { config.telemetry.prometheus = "9464"; }), "");
  EXPECT_EQ(
      fault_after([](Config& config) { config.telemetry.prometheus = "on"; }),
      "telemetry.prometheus: \"on\" is no address to listen on; expected a port such as 9464, "
      "or an address and a port such as 127.0.0.1:9464 or [::1]:9464, or off");
}

TEST(ConfigValidate, KnowsTheWaysOfWorkers) {
  EXPECT_EQ(fault_after([](Config& config) { config.worker = {.resteer = "off", .idle = "spin"}; }),
            "");
  EXPECT_EQ(fault_after([](Config& config) { config.worker.resteer = "yes"; }),
            "worker.resteer: 'yes' is not one of auto, on, off");
  EXPECT_EQ(fault_after([](Config& config) { config.worker.idle = "doze"; }),
            "worker.idle: 'doze' is not one of spin, pause, sleep");
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
