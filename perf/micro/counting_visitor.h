#pragma once

#include <benchmark/benchmark.h>

#include <cstdint>
#include <string_view>

namespace flowscope::bench {

// Takes the fields as a writer does, without writing.
struct CountingVisitor {
  uint64_t bytes = 0;

  void text(const char* name, std::string_view value) {
    benchmark::DoNotOptimize(name);
    benchmark::DoNotOptimize(value.data());
    bytes += value.size();
  }
  void number(const char* name, uint64_t value) {
    benchmark::DoNotOptimize(name);
    bytes += value;
  }
  void boolean(const char* name, bool) { benchmark::DoNotOptimize(name); }
  void begin_object(const char* name) { benchmark::DoNotOptimize(name); }
  void end_object() { benchmark::ClobberMemory(); }
  void begin_array(const char* name) { benchmark::DoNotOptimize(name); }
  void end_array() { benchmark::ClobberMemory(); }
};

}  // namespace flowscope::bench
