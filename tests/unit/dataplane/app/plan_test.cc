#include "dataplane/app/doctor/plan.h"

#include <gtest/gtest.h>

#include "dataplane/app/doctor/system.h"

namespace flowscope {
namespace {

using Cpus = std::vector<uint32_t>;

TEST(EalPlan, ReadsOptionsInAllTheirForms) {
  const EalPlan plan = eal_plan({"-l0-2", "-a", "3b:00.0,arg=1", "--allow=0001:02:03.4",
                                 "--vdev=net_pcap0,rx_pcap=f", "--vdev", "net_null1", "--no-huge",
                                 "--huge-dir", "/mnt/huge", "-m", "512", "--file-prefix=fs",
                                 "--main-lcore", "2", "--in-memory", "--no-pci"});
  EXPECT_EQ(plan.lcores.size(), 3U);
  EXPECT_EQ(plan.devices, (std::vector<std::string>{"0000:3b:00.0", "0001:02:03.4"}));
  EXPECT_EQ(plan.vdevs, (std::vector<std::string>{"net_pcap0", "net_null1"}));
  EXPECT_EQ(plan.huge_folder, "/mnt/huge");
  EXPECT_EQ(plan.memory_bytes, 512 * kMiB);
  EXPECT_EQ(plan.file_prefix, "fs");
  EXPECT_EQ(plan.main_lcore, 2U);
  EXPECT_FALSE(plan.huge_pages);
  EXPECT_FALSE(plan.pci);
  EXPECT_TRUE(plan.in_memory);
}

TEST(EalPlan, AnOptionWithoutItsValueIsLeftToTheEal) {
  EXPECT_TRUE(eal_plan({"-a"}).devices.size() <= 1);
  EXPECT_TRUE(eal_plan({"--lcores"}).lcores.empty());
  EXPECT_TRUE(eal_plan({"-l", "3-1"}).lcores.empty());
  EXPECT_TRUE(eal_plan({"-l", "0-4000000000"}).lcores.empty());
}

Cpus cpus_with(const std::vector<std::string>& options, uint32_t workers) {
  Config config;
  config.workers = workers;
  return worker_cpus(make_plan(config, options));
}

TEST(WorkerCpus, AreThoseBesideTheMainLcore) {
  EXPECT_EQ(cpus_with({"-l", "0-3"}, 2), (Cpus{1, 2}));
  EXPECT_EQ(cpus_with({"-l", "0-3", "--main-lcore", "1"}, 3), (Cpus{0, 2, 3}));
  EXPECT_EQ(cpus_with({"-c", "0x15"}, 2), (Cpus{2, 4}));
  EXPECT_EQ(cpus_with({"--lcores", "0@0,1@9,(2-3)@(10-11)"}, 1), (Cpus{9}));
  EXPECT_EQ(cpus_with({}, 2), Cpus{});
}

TEST(WorkerCpus, AreThoseOfChosenLcores) {
  Config config;
  config.workers = 2;
  config.worker.lcores = {"5", "3"};
  EXPECT_EQ(worker_cpus(make_plan(config, {"-l", "0-7"})), (Cpus{3, 5}));
  EXPECT_EQ(worker_cpus(make_plan(config, {"--lcores", "0@0,3@9,5@(10-11)"})), (Cpus{9, 10, 11}));
}

TEST(NumberLists, ReadWhatTheKernelWrites) {
  EXPECT_EQ(numbers_of_list("0-2,8").value(), (Cpus{0, 1, 2, 8}));
  EXPECT_EQ(numbers_of_list("").value(), Cpus{});
  EXPECT_FALSE(numbers_of_list("1-x").has_value());
  EXPECT_FALSE(numbers_of_list("0-70000").has_value());
  EXPECT_EQ(list_of_numbers({0, 1, 2, 8, 10, 11}), "0-2,8,10,11");
}

}  // namespace
}  // namespace flowscope
