#include "tests/support/capture_writer.h"

#include <unistd.h>

#include <cstdlib>

#include "flowcore/base/check.h"

namespace flowscope {

FileBytes& FileBytes::number(uint64_t value, unsigned width) {
  for (unsigned i = 0; i < width; ++i) {
    const unsigned place = order_ == FileOrder::Little ? i : width - 1 - i;
    bytes_.push_back(static_cast<uint8_t>(value >> (8 * place)));
  }
  return *this;
}

FileBytes& FileBytes::u8(uint8_t value) { return number(value, 1); }
FileBytes& FileBytes::u16(uint16_t value) { return number(value, 2); }
FileBytes& FileBytes::u32(uint32_t value) { return number(value, 4); }
FileBytes& FileBytes::u64(uint64_t value) { return number(value, 8); }

FileBytes& FileBytes::bytes(Bytes value) {
  bytes_.insert(bytes_.end(), value.begin(), value.end());
  return *this;
}

FileBytes& FileBytes::pad() {
  while (bytes_.size() % 4 != 0) u8(0);
  return *this;
}

PcapWriter::PcapWriter(Format format) : format_(format), file_(format.order) {
  switch (format.kind) {
    case Kind::Microseconds:
      file_.u32(0xa1b2c3d4);
      break;
    case Kind::Nanoseconds:
      file_.u32(0xa1b23c4d);
      break;
    case Kind::Kuznetzov:
      file_.u32(0xa1b2cd34);
      break;
  }
  file_.u16(format.version_major).u16(4).u32(0).u32(0).u32(262144).u32(format.link_number);
}

PcapWriter& PcapWriter::packet(uint64_t time_ns, Bytes frame, std::optional<uint32_t> wire_bytes) {
  const auto captured_bytes = static_cast<uint32_t>(frame.size());
  record_header(time_ns, captured_bytes, wire_bytes.value_or(captured_bytes));
  file_.bytes(frame);
  return *this;
}

PcapWriter& PcapWriter::record_header(uint64_t time_ns, uint32_t captured_bytes,
                                      uint32_t wire_bytes) {
  const uint64_t fraction_ns = time_ns % 1'000'000'000;
  file_.u32(static_cast<uint32_t>(time_ns / 1'000'000'000));
  file_.u32(
      static_cast<uint32_t>(format_.kind == Kind::Nanoseconds ? fraction_ns : fraction_ns / 1000));
  file_.u32(captured_bytes).u32(wire_bytes);
  if (format_.kind == Kind::Kuznetzov) file_.u32(3).u16(0x0800).u8(4).u8(0);
  return *this;
}

PcapngWriter& PcapngWriter::block(uint32_t type, const FileBytes& body) {
  FileBytes padded = body;
  padded.pad();
  const auto block_bytes = static_cast<uint32_t>(padded.size() + 12);
  FileBytes whole(body.order());
  whole.u32(type).u32(block_bytes).bytes(padded.view()).u32(block_bytes);
  return raw(whole.view());
}

PcapngWriter& PcapngWriter::raw(Bytes bytes) {
  file_.bytes(bytes);
  return *this;
}

PcapngWriter& PcapngWriter::section(FileOrder order) {
  order_ = order;
  return block(0x0a0d0d0a, FileBytes(order).u32(0x1a2b3c4d).u16(1).u16(0).u64(UINT64_MAX));
}

PcapngWriter& PcapngWriter::interface(Interface description) {
  FileBytes body(order_);
  body.u16(description.link_number).u16(0).u32(description.snap_bytes);
  body.u16(2).u16(4).bytes(Bytes::of("eth0"));  // if_name, an option that the reader passes over
  if (description.resolution) body.u16(9).u16(1).u8(*description.resolution).pad();
  if (description.offset_seconds) {
    body.u16(14).u16(8).u64(static_cast<uint64_t>(*description.offset_seconds));
  }
  return block(1, body.u16(0).u16(0));
}

PcapngWriter& PcapngWriter::enhanced_packet(uint32_t interface_number, uint64_t ticks,
                                            Bytes frame) {
  const auto frame_bytes = static_cast<uint32_t>(frame.size());
  FileBytes body(order_);
  body.u32(interface_number).u32(static_cast<uint32_t>(ticks >> 32));
  body.u32(static_cast<uint32_t>(ticks)).u32(frame_bytes).u32(frame_bytes).bytes(frame).pad();
  body.u16(2).u16(4).u32(0).u32(0);  // epb_flags and the end of the options
  return block(6, body);
}

PcapngWriter& PcapngWriter::obsolete_packet(uint16_t interface_number, uint64_t ticks,
                                            Bytes frame) {
  const auto frame_bytes = static_cast<uint32_t>(frame.size());
  FileBytes body(order_);
  body.u16(interface_number).u16(0).u32(static_cast<uint32_t>(ticks >> 32));
  body.u32(static_cast<uint32_t>(ticks)).u32(frame_bytes).u32(frame_bytes).bytes(frame);
  return block(2, body);
}

PcapngWriter& PcapngWriter::simple_packet(Bytes frame, uint32_t wire_bytes) {
  return block(3, FileBytes(order_).u32(wire_bytes).bytes(frame));
}

TemporaryFile::TemporaryFile(Bytes bytes) {
  const char* folder = std::getenv("TMPDIR");
  path_ = std::string(folder != nullptr ? folder : "/tmp") + "/flowscope_test_XXXXXX";
  const int descriptor = mkstemp(path_.data());
  FS_CHECK(descriptor >= 0);
  while (!bytes.empty()) {
    const ssize_t written = write(descriptor, bytes.begin(), bytes.size());
    FS_CHECK(written > 0);
    bytes = bytes.after(static_cast<size_t>(written));
  }
  close(descriptor);
}

TemporaryFile::~TemporaryFile() { unlink(path_.c_str()); }

}  // namespace flowscope
