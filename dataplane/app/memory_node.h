#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace flowscope {

// For as long as it lives, pages that the calling thread is the first to touch come from one NUMA
// node where that has any left, and from others else. Does nothing for a negative node, in a build
// without libnuma, and where whoever started the program has chosen a policy (numactl). Thread
// rule: made and destroyed by one thread, for which alone it holds. Cost: two system calls each.
class MemoryNode {
 public:
  explicit MemoryNode(int node);
  ~MemoryNode();
  MemoryNode(const MemoryNode&) = delete;
  MemoryNode& operator=(const MemoryNode&) = delete;

  // 0, or the errno with which the kernel refused.
  [[nodiscard]] int fault() const { return fault_; }

 private:
  bool is_set_ = false;
  int fault_ = 0;
};

// Lines behind the memory budget: which node has the memory of which workers, `worker_bytes` each.
// `nodes` has one for each worker; those with a negative one are passed over.
[[nodiscard]] std::string node_lines(std::span<const int> nodes, uint64_t worker_bytes);

}  // namespace flowscope
