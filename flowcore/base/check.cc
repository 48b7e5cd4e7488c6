#include "flowcore/base/check.h"

#include <cstdio>
#include <cstdlib>

namespace flowscope {

void check_failed(const char* file, int line, const char* condition) {
  std::fprintf(stderr, "flowscope: internal check failed at %s:%d: %s\n", file, line, condition);
  std::abort();
}

}  // namespace flowscope
