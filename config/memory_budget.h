#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace flowscope {

// The sum of all memory that is reserved before the first packet, row by row, for printing at
// start. For set-up only.
class MemoryBudget {
 public:
  // `count` equal parts of `bytes` each: one for every worker, say.
  void add(std::string_view name, uint64_t bytes, uint64_t count = 1);

  // Saturates instead of wrapping around.
  [[nodiscard]] uint64_t total_bytes() const;
  // One line per row with its share, then the total.
  [[nodiscard]] std::string as_table() const;

 private:
  struct Row {
    std::string name;
    uint64_t bytes;
    uint64_t count;
    [[nodiscard]] uint64_t total_bytes() const;
  };
  std::vector<Row> rows_;
};

}  // namespace flowscope
