#include "flowcore/stream/fragment_store.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace flowscope {
namespace {

constexpr uint32_t kUnitsPerPage = FragmentBlocks::kBlockBytes / FragmentStore::kUnitBytes;

// Bits [begin, end) of a word. Requires: begin < end <= 64.
uint64_t bits(uint32_t begin, uint32_t end) {
  return (~uint64_t{0} >> (64 - (end - begin))) << begin;
}

FragmentRange units_of(FragmentRange bytes) {
  return {bytes.begin / FragmentStore::kUnitBytes,
          (bytes.end + FragmentStore::kUnitBytes - 1) / FragmentStore::kUnitBytes};
}

// Calls visit(page, mask) for each page that a range of bytes touches, with its units there.
template <class Visit>
void for_each_page(FragmentRange range, Visit visit) {
  const FragmentRange units = units_of(range);
  for (uint32_t unit = units.begin; unit < units.end;) {
    const uint32_t page = unit / kUnitsPerPage;
    const uint32_t first = page * kUnitsPerPage;
    const uint32_t end = std::min(units.end, first + kUnitsPerPage);
    visit(page, bits(unit - first, end - first));
    unit = end;
  }
}

// Calls visit(first, count) for each run of ones in `mask`, lowest first.
template <class Visit>
void for_each_run(uint64_t mask, Visit visit) {
  while (mask != 0) {
    const auto first = static_cast<uint32_t>(std::countr_zero(mask));
    const auto count = static_cast<uint32_t>(std::countr_one(mask >> first));
    visit(first, count);
    mask &= mask + (uint64_t{1} << first);  // the carry goes through the run
  }
}

// What `part`, the captured beginning of the fragment that covers `range`, has for `count` units of
// `page` from `first` on.
Bytes cut(Bytes part, FragmentRange range, uint32_t page, uint32_t first, uint32_t count) {
  const uint32_t position = (page * kUnitsPerPage + first) * FragmentStore::kUnitBytes;
  return part.sub(position - range.begin, size_t{count} * FragmentStore::kUnitBytes);
}

}  // namespace

size_t FragmentStore::cost(size_t bytes, FragmentOverlap overlap) {
  const auto blocks = static_cast<uint32_t>(bytes / kBlockBytes);
  return Slab<Block>::cost(blocks)
         + (compares_ranges(overlap) ? Arena::cost<Origins>(blocks + 1) : 0);
}

FragmentStore::FragmentStore(Arena& arena, size_t bytes, FragmentOverlap overlap)
    : blocks_(arena, static_cast<uint32_t>(bytes / kBlockBytes)), overlap_(overlap) {
  // Handles count from one.
  if (compares_ranges(overlap)) origins_ = arena.take<Origins>(blocks_.capacity() + 1);
}

uint32_t FragmentStore::blocks_missing(const FragmentBlocks& blocks, FragmentRange range) {
  uint32_t missing = 0;
  for_each_page(range, [&](uint32_t page, uint64_t) { missing += blocks.has(page) ? 0 : 1; });
  return missing;
}

FragmentMatch FragmentStore::match(const FragmentBlocks& blocks, FragmentRange range, Bytes part,
                                   uint32_t known_end) {
  const Bytes known = part.first(known_end > range.begin ? known_end - range.begin : 0);
  bool overlaps = false;
  bool is_all_held = true;
  bool differs = false;
  for_each_page(range, [&](uint32_t page, uint64_t mask) {
    if (!blocks.has(page)) {
      is_all_held = false;
      return;
    }
    const Block& block = blocks_.get(blocks.block[page]);
    overlaps |= (block.present & mask) != 0;
    is_all_held &= (block.present & mask) == mask;
    for_each_run(block.present & mask, [&](uint32_t first, uint32_t count) {
      const Bytes fresh = cut(known, range, page, first, count);
      differs |=
          fresh
          != Bytes(block.bytes.data(), kBlockBytes).sub(size_t{first} * kUnitBytes, fresh.size());
    });
  });
  if (!overlaps) return FragmentMatch::Apart;
  if (differs) return FragmentMatch::Differs;
  return is_all_held && is_one_fragment(blocks, range) ? FragmentMatch::Repeated
                                                       : FragmentMatch::Same;
}

