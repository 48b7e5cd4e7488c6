// Compiled for the oldest x86-64, and run before every other initialiser of the program, so that an
// older processor reads a sentence instead of dying of an illegal instruction.

#include <unistd.h>

#include <cstring>

namespace {

[[maybe_unused]] void refuse(const char* missing) {
  const char* const parts[] = {
      "flowscope: this build is for " FS_CPU " processors, and this one lacks ", missing,
      "; build it with scripts/dev build --release -Dcpu=x86-64\n"};
  for (const char* part : parts) {
    if (write(STDERR_FILENO, part, std::strlen(part)) < 0) break;
  }
  _exit(1);
}

__attribute__((constructor(101))) void check_cpu() {
  __builtin_cpu_init();
#ifdef FS_NEEDS_AVX2
  if (!__builtin_cpu_supports("avx2")) refuse("AVX2");
  if (!__builtin_cpu_supports("bmi2")) refuse("BMI2");
#endif
#ifdef FS_NEEDS_AES
  if (!__builtin_cpu_supports("aes")) refuse("AES");
#endif
#ifdef FS_NEEDS_AVX512
  if (!__builtin_cpu_supports("avx512bw")) refuse("AVX-512");
#endif
}

}  // namespace
