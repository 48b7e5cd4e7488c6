#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "flowcore/base/arena.h"
#include "flowcore/base/bytes.h"
#include "l7/digest/digest.h"

namespace flowscope {

// What a worker hashed lately: the same clients, servers and certificates come again and again, and
// their digest is then looked up in place of being computed. All of the bytes are compared first,
// so what is given never depends on what was asked before. Runs of bytes share sets of four
// places, of which later ones take the oldest over; those that are too long for a place are
// computed every time. Thread rule: one thread. Lifetime: that of the arena. Cost: of bytes that
// are known, one pass over up to 256 of them and one to four comparisons; of others the digest and
// a copy besides. Bytes chosen to share a set cost no more than that.
class DigestMemo {
 public:
  // Of a certificate.
  struct FileDigests {
    Sha1Digest sha1;
    Sha256::Digest sha256;
    friend bool operator==(const FileDigests&, const FileDigests&) = default;
  };

  static size_t cost();
  explicit DigestMemo(Arena& arena);

  // Of texts, such as those under fingerprints: up to 480 bytes are remembered.
  [[nodiscard]] Md5::Digest md5(Bytes text);
  [[nodiscard]] Sha256::Digest sha256(Bytes text);
  // Of files, such as certificates: up to 1,984 bytes are remembered.
  [[nodiscard]] FileDigests file_digests(Bytes file);

  // Calls that had to compute.
  [[nodiscard]] uint64_t computed() const { return computed_; }

 private:
  static constexpr size_t kTextBytesMax = 480;
  static constexpr size_t kFileBytesMax = 1984;
  static constexpr size_t kTextSets = 64;
  static constexpr size_t kFileSets = 128;
  static constexpr size_t kPlacesOfSet = 4;

  // Zeroed memory is an empty set.
  template <class Digest, size_t kBytesMax>
  struct Set {
    struct Place {
      Digest digest;
      uint16_t size;
      std::array<uint8_t, kBytesMax> bytes;
    };
    std::array<Place, kPlacesOfSet> places;
    uint8_t oldest;  // which place is taken over next
  };
  using Md5Set = Set<Md5::Digest, kTextBytesMax>;
  using Sha256Set = Set<Sha256::Digest, kTextBytesMax>;
  using FileSet = Set<FileDigests, kFileBytesMax>;

  template <class Digest, size_t kBytesMax, class Compute>
  Digest digest_of(Bytes bytes, std::span<Set<Digest, kBytesMax>> sets, Compute compute);

  std::span<Md5Set> md5_;
  std::span<Sha256Set> sha256_;
  std::span<FileSet> files_;
  uint64_t computed_ = 0;
};

// The same with or without a memo.
[[nodiscard]] inline Md5::Digest md5(Bytes text, DigestMemo* memo) {
  return memo != nullptr ? memo->md5(text) : md5(text);
}
[[nodiscard]] inline Sha256::Digest sha256(Bytes text, DigestMemo* memo) {
  return memo != nullptr ? memo->sha256(text) : sha256(text);
}
[[nodiscard]] inline DigestMemo::FileDigests file_digests(Bytes file, DigestMemo* memo) {
  if (memo != nullptr) return memo->file_digests(file);
  return {.sha1 = sha1(file), .sha256 = sha256(file)};
}

}  // namespace flowscope