// Whether `range`, all of which is held, came as one fragment.
bool FragmentStore::is_one_fragment(const FragmentBlocks& blocks, FragmentRange range) {
  int begins = 0;
  int ends = 0;
  for_each_page(range, [&](uint32_t page, uint64_t mask) {
    const Block& block = blocks_.get(blocks.block[page]);
    begins += std::popcount(block.begins & mask);
    ends += std::popcount(block.ends & mask);
  });
  const uint32_t first = units_of(range).begin;
  const uint64_t first_begins =
      blocks_.get(blocks.block[first / kUnits]).begins >> (first % kUnits);
  return begins == 1 && ends == 1 && (first_begins & 1) != 0;
}

FragmentStore::Block& FragmentStore::block_for(FragmentBlocks& blocks, uint32_t page) {
  if (!blocks.has(page)) {
    blocks.block[page] = blocks_.make();
    FS_DCHECK(blocks.block[page] != Slab<Block>::kNone);
    blocks.used[page / 64] |= uint64_t{1} << (page % 64);
  }
  return blocks_.get(blocks.block[page]);
}

// Which of the units that are held and come again the fresh fragment, in units, takes over.
uint64_t FragmentStore::units_won(uint32_t handle, uint64_t overlapping, FragmentRange range) {
  if (!compares_ranges(overlap_)) return overlap_ == FragmentOverlap::Last ? overlapping : 0;
  uint64_t won = 0;
  for (uint64_t rest = overlapping; rest != 0; rest &= rest - 1) {
    const Origin& origin = origins_[handle][static_cast<size_t>(std::countr_zero(rest))];
    if (fresh_wins(overlap_, {origin.begin, origin.end}, range)) won |= rest & -rest;
  }
  return won;
}

uint32_t FragmentStore::merge(FragmentBlocks& blocks, FragmentRange range, Bytes part) {
  const FragmentRange units = units_of(range);
  uint32_t added = 0;
  for_each_page(range, [&](uint32_t page, uint64_t mask) {
    Block& block = block_for(blocks, page);
    const uint64_t overlapping = block.present & mask;
    uint64_t taken = mask & ~overlapping;
    added += static_cast<uint32_t>(std::popcount(taken));
    if (overlapping != 0) taken |= units_won(blocks.block[page], overlapping, units);
    for_each_run(taken, [&](uint32_t first, uint32_t count) {
      const Bytes fresh = cut(part, range, page, first, count);
      if (!fresh.empty())
        std::memcpy(&block.bytes[size_t{first} * kUnitBytes], fresh.begin(), fresh.size());
      if (origins_.empty()) return;
      std::fill_n(origins_[blocks.block[page]].begin() + first, count,
                  Origin{static_cast<uint16_t>(units.begin), static_cast<uint16_t>(units.end)});
    });
    block.present |= mask;
    const uint32_t page_unit = page * kUnitsPerPage;
    if (units.begin >= page_unit) block.begins |= mask & -mask;
    if (units.end <= page_unit + kUnitsPerPage) block.ends |= std::bit_floor(mask);
  });
  return added;
}

void FragmentStore::put_headers(FragmentBlocks& blocks, Bytes headers) {
  for (uint32_t page = FragmentBlocks::kHeadersAt / kBlockBytes; !headers.empty(); ++page) {
    const Bytes piece = headers.first(kBlockBytes);
    std::memcpy(block_for(blocks, page).bytes.data(), piece.begin(), piece.size());
    headers = headers.after(piece.size());
  }
}

void FragmentStore::copy_to(std::span<uint8_t> out, const FragmentBlocks& blocks,
                            uint32_t position) {
  FS_DCHECK(position % kBlockBytes == 0);
  for (uint32_t page = position / kBlockBytes; !out.empty(); ++page) {
    const size_t size = std::min<size_t>(out.size(), kBlockBytes);
    FS_DCHECK(blocks.has(page));
    std::memcpy(out.data(), blocks_.get(blocks.block[page]).bytes.data(), size);
    out = out.subspan(size);
  }
}

void FragmentStore::clear(FragmentBlocks& blocks) {
  for (uint32_t word = 0; word < blocks.used.size(); ++word) {
    for (uint64_t rest = blocks.used[word]; rest != 0; rest &= rest - 1) {
      blocks_.destroy(blocks.block[word * 64 + static_cast<uint32_t>(std::countr_zero(rest))]);
    }
    blocks.used[word] = 0;
  }
}

}  // namespace flowscope
