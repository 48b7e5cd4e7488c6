#pragma once

#include <atomic>
#include <cstdint>

namespace flowscope::testing {

// Calls of any form of operator new since the program began. For a program of its own that is
// built with counted_allocation.cc, which replaces operator new and delete.
std::atomic<uint64_t>& allocations();

}  // namespace flowscope::testing
