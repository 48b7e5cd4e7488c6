#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "flowcore/base/bytes.h"
#include "flowcore/base/slab.h"
#include "flowcore/stream/fragment.h"
#include "flowcore/stream/fragment_overlap.h"

namespace flowscope {

// Which blocks hold the bytes of one datagram. Its payload lies at position 0 and on, the headers
// of its first fragment at kHeadersAt and on.
struct FragmentBlocks {
  static constexpr uint32_t kBlockBytes = 512;
  static constexpr uint32_t kHeadersAt = 65536;
  static constexpr uint32_t kPages = (kHeadersAt + kFragmentHeaderBytesMax) / kBlockBytes;

  std::array<uint64_t, (kPages + 63) / 64> used{};  // a bit for each page that has a block
  std::array<uint32_t, kPages> block;               // set where `used` says so

  // Not `= default`, with which a new datagram would have all of `block` written.
  FragmentBlocks() {}  // NOLINT(modernize-use-equals-default)

  [[nodiscard]] bool has(uint32_t page) const { return (used[page / 64] >> (page % 64) & 1) != 0; }
};

// How a fragment meets what is held of its datagram.
enum class FragmentMatch : uint8_t {
  Apart,     // no byte of it is held
  Repeated,  // a fragment of the same range and bytes is held
  Same,      // it overlaps, and what overlaps is the same
  Differs,   // it overlaps, and some byte is not the same
};

// The bytes of all datagrams of a worker, in blocks of 512, and which of them are there: a bit for
// each eight bytes, the unit in which fragments are cut. So a fragment is compared and merged at
// its place in the time it takes to copy it, whatever came before and in whatever order; there is
// no list to walk and no number of pieces to limit. Thread rule: one worker.
class FragmentStore {
 public:
  static constexpr uint32_t kUnitBytes = 8;

  static size_t cost(size_t bytes, FragmentOverlap overlap);
  FragmentStore(Arena& arena, size_t bytes, FragmentOverlap overlap);

  // Blocks that holding `range` (positions, see FragmentBlocks) would take.
  [[nodiscard]] static uint32_t blocks_missing(const FragmentBlocks& blocks, FragmentRange range);
  [[nodiscard]] uint32_t blocks_free() const { return blocks_.capacity() - blocks_.live(); }
  [[nodiscard]] uint32_t blocks_in_use() const { return blocks_.live(); }

  // Bytes at `known_end` and beyond were not captured, and are not compared.
  [[nodiscard]] FragmentMatch match(const FragmentBlocks& blocks, FragmentRange range, Bytes part,
                                    uint32_t known_end);
  // Puts a fragment to what is held, as the policy says where it overlaps. Gives the number of
  // units that were not there before. `part` is as much of it as was captured. Requires: free
  // blocks.
  uint32_t merge(FragmentBlocks& blocks, FragmentRange range, Bytes part);
  // Holds `headers`. Requires: free blocks, and that none are held yet.
  void put_headers(FragmentBlocks& blocks, Bytes headers);
  // Copies what is held from `position` on. Requires: it is held.
  void copy_to(std::span<uint8_t> out, const FragmentBlocks& blocks, uint32_t position);
  void clear(FragmentBlocks& blocks);

 private:
  static constexpr uint32_t kBlockBytes = FragmentBlocks::kBlockBytes;
  static constexpr uint32_t kUnits = kBlockBytes / kUnitBytes;
  static_assert(kUnits == 64, "a word of bits for a block");

  struct Block {
    uint64_t present = 0;
    // Units with which a fragment begins and ends; exact as long as no fragments overlap, and asked
    // only then.
    uint64_t begins = 0;
    uint64_t ends = 0;
    std::array<uint8_t, kBlockBytes> bytes;

    // Not `= default`, with which a new block would have its bytes written.
    Block() {}  // NOLINT(modernize-use-equals-default)
  };
  // Range of the fragment that each unit came from, in units.
  struct Origin {
    uint16_t begin;
    uint16_t end;
  };
  using Origins = std::array<Origin, kUnits>;

  [[nodiscard]] bool is_one_fragment(const FragmentBlocks& blocks, FragmentRange range);
  [[nodiscard]] Block& block_for(FragmentBlocks& blocks, uint32_t page);
  [[nodiscard]] uint64_t units_won(uint32_t handle, uint64_t overlapping, FragmentRange range);

  Slab<Block> blocks_;
  std::span<Origins> origins_;  // by block; none where the policy does not ask
  FragmentOverlap overlap_;
};

}  // namespace flowscope
