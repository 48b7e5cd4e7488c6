#include "l7/digest/digest_memo.h"

#include <bit>
#include <cstring>

namespace flowscope {
namespace {

// Spreads bytes over sets by their last 256 and their number. The end tells most: a certificate
// ends with its signature.
size_t set_of(Bytes bytes, size_t sets) {
  constexpr size_t kHashedBytesMax = 256;
  constexpr uint64_t kOdd = 0x9e3779b97f4a7c15;  // its multiples are well spread in the high bits
  constexpr size_t kStep = sizeof(uint64_t);
  const size_t size = bytes.size();
  uint64_t hash = size;
  const auto take = [&hash](uint64_t word) { hash = std::rotl(hash ^ word, 29) * kOdd; };
  if (size < kStep) {
    for (const uint8_t byte : bytes) take(byte);
  } else {
    const size_t last = size - kStep;
    for (size_t at = size > kHashedBytesMax ? size - kHashedBytesMax : 0; at < last; at += kStep)
      take(load_be64(bytes, at));
    take(load_be64(bytes, last));
  }
  return static_cast<size_t>(hash >> 32) & (sets - 1);
}

}  // namespace

size_t DigestMemo::cost() {
  return Arena::cost<Md5Set>(kTextSets) + Arena::cost<Sha256Set>(kTextSets)
         + Arena::cost<FileSet>(kFileSets);
}

DigestMemo::DigestMemo(Arena& arena)
    : md5_(arena.take<Md5Set>(kTextSets)),
      sha256_(arena.take<Sha256Set>(kTextSets)),
      files_(arena.take<FileSet>(kFileSets)) {
  static_assert(std::has_single_bit(kTextSets) && std::has_single_bit(kFileSets));
}

template <class Digest, size_t kBytesMax, class Compute>
Digest DigestMemo::digest_of(Bytes bytes, std::span<Set<Digest, kBytesMax>> sets, Compute compute) {
  if (bytes.empty() || bytes.size() > kBytesMax) {
    ++computed_;
    return compute(bytes);
  }
  auto& set = sets[set_of(bytes, sets.size())];
  for (const auto& place : set.places) {
    if (Bytes(place.bytes.data(), place.size) == bytes) return place.digest;
  }
  ++computed_;
  auto& place = set.places[set.oldest];
  set.oldest = static_cast<uint8_t>((set.oldest + 1) % kPlacesOfSet);
  place.digest = compute(bytes);
  place.size = static_cast<uint16_t>(bytes.size());
  std::memcpy(place.bytes.data(), bytes.begin(), bytes.size());
  return place.digest;
}

Md5::Digest DigestMemo::md5(Bytes text) {
  return digest_of(text, md5_, [](Bytes bytes) { return flowscope::md5(bytes); });
}

Sha256::Digest DigestMemo::sha256(Bytes text) {
  return digest_of(text, sha256_, [](Bytes bytes) { return flowscope::sha256(bytes); });
}

DigestMemo::FileDigests DigestMemo::file_digests(Bytes file) {
  return digest_of(file, files_,
                   [](Bytes bytes) { return flowscope::file_digests(bytes, nullptr); });
}

}  // namespace flowscope
