#include "dataplane/dpdk/eal.h"

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_log.h>
#include <rte_pdump.h>

#include <fstream>
#include <string_view>

namespace flowscope {

namespace {

std::string mend_of(int error) {
  switch (error) {
    case EACCES:
    case EPERM:
      return "run as root, or add --no-huge -m 1024 --no-pci; flowscope doctor says what is "
             "missing";
    case ENOMEM:
      return "reserve huge pages (echo 256 > /proc/sys/vm/nr_hugepages) or add --no-huge -m 1024; "
             "flowscope doctor says how many";
    case EALREADY:
      return "the EAL was started before in this program";
    case EINVAL:
      return "an EAL option or --vdev argument is wrong; EAL's own lines above name it";
    default:
      return "EAL's own lines above say more, and flowscope doctor with the same options says what "
             "mends it";
  }
}

// The first network device of `--vdev NAME,ARGUMENTS` that is not there: the EAL goes on without
// one that it could not start. Empty when all are there.
std::string missing_device(const std::vector<std::string>& options) {
  constexpr std::string_view kOption = "--vdev";
  for (size_t i = 0; i < options.size(); ++i) {
    std::string_view device = options[i];
    if (!device.starts_with(kOption)) continue;
    device.remove_prefix(kOption.size());
    if (device.starts_with('=')) {
      device.remove_prefix(1);
    } else if (device.empty() && i + 1 < options.size()) {
      device = options[i + 1];
    }
    const std::string name(device.substr(0, device.find(',')));
    uint16_t port = 0;
    if (name.starts_with("net_") && rte_eth_dev_get_port_by_name(name.c_str(), &port) != 0)
      return name;
  }
  return {};
}

// Lets dpdk-dumpcap and other processes watch our ports' packets. Nothing is done for a packet
// until one of them asks. Where processes share nothing (--in-memory, --no-shconf) this succeeds
// and nobody can ask.
void offer_packets_to_others() {
  if (rte_pdump_init() == 0) return;
  const int type = rte_log_register_type_and_pick_level("flowscope.dataplane", RTE_LOG_INFO);
  rte_log(RTE_LOG_WARNING, type < 0 ? RTE_LOGTYPE_USER1 : static_cast<uint32_t>(type),
          "flowscope: dpdk-dumpcap cannot watch this run: rte_pdump did not start (%s)\n",
          rte_strerror(rte_errno));
}

int run_body(void* body) {
  (*static_cast<std::function<void()>*>(body))();
  return 0;
}

}  // namespace

Result<Eal> Eal::start(const std::string& program, const std::vector<std::string>& options) {
  std::vector<std::string> arguments = {program};
  arguments.insert(arguments.end(), options.begin(), options.end());
  std::vector<char*> argv;
  argv.reserve(arguments.size() + 1);
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  const int used = rte_eal_init(static_cast<int>(arguments.size()), argv.data());
  if (used < 0) {
    const int error = rte_errno;
    return Error{"DPDK's EAL did not start (" + std::string(rte_strerror(error))
                 + "): " + mend_of(error)};
  }
  // The object exists from here on, so that what was started is cleaned up on every way out.
  Eal eal;
  offer_packets_to_others();
  if (static_cast<size_t>(used) + 1 < arguments.size()) {
    return Error{"not an EAL option: '" + arguments[static_cast<size_t>(used) + 1]
                 + "'; options of flowscope follow after --"};
  }
  if (const std::string name = missing_device(options); !name.empty()) {
    return Error{
        "device " + name
        + " did not start: its name or arguments are wrong; EAL's own lines above say more"};
  }
  return eal;
}

Eal::~Eal() {
  if (!live_) return;
  rte_pdump_uninit();
  rte_eal_cleanup();
}

std::vector<unsigned> Eal::worker_lcores() const {
  std::vector<unsigned> lcores;
  unsigned lcore = 0;
  RTE_LCORE_FOREACH_WORKER(lcore) { lcores.push_back(lcore); }
  return lcores;
}

unsigned Eal::main_lcore() const { return rte_get_main_lcore(); }

int Eal::numa_node(unsigned lcore) { return static_cast<int>(rte_lcore_to_socket_id(lcore)); }

void Eal::launch(unsigned lcore, std::function<void()>& body) const {
  FS_CHECK(rte_eal_remote_launch(run_body, &body, lcore) == 0);
}

std::vector<std::string> dpdk_places() {
  std::vector<std::string> places = {"/dev/vfio", "/dev/infiniband", "/dev/net/tun"};
  if (const char* folder = rte_eal_get_runtime_dir(); folder != nullptr)
    places.emplace_back(folder);
  std::ifstream mounts("/proc/mounts");
  std::string device, place, kind, rest;
  while (mounts >> device >> place >> kind && std::getline(mounts, rest)) {
    if (kind == "hugetlbfs") places.push_back(place);
  }
  return places;
}

void Eal::wait_all() const { rte_eal_mp_wait_lcore(); }

}  // namespace flowscope
