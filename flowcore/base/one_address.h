#pragma once

namespace flowscope {

// The same object, addressed by one register from here on. PERF: for rows that a hot loop reaches
// into at many places. What compilers know of an address they keep as base and offset, in two
// registers or on the stack, and reckon the sum anew at many of the places.
template <class T>
[[gnu::always_inline]] inline T& at_one_address(T& object) {
  T* address = &object;
  asm("" : "+r"(address));  // the compiler knows nothing of the address but its value
  return *address;
}

}  // namespace flowscope
