#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace flowscope {

// The names of fields as they stand in a line, `"name":`, found by the address of the literal,
// which is all that a record out of a ring tells: each name is measured and copied once. Names that
// are long or too many are not kept. Thread rule: one thread. Cost: some ten instructions to find
// one, in one line of the cache; 32 KiB.
class FieldNames {
 public:
  static constexpr size_t kNameCharsMax = 45;

  struct alignas(64) Name {
    const char* literal = nullptr;
    uint32_t chars = 0;  // of `text`
    std::array<char, kNameCharsMax + 3> text{};
  };

  // Null where it is not kept. Requires: a literal, not null.
  const Name* find(const char* literal) {
    const size_t place =
        std::bit_cast<uintptr_t>(literal) * 0x9e37'79b9'7f4a'7c15 >> (64 - kPlacesBits);
    const Name& name = names_[place];
    if (name.literal == literal) [[likely]]
      return &name;
    return look_further(literal, place);
  }

 private:
  static constexpr uint32_t kPlacesBits = 9;
  static constexpr size_t kPlaces = size_t{1} << kPlacesBits;
  // With so many a free place is never far.
  static constexpr size_t kNamesMax = kPlaces * 3 / 4;

  const Name* look_further(const char* literal, size_t place);

  std::array<Name, kPlaces> names_;
  size_t count_ = 0;
};

}  // namespace flowscope
