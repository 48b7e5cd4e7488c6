#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "flowcore/base/bytes.h"

namespace flowscope {

// Byte order of a capture file that a test writes.
enum class FileOrder : uint8_t { Little, Big };

// Collects the bytes of a file in one byte order.
class FileBytes {
 public:
  explicit FileBytes(FileOrder order) : order_(order) {}

  FileBytes& u8(uint8_t value);
  FileBytes& u16(uint16_t value);
  FileBytes& u32(uint32_t value);
  FileBytes& u64(uint64_t value);
  FileBytes& bytes(Bytes value);
  // Zero bytes up to the next multiple of four.
  FileBytes& pad();

  [[nodiscard]] FileOrder order() const { return order_; }
  [[nodiscard]] Bytes view() const { return {bytes_.data(), bytes_.size()}; }
  [[nodiscard]] size_t size() const { return bytes_.size(); }

 private:
  FileBytes& number(uint64_t value, unsigned width);

  FileOrder order_;
  std::vector<uint8_t> bytes_;
};

// Writes a classic capture file into memory.
class PcapWriter {
 public:
  enum class Kind : uint8_t { Microseconds, Nanoseconds, Kuznetzov };
  struct Format {
    FileOrder order = FileOrder::Little;
    Kind kind = Kind::Microseconds;
    uint32_t link_number = 1;
    uint16_t version_major = 2;
  };

  PcapWriter() : PcapWriter(Format{}) {}
  explicit PcapWriter(Format format);

  // `wire_bytes` defaults to the length of the frame.
  PcapWriter& packet(uint64_t time_ns, Bytes frame, std::optional<uint32_t> wire_bytes = {});
  // A record header that claims `captured_bytes`, without a frame behind it.
  PcapWriter& record_header(uint64_t time_ns, uint32_t captured_bytes, uint32_t wire_bytes);

  [[nodiscard]] Bytes bytes() const { return file_.view(); }

 private:
  Format format_;
  FileBytes file_;
};

// Writes a pcapng file into memory; starts with one section header.
class PcapngWriter {
 public:
  struct Interface {
    uint16_t link_number = 1;
    uint32_t snap_bytes = 0;
    std::optional<uint8_t> resolution;      // if_tsresol
    std::optional<int64_t> offset_seconds;  // if_tsoffset
  };

  explicit PcapngWriter(FileOrder order = FileOrder::Little) : order_(order), file_(order) {
    section(order);
  }

  PcapngWriter& section(FileOrder order);
  PcapngWriter& interface(Interface description);
  PcapngWriter& enhanced_packet(uint32_t interface_number, uint64_t ticks, Bytes frame);
  PcapngWriter& obsolete_packet(uint16_t interface_number, uint64_t ticks, Bytes frame);
  PcapngWriter& simple_packet(Bytes frame, uint32_t wire_bytes);
  // Any block; the writer adds type, lengths and padding.
  PcapngWriter& block(uint32_t type, const FileBytes& body);
  // Bytes as they are, for what a good writer would not write.
  PcapngWriter& raw(Bytes bytes);

  [[nodiscard]] FileOrder order() const { return order_; }
  [[nodiscard]] Bytes bytes() const { return file_.view(); }

 private:
  FileOrder order_;
  FileBytes file_;
};

// Writes `bytes` to a new file in the tests' temporary folder; the file goes with the object.
class TemporaryFile {
 public:
  explicit TemporaryFile(Bytes bytes);
  ~TemporaryFile();
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace flowscope
