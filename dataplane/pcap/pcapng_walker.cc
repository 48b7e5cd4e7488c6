#include "dataplane/pcap/pcapng_walker.h"

#include <algorithm>

#include "flowcore/packet/link_number.h"

namespace flowscope {
namespace {

// Block types, section 10.1.
constexpr uint32_t kInterfaceDescription = 1;
constexpr uint32_t kObsoletePacket = 2;
constexpr uint32_t kSimplePacket = 3;
constexpr uint32_t kEnhancedPacket = 6;

// Type and length in front, the length again behind.
constexpr uint32_t kBlockHeaderBytes = 8;
constexpr uint32_t kBlockBytesMin = 12;
constexpr uint32_t kTrailerBytes = 4;

constexpr uint32_t kByteOrderMagic = 0x1a2b3c4d;

[[nodiscard]] bool is_read(uint32_t type) {
  return type == kEnhancedPacket || type == kSimplePacket || type == kObsoletePacket
         || type == kInterfaceDescription || type == PcapngWalker::kSectionHeader;
}

[[nodiscard]] Walk need(size_t bytes) { return {.stop = Walk::Stop::NeedMore, .needed = bytes}; }
[[nodiscard]] Walk corrupt(const char* reason) {
  return {.stop = Walk::Stop::Corrupt, .reason = reason};
}

}  // namespace

Walk PcapngWalker::walk(Bytes window, Burst& burst, uint32_t packets_max) {
  size_t position = static_cast<size_t>(std::min<uint64_t>(skip_bytes_, window.size()));
  skip_bytes_ -= position;
  if (skip_bytes_ != 0) {
    return {.stop = Walk::Stop::NeedMore, .consumed = position, .needed = 1};
  }
  Walk walk;
  while (burst.count < packets_max) {
    Walk step = next_block(window.after(position), burst);
    position += step.consumed;
    if (step.stop != Walk::Stop::BurstFull) {
      walk = step;
      break;
    }
  }
  walk.consumed = position;
  return walk;
}

// Reads or passes over the block that `rest` begins with. Section 3.1: type, total length, body
// padded to 32 bits, total length.
Walk PcapngWalker::next_block(Bytes rest, Burst& burst) {
  if (rest.size() < kBlockBytesMin) return need(kBlockBytesMin);
  const uint32_t type = numbers_.u32(rest, 0);
  if (type == kSectionHeader) {
    // The length that follows is in the byte order of the section which only starts here.
    const uint32_t magic = load_be32(rest, kBlockHeaderBytes);
    if (magic == kByteOrderMagic) {
      numbers_ = FileNumbers(FileNumbers::Order::Big);
    } else if (magic == __builtin_bswap32(kByteOrderMagic)) {
      numbers_ = FileNumbers(FileNumbers::Order::Little);
    } else {
      return corrupt("a section without the byte-order magic");
    }
  }
  const uint32_t block_bytes = numbers_.u32(rest, 4);
  if (block_bytes < kBlockBytesMin || block_bytes % 4 != 0) {
    return corrupt("a block of impossible length");
  }
  if (block_bytes > rest.size() && !is_read(type)) {
    skip_bytes_ = block_bytes - rest.size();
    return {.stop = Walk::Stop::NeedMore, .consumed = rest.size(), .needed = 1};
  }
  if (block_bytes > kCaptureRecordBytesMax && is_read(type)) {
    return corrupt("a block of more than 16 MiB");
  }
  if (block_bytes > rest.size()) return need(block_bytes);
  const Bytes block = rest.first(block_bytes);
  if (numbers_.u32(block, block_bytes - kTrailerBytes) != block_bytes) {
    return corrupt("a block whose two lengths differ");
  }
  if (const char* reason = read_block(type, block, burst)) return corrupt(reason);
  return {.stop = Walk::Stop::BurstFull, .consumed = block_bytes};
}

const char* PcapngWalker::read_block(uint32_t type, Bytes block, Burst& burst) {
  constexpr const char* kTooShort = "a packet block too short for its fields";
  switch (type) {
    case kEnhancedPacket:
      if (block.size() < 32) return kTooShort;
      return read_packet(block, numbers_.u32(block, kBlockHeaderBytes), burst);
    case kObsoletePacket:
      if (block.size() < 32) return kTooShort;
      return read_packet(block, numbers_.u16(block, kBlockHeaderBytes), burst);
    case kSimplePacket:
      return read_simple_packet(block, burst);
    case kInterfaceDescription:
      return read_interface(block);
    case kSectionHeader:
      return read_section_header(block);
    default:
      return nullptr;
  }
}

// Section 4.1: byte-order magic, major and minor version, section length (not needed), options.
const char* PcapngWalker::read_section_header(Bytes block) {
  if (block.size() < 28) return "a section header too short for its fields";
  if (numbers_.u16(block, 12) != 1) return "a section of a version other than 1";
  interfaces_.clear();
  return nullptr;
}

// Section 4.2: link type, reserved, snapshot length, options.
const char* PcapngWalker::read_interface(Bytes block) {
  if (block.size() < 20) return "an interface block too short for its fields";
  if (interfaces_.size() >= kInterfacesMax) return "more than 65,536 interfaces";
  Interface entry{.link = link_type_of(numbers_.u16(block, 8)),
                  .snap_bytes = numbers_.u32(block, 12)};
  read_interface_options(block.sub(16, block.size() - 16 - kTrailerBytes), entry);
  interfaces_.push_back(entry);
  return nullptr;
}

// Section 3.5: code, length, value padded to 32 bits. An option that overruns the block ends the
// list.
void PcapngWalker::read_interface_options(Bytes options, Interface& entry) const {
  constexpr uint16_t kEndOfOptions = 0;
  constexpr uint16_t kTimeResolution = 9;
  constexpr uint16_t kTimeOffset = 14;
  uint8_t resolution = 6;
  int64_t offset_seconds = 0;
  while (options.size() >= 4) {
    const uint16_t code = numbers_.u16(options, 0);
    const uint16_t value_bytes = numbers_.u16(options, 2);
    if (code == kEndOfOptions || value_bytes > options.size() - 4) break;
    const Bytes value = options.sub(4, value_bytes);
    if (code == kTimeResolution && value.size() == 1) resolution = value[0];
    if (code == kTimeOffset && value.size() == 8) {
      offset_seconds = static_cast<int64_t>(numbers_.u64(value, 0));
    }
    options = options.after(4 + ((size_t{value_bytes} + 3) & ~size_t{3}));
  }
  entry.ticks = TickScale(resolution, offset_seconds);
}

// Section 4.3 and appendix A: interface, time stamp (high, low), captured length, original length,
// frame. The obsolete block differs only in the width of the interface number. Requires: 32 bytes.
const char* PcapngWalker::read_packet(Bytes block, uint32_t interface_number, Burst& burst) {
  const uint32_t captured_bytes = numbers_.u32(block, 20);
  if (captured_bytes > block.size() - 32) return "a packet longer than its block";
  static constexpr Interface kUndescribed{};
  const Interface& entry =
      interface_number < interfaces_.size() ? interfaces_[interface_number] : kUndescribed;
  PacketView& packet = burst.packet[burst.count++];
  packet.frame = block.sub(28, captured_bytes);
  packet.time = time_before_ = entry.ticks.time(numbers_.high_low(block, 12));
  packet.wire_bytes = std::max(captured_bytes, numbers_.u32(block, 24));
  packet.link = entry.link;
  return nullptr;
}

// Section 4.4: original length, frame cut at the snapshot length of the first interface.
const char* PcapngWalker::read_simple_packet(Bytes block, Burst& burst) {
  if (block.size() < 16) return "a packet block too short for its fields";
  const uint32_t original_bytes = numbers_.u32(block, 8);
  const Interface entry = interfaces_.empty() ? Interface{} : interfaces_.front();
  uint32_t captured_bytes =
      std::min<uint32_t>(original_bytes, static_cast<uint32_t>(block.size()) - 16);
  if (entry.snap_bytes != 0) captured_bytes = std::min(captured_bytes, entry.snap_bytes);
  PacketView& packet = burst.packet[burst.count++];
  packet.frame = block.sub(12, captured_bytes);
  packet.time = time_before_;
  packet.wire_bytes = original_bytes;
  packet.link = entry.link;
  return nullptr;
}

}  // namespace flowscope
