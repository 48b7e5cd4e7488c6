#pragma once

namespace flowscope {

// Ends the program with the file, the line and the condition that did not hold. Cold; never
// returns.
[[noreturn]] void check_failed(const char* file, int line, const char* condition);

}  // namespace flowscope

// Our own bugs, never wire input: FS_CHECK stays in every build and belongs on set-up paths;
// FS_DCHECK is compiled out of release builds and is free to use on the packet path.
#define FS_CHECK(condition)                                      \
  do {                                                           \
    if (!(condition)) [[unlikely]] {                             \
      ::flowscope::check_failed(__FILE__, __LINE__, #condition); \
    }                                                            \
  } while (false)

#ifdef NDEBUG
#define FS_DCHECK(condition) \
  do {                       \
  } while (false)
#else
#define FS_DCHECK(condition) FS_CHECK(condition)
#endif
