#pragma once

#include <cstdint>

#include "flowcore/base/byte_reader.h"

namespace flowscope {

// The most labels passed over in one stack.
inline constexpr uint32_t kMplsLabelsMax = 16;

// RFC 3032 section 2.1: a stack of labels of 20 bits, the last one marked.
struct MplsStack {
  static constexpr uint32_t kGalLabel = 13;  // a generic associated channel follows (RFC 5586)
  uint32_t bottom_label = 0;

  // Steps over the stack; fails when it does not end within kMplsLabelsMax labels.
  static MplsStack read(ByteReader& reader) {
    for (uint32_t i = 0; i < kMplsLabelsMax && reader.ok(); ++i) {
      const uint32_t entry = reader.u32();
      if ((entry & 0x100) != 0) return {.bottom_label = entry >> 12};
    }
    reader.fail();
    return {};
  }
};

// RFC 4385 section 3: the word between the labels and a pseudowire's payload begins with four zero
// bits; with 0001 it belongs to an associated channel.
inline constexpr uint32_t kPseudowireControlWordBytes = 4;

}  // namespace flowscope
