#pragma once

#include <functional>
#include <string>
#include <vector>

#include "flowcore/base/result.h"

namespace flowscope {

// DPDK's environment layer for the time of this object: started once per program, cleaned up at the
// end. Thread rule: the thread that starts it is the main lcore and must be the one that destroys
// it.
class Eal {
 public:
  // Starts the EAL with the user's options untouched. `program` stands before what EAL says of
  // them. The error names what EAL found wrong and the usual mend; a --vdev network device that
  // could not be started is one.
  static Result<Eal> start(const std::string& program, const std::vector<std::string>& options);

  ~Eal();
  Eal(Eal&& other) noexcept : live_(std::exchange(other.live_, false)) {}
  Eal& operator=(Eal&&) = delete;
  Eal(const Eal&) = delete;
  Eal& operator=(const Eal&) = delete;

  // Lcores that may run workers; empty when only the main lcore was given.
  [[nodiscard]] std::vector<unsigned> worker_lcores() const;
  // Runs `body` on a worker lcore; it must outlive the run.
  void launch(unsigned lcore, std::function<void()>& body) const;
  // Waits until every worker lcore is back.
  void wait_all() const;

 private:
  Eal() = default;
  bool live_ = true;
};

}  // namespace flowscope
