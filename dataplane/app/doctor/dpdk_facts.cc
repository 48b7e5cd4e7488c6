#include "dataplane/app/doctor/system.h"

#ifdef FS_HAVE_DPDK
#include <rte_config.h>
#include <rte_version.h>
#endif

namespace flowscope {

std::optional<DpdkFacts> dpdk_facts() {
#ifdef FS_HAVE_DPDK
  const std::string month = std::to_string(RTE_VER_MONTH);
  // "DPDK 22.11.5", or "DPDK 23.03.0-rc1" before a release.
  const std::string running = rte_version();
  const std::string numbers = running.substr(running.find(' ') + 1);
  return DpdkFacts{.built = std::to_string(RTE_VER_YEAR) + "." + (month.size() == 1 ? "0" : "")
                            + month + "." + std::to_string(RTE_VER_MINOR),
                   .running = numbers.substr(0, numbers.find('-')),
                   .drivers_folder = RTE_EAL_PMD_PATH};
#else
  return std::nullopt;
#endif
}

}  // namespace flowscope
