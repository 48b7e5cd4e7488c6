#include <cstdint>
#include <cstdlib>

#include "flowcore/base/byte_reader.h"

namespace flowscope {
namespace {

// Ends the run where the reader breaks its word; the sanitizers see reads that leave the input.
void require(bool condition) {
  if (!condition) std::abort();
}

// Takes one step of the kind that `step` names and gives how many bytes it must have consumed.
size_t take_step(ByteReader& reader, uint8_t step) {
  const size_t count = step >> 3;
  switch (step & 7) {
    case 0:
      reader.u8();
      return 1;
    case 1:
      reader.u16();
      return 2;
    case 2:
      reader.u24();
      return 3;
    case 3:
      reader.u32();
      return 4;
    case 4:
      reader.u64();
      return 8;
    case 5: {
      const Bytes taken = reader.bytes(count);
      require(taken.size() == (reader.ok() ? count : 0));
      return count;
    }
    case 6:
      reader.skip(SIZE_MAX - count);
      return SIZE_MAX - count;
    default:
      reader.skip(count);
      return count;
  }
}

}  // namespace
}  // namespace flowscope

// The first byte tells how many of the following are steps; the rest is what they read.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  using flowscope::ByteReader;
  using flowscope::Bytes;
  if (size == 0) return 0;
  const Bytes input(bytes + 1, size - 1);
  const Bytes steps = input.first(bytes[0]);
  const Bytes content = input.after(steps.size());
  ByteReader reader(content);
  for (const uint8_t step : steps) {
    const size_t before = reader.remaining();
    const bool was_ok = reader.ok();
    const size_t wanted = flowscope::take_step(reader, step);
    flowscope::require(reader.ok() == (was_ok && wanted <= before));
    flowscope::require(reader.remaining() == (reader.ok() ? before - wanted : before));
    flowscope::require(reader.position() + reader.remaining() == content.size());
    flowscope::require(reader.rest().size() == (reader.ok() ? reader.remaining() : 0));
  }
  return 0;
}
