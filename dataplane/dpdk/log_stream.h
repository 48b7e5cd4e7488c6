#pragma once

#include <cstdint>
#include <cstdio>
#include <functional>
#include <string>
#include <string_view>

#include "flowcore/base/result.h"

namespace flowscope {

// What DPDK's libraries and drivers log, given on line by line for the time of this object; they
// would write to standard error and syslog otherwise. Made before the EAL is started, so that
// nothing is lost of what it says then. One at a time.
class DpdkLogStream {
 public:
  // RTE_LOG_EMERG (1) to RTE_LOG_DEBUG (8), and one line without its end. Called on the thread that
  // logs, one at a time.
  using OnLine = std::function<void(uint32_t level, std::string_view line)>;

  static constexpr size_t kLineBytesMax = 4'096;  // longer ones are given on in pieces

  explicit DpdkLogStream(OnLine on_line);
  // What is left of a line is given on.
  ~DpdkLogStream();
  DpdkLogStream(const DpdkLogStream&) = delete;
  DpdkLogStream& operator=(const DpdkLogStream&) = delete;
  DpdkLogStream(DpdkLogStream&&) = delete;
  DpdkLogStream& operator=(DpdkLogStream&&) = delete;

 private:
  static ssize_t on_write(void* stream, const char* text, size_t bytes);
  void take(std::string_view text);
  void give_on();

  OnLine on_line_;
  std::string line_;  // begun, without its end
  uint32_t level_ = 0;
  FILE* stream_ = nullptr;  // its lock makes writers wait for each other
};

}  // namespace flowscope
