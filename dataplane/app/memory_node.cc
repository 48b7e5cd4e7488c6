#include "dataplane/app/memory_node.h"

#include <fmt/format.h>

#include <map>
#include <vector>

#include "config/config.h"
#include "dataplane/app/doctor/system.h"

#ifdef FS_HAVE_NUMA
#include <numaif.h>

#include <array>
#include <cerrno>
#endif

namespace flowscope {

#ifdef FS_HAVE_NUMA

namespace {

// As many nodes as the kernel can be built for.
constexpr unsigned long kNodesMax = 1024;
constexpr unsigned long kWordBits = 8 * sizeof(unsigned long);

}  // namespace

MemoryNode::MemoryNode(int node) {
  if (node < 0 || static_cast<unsigned long>(node) >= kNodesMax) return;
  int policy = MPOL_DEFAULT;
  if (get_mempolicy(&policy, nullptr, 0, nullptr, 0) != 0) {
    fault_ = errno;
    return;
  }
  if (policy != MPOL_DEFAULT) return;
  std::array<unsigned long, kNodesMax / kWordBits> nodes{};
  const auto bit = static_cast<unsigned long>(node);
  nodes.at(bit / kWordBits) = 1UL << (bit % kWordBits);
  // One more than there are bits: the kernel leaves out the last.
  is_set_ = set_mempolicy(MPOL_PREFERRED, nodes.data(), kNodesMax + 1) == 0;
  if (!is_set_) fault_ = errno;
}

MemoryNode::~MemoryNode() {
  if (is_set_) (void)set_mempolicy(MPOL_DEFAULT, nullptr, 0);
}

#else

MemoryNode::MemoryNode(int) {}
MemoryNode::~MemoryNode() = default;

#endif

std::string node_lines(std::span<const int> nodes, uint64_t worker_bytes) {
  std::map<int, std::vector<uint32_t>> workers_of;
  for (uint32_t worker = 0; worker < nodes.size(); ++worker) {
    if (nodes[worker] >= 0) workers_of[nodes[worker]].push_back(worker);
  }
  std::string text;
  for (const auto& [node, workers] : workers_of) {
    const double bytes = static_cast<double>(worker_bytes) * static_cast<double>(workers.size());
    text += fmt::format("  on NUMA node {}: {:.1f} MiB of worker{} {}\n", node,
                        bytes / static_cast<double>(kMiB), workers.size() == 1 ? "" : "s",
                        list_of_numbers(workers));
  }
  return text;
}

}  // namespace flowscope
