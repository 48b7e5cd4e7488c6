#pragma once

#include <cstdint>
#include <vector>

#include "dataplane/pcap/capture_walk.h"
#include "dataplane/pcap/tick_scale.h"
#include "flowcore/packet/burst.h"
#include "flowcore/packet/link_type.h"

namespace flowscope {

// Walks over the blocks of a pcapng file (draft-ietf-opsawg-pcapng): any number of sections, each
// in its own byte order, and of interfaces, each with its own link type and time resolution.
// Enhanced, simple and obsolete packet blocks are packets; all others are passed over. A packet of
// an interface that the file does not describe is given with link type Unknown; one without a time
// stamp takes the time of the one before it.
// Thread rule: one thread. Cost: two cache lines per packet.
class PcapngWalker {
 public:
  static constexpr uint32_t kSectionHeader = 0x0a0d0d0a;  // reads the same in both byte orders
  static constexpr uint32_t kInterfacesMax = 65536;       // of one section

  // Appends packets to `burst` until it holds `packets_max`; their frames lie in `window`.
  [[nodiscard]] Walk walk(Bytes window, Burst& burst, uint32_t packets_max);
  // True inside a block that is longer than the window and being passed over.
  [[nodiscard]] bool inside_skipped_block() const { return skip_bytes_ != 0; }

 private:
  struct Interface {
    LinkType link = LinkType::Unknown;
    uint32_t snap_bytes = 0;  // 0: no limit
    TickScale ticks;
  };

  // Each reads one whole block and returns null, or why the block is corrupt.
  [[nodiscard]] const char* read_section_header(Bytes block);
  [[nodiscard]] const char* read_interface(Bytes block);
  [[nodiscard]] const char* read_packet(Bytes block, uint32_t interface_number, Burst& burst);
  [[nodiscard]] const char* read_simple_packet(Bytes block, Burst& burst);
  [[nodiscard]] const char* read_block(uint32_t type, Bytes block, Burst& burst);
  void read_interface_options(Bytes options, Interface& entry) const;
  [[nodiscard]] Walk next_block(Bytes rest, Burst& burst);

  FileNumbers numbers_;
  std::vector<Interface> interfaces_;
  Timestamp time_before_;
  uint64_t skip_bytes_ = 0;  // of the block being passed over
};

}  // namespace flowscope
