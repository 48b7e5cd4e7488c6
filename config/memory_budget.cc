#include "config/memory_budget.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "config/config.h"

namespace flowscope {

namespace {

std::string in_mebibytes(uint64_t bytes) {
  std::array<char, 32> text;
  std::snprintf(text.data(), text.size(), "%.1f MiB",
                static_cast<double>(bytes) / static_cast<double>(kMiB));
  return text.data();
}

std::string line(const std::string& name, size_t name_width, const std::string& each,
                 uint64_t total) {
  const std::string sum = in_mebibytes(total);
  std::string text = "  " + name + std::string(name_width - name.size() + 2, ' ');
  text += std::string(16 - std::min<size_t>(16, sum.size()), ' ') + sum;
  return text + each + "\n";
}

}  // namespace

void MemoryBudget::add(std::string_view name, uint64_t bytes, uint64_t count) {
  rows_.push_back({.name = std::string(name), .bytes = bytes, .count = count});
}

uint64_t MemoryBudget::Row::total_bytes() const {
  uint64_t product = 0;
  return __builtin_mul_overflow(bytes, count, &product) ? UINT64_MAX : product;
}

uint64_t MemoryBudget::total_bytes() const {
  uint64_t sum = 0;
  for (const Row& row : rows_) {
    if (__builtin_add_overflow(sum, row.total_bytes(), &sum)) return UINT64_MAX;
  }
  return sum;
}

std::string MemoryBudget::as_table() const {
  size_t name_width = std::string_view("total").size();
  for (const Row& row : rows_) name_width = std::max(name_width, row.name.size());
  std::string table = "memory reserved before the first packet:\n";
  for (const Row& row : rows_) {
    const std::string each =
        row.count == 1 ? ""
                       : "  (" + std::to_string(row.count) + " x " + in_mebibytes(row.bytes) + ")";
    table += line(row.name, name_width, each, row.total_bytes());
  }
  return table + line("total", name_width, "", total_bytes());
}

}  // namespace flowscope
