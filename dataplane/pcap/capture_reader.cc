#include "dataplane/pcap/capture_reader.h"

#include <algorithm>
#include <array>

namespace flowscope {
namespace {

constexpr size_t kMagicBytes = 4;

// "73112" -> "73,112"
[[nodiscard]] std::string grouped(uint64_t number) {
  const std::string digits = std::to_string(number);
  std::string text;
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i != 0 && (digits.size() - i) % 3 == 0) text += ',';
    text += digits[i];
  }
  return text;
}

[[nodiscard]] std::string hexadecimal(Bytes bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const uint8_t byte : bytes) {
    if (!text.empty()) text += ' ';
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

// What a file that is no capture seems to be, with the mend where there is one.
[[nodiscard]] std::string not_a_capture(Bytes first_bytes) {
  struct Compression {
    std::string_view magic;
    const char* name;
    const char* command;
  };
  constexpr std::array<Compression, 4> kCompressions{{
      {"\x1f\x8b", "gzip", "zcat"},
      {"\x28\xb5\x2f\xfd", "zstd", "zstdcat"},
      {"\xfd\x37zX", "xz", "xzcat"},
      {"BZh", "bzip2", "bzcat"},
  }};
  for (const Compression& compression : kCompressions) {
    if (!first_bytes.starts_with(compression.magic)) continue;
    return std::string("is compressed with ") + compression.name + "; pipe the output of "
           + compression.command + " in, with - as the file";
  }
  return "not a capture file (pcap or pcapng): it begins with " + hexadecimal(first_bytes);
}

}  // namespace

CaptureReader::CaptureReader(ByteSource source, std::string name, Options options)
    : source_(std::move(source)), name_(std::move(name)), buffer_(options.block_bytes) {}

CaptureReader CaptureReader::over(ByteSource source, std::string name, Options options) {
  return {std::move(source), std::move(name), options};
}

Result<CaptureReader> CaptureReader::open(const std::string& path, Options options) {
  Result<ByteSource> source = ByteSource::open(path);
  if (!source.ok()) return source.error();
  CaptureReader reader(std::move(source.value()), path == "-" ? "standard input" : path, options);
  if (reader.source_.never_waits() && !reader.begin() && reader.fault_) return *reader.fault_;
  return reader;
}

size_t CaptureReader::read(Burst& burst, uint32_t packets_max) {
  packets_max = std::min(packets_max, kBurstMax);
  burst.count = 0;
  if (!begin()) return 0;
  while (!ended_) {
    const Walk step = walk(burst, packets_max);
    buffer_.consume(step.consumed);
    packets_read_ += burst.count;
    if (step.stop == Walk::Stop::Corrupt) end_as_corrupt(step.reason);
    if (burst.count != 0 || step.stop != Walk::Stop::NeedMore) break;
    // Only here, with no frame of the block in anyone's hands, may the block be read over.
    if (!refill(step.needed)) break;
  }
  return burst.count;
}

Walk CaptureReader::walk(Burst& burst, uint32_t packets_max) {
  if (const auto* pcap = std::get_if<PcapWalker>(&walker_)) {
    return pcap->walk(buffer_.window(), burst, packets_max);
  }
  return std::get_if<PcapngWalker>(&walker_)->walk(buffer_.window(), burst, packets_max);
}

bool CaptureReader::begin() {
  while (!ended_ && std::holds_alternative<std::monostate>(walker_)) {
    const size_t needed = identify();
    if (needed != 0 && !refill(needed)) return false;
  }
  return !ended_;
}

size_t CaptureReader::identify() {
  const Bytes window = buffer_.window();
  if (window.size() < kMagicBytes) return kMagicBytes;
  const uint32_t magic = load_be32(window, 0);
  if (magic == PcapngWalker::kSectionHeader) {
    walker_.emplace<PcapngWalker>();  // its file header is a block like others
    return 0;
  }
  std::optional<PcapWalker> pcap = PcapWalker::for_magic(magic);
  if (!pcap) {
    end_with(not_a_capture(window.first(kMagicBytes)));
    return 0;
  }
  if (window.size() < PcapWalker::kFileHeaderBytes) return PcapWalker::kFileHeaderBytes;
  if (const char* reason = pcap->read_file_header(window)) {
    end_with(std::string("a capture file with ") + reason);
    return 0;
  }
  buffer_.consume(PcapWalker::kFileHeaderBytes);
  walker_ = *pcap;
  return 0;
}

bool CaptureReader::refill(size_t needed) {
  switch (buffer_.refill(source_, needed)) {
    case ByteSource::Outcome::Some:
      return true;
    case ByteSource::Outcome::Nothing:
      return false;
    case ByteSource::Outcome::End:
      end_at_end_of_file();
      return false;
    case ByteSource::Outcome::Failed:
      end_with("reading failed after byte " + grouped(buffer_.bytes_read()) + ": "
               + source_.failure() + "; " + packets_text());
      return false;
  }
  return false;
}

void CaptureReader::end_at_end_of_file() {
  ended_ = true;
  const std::string place = " at byte " + grouped(buffer_.consumed()) + "; " + packets_text();
  if (std::holds_alternative<std::monostate>(walker_)) {
    const size_t size = buffer_.window().size();
    end_with(size == 0
                 ? "is empty, not a capture file"
                 : "not a capture file (pcap or pcapng): it has only " + grouped(size) + " bytes");
  } else if (const auto* pcapng = std::get_if<PcapngWalker>(&walker_)) {
    if (pcapng->inside_skipped_block() || !buffer_.window().empty()) {
      end_with("truncated inside a block" + place);
    }
  } else if (!buffer_.window().empty()) {
    end_with("truncated inside packet " + grouped(packets_read_ + 1) + place);
  }
}

void CaptureReader::end_as_corrupt(const char* reason) {
  end_with("corrupt at byte " + grouped(buffer_.consumed()) + " (" + reason + "); "
           + packets_text());
}

void CaptureReader::end_with(const std::string& reason) {
  ended_ = true;
  fault_ = Error{name_ + ": " + reason};
}

std::string CaptureReader::packets_text() const {
  return grouped(packets_read_) + (packets_read_ == 1 ? " packet was read" : " packets were read");
}

}  // namespace flowscope
