#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "dataplane/pcap/block_buffer.h"
#include "dataplane/pcap/byte_source.h"
#include "dataplane/pcap/pcap_walker.h"
#include "dataplane/pcap/pcapng_walker.h"
#include "flowcore/base/result.h"
#include "flowcore/packet/burst.h"

namespace flowscope {

// Reads the packets of one capture, pcap or pcapng, burst by burst, without copying a frame: frames
// stay in the block they were read into.
// Thread rule: one thread. Lifetime: frames are valid until the next read(). Cost: 256 KiB of
// memory, once 17 MiB more for a capture with frames above that.
class CaptureReader {
 public:
  struct Options {
    size_t block_bytes = 256 * 1024;
  };

  // Opens a file, named pipe or, for "-", standard input. A regular file's header is read at once;
  // that of a pipe when it comes, so that what is wrong with it shows as a fault.
  static Result<CaptureReader> open(const std::string& path) { return open(path, Options{}); }
  static Result<CaptureReader> open(const std::string& path, Options options);
  // Reads from `source`, called `name` in messages.
  static CaptureReader over(ByteSource source, std::string name, Options options);

  // Sets burst.count and the packets to the next packets, at most `packets_max` (and kBurstMax).
  // Zero: the capture has ended(), or it is a pipe that has nothing yet.
  size_t read(Burst& burst, uint32_t packets_max);

  // True when no packet will follow those already given.
  [[nodiscard]] bool ended() const { return ended_; }
  // Why the capture ended before its time: it is truncated, corrupt or could not be read further.
  // All packets before the fault have been given.
  [[nodiscard]] const std::optional<Error>& fault() const { return fault_; }

  [[nodiscard]] uint64_t packets_read() const { return packets_read_; }
  // Bytes of the file that were read so far, headers and all.
  [[nodiscard]] uint64_t bytes_read() const { return buffer_.bytes_read(); }

 private:
  CaptureReader(ByteSource source, std::string name, Options options);

  // Finds out the format and reads the file header; true when packets can be walked over.
  [[nodiscard]] bool begin();
  // Looks at the first bytes. Returns how many it needs to see, or 0 when the format is known or
  // refused.
  [[nodiscard]] size_t identify();
  [[nodiscard]] Walk walk(Burst& burst, uint32_t packets_max);
  // Reads on. False when there is nothing now or the capture has ended.
  [[nodiscard]] bool refill(size_t needed);
  void end_at_end_of_file();
  void end_as_corrupt(const char* reason);
  void end_with(const std::string& reason);
  [[nodiscard]] std::string packets_text() const;

  ByteSource source_;
  std::string name_;
  BlockBuffer buffer_;
  std::variant<std::monostate, PcapWalker, PcapngWalker>
      walker_;  // empty until the header was read
  uint64_t packets_read_ = 0;
  bool ended_ = false;
  std::optional<Error> fault_;
};

}  // namespace flowscope
