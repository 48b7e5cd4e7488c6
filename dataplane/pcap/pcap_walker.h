#pragma once

#include <cstdint>
#include <optional>

#include "dataplane/pcap/capture_walk.h"
#include "flowcore/packet/burst.h"
#include "flowcore/packet/link_type.h"

namespace flowscope {

// Walks over the records of a classic capture file (draft-ietf-opsawg-pcap): microseconds,
// nanoseconds and the variant of Kuznetzov's patch with longer record headers, each in both byte
// orders.
// Thread rule: a value of one thread. Cost: two cache lines per record.
class PcapWalker {
 public:
  static constexpr size_t kFileHeaderBytes = 24;

  // The walker for a file that begins with `magic` (the first four bytes, read as big-endian), or
  // nothing.
  static std::optional<PcapWalker> for_magic(uint32_t magic);
  // Reads the file header. Requires: kFileHeaderBytes bytes. Returns null, or why the file is
  // refused.
  [[nodiscard]] const char* read_file_header(Bytes header);

  // Appends packets to `burst` until it holds `packets_max`; their frames lie in `window`.
  [[nodiscard]] Walk walk(Bytes window, Burst& burst, uint32_t packets_max) const;

 private:
  PcapWalker(FileNumbers::Order order, uint32_t ns_per_fraction, uint32_t record_header_bytes)
      : numbers_(order),
        ns_per_fraction_(ns_per_fraction),
        record_header_bytes_(record_header_bytes) {}

  FileNumbers numbers_;
  uint32_t ns_per_fraction_;      // 1000 or 1
  uint32_t record_header_bytes_;  // 16, or 24 in Kuznetzov's variant
  LinkType link_ = LinkType::Unknown;
};

}  // namespace flowscope
