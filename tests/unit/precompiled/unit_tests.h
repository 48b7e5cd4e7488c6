// What most unit tests include, compiled once for all of them: reading it takes the compiler longer
// than a test's own lines. Each test names what it uses all the same.
#ifndef FLOWSCOPE_TESTS_UNIT_PRECOMPILED_UNIT_TESTS_H
#define FLOWSCOPE_TESTS_UNIT_PRECOMPILED_UNIT_TESTS_H

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#endif
