#include "l7/quic/google.h"

#include <algorithm>
#include <charconv>

#include "flowcore/base/byte_reader.h"
#include "flowcore/base/check.h"
#include "l7/digest/digest.h"

namespace flowscope::quic {
namespace {

constexpr size_t kEntryBytes = 8;
constexpr size_t kTagBytes = 4;

uint32_t load_le32(Bytes bytes, size_t offset) {
  return __builtin_bswap32(load_be32(bytes, offset));
}

// The two digits behind "Q0"; 0 for other versions.
uint32_t google_number(Version version) {
  const auto number = static_cast<uint32_t>(version);
  const uint32_t tens = (number >> 8 & 0xff) - '0';
  const uint32_t ones = (number & 0xff) - '0';
  if (number >> 16 != ('Q' << 8 | '0') || tens > 9 || ones > 9) return 0;
  return 10 * tens + ones;
}

// Flags (1), identifier (8), version (4), packet number (by the flags): up to Q043.
bool skip_old_header(ByteReader& reader, uint8_t flags, Version& version) {
  constexpr uint8_t kHasVersion = 0x01;
  constexpr uint8_t kIsReset = 0x02;
  constexpr uint8_t kHasIdentifier = 0x08;
  constexpr uint8_t kUnused = 0xc0;
  constexpr std::array<size_t, 4> kNumberBytes = {1, 2, 4, 6};
  if ((flags & (kHasVersion | kIsReset | kHasIdentifier | kUnused))
      != (kHasVersion | kHasIdentifier))
    return false;
  reader.skip(8);
  version = Version{reader.u32()};
  reader.skip(kNumberBytes[flags >> 4 & 3]);
  const uint32_t number = google_number(version);
  return number >= 39 && number <= 43;
}

// Flags (1), version (4), both identifiers' lengths (1) and the longer one (8), packet number:
// Q046.
bool skip_new_header(ByteReader& reader, uint8_t flags, Version& version) {
  constexpr uint8_t kLongInitial = 0xc0;
  constexpr uint8_t kOneIdentifier = 0x50;
  version = Version{reader.u32()};
  if ((flags & 0xf0) != kLongInitial || version != Version::GoogleQ046) return false;
  if (reader.u8() != kOneIdentifier) return false;
  reader.skip(8 + (flags & 3) + size_t{1});
  return true;
}

}  // namespace

std::optional<GoogleHello> read_google_hello(Bytes message) {
  constexpr size_t kHeaderBytes = 8;  // "CHLO", number of tags (2), nothing (2)
  if (!message.starts_with("CHLO") || message.size() < kHeaderBytes) return std::nullopt;
  const size_t count = message[4] | size_t{message[5]} << 8;
  GoogleHello hello;
  hello.tags = message.sub(kHeaderBytes, count * kEntryBytes);
  if (count > kGoogleTagsMax || hello.tags.size() != count * kEntryBytes) return std::nullopt;
  const Bytes values = message.after(kHeaderBytes + count * kEntryBytes);
  size_t begin = 0;
  for (size_t i = 0; i < count; ++i) {
    const Bytes entry = hello.tags.sub(i * kEntryBytes, kEntryBytes);
    const size_t end = load_le32(entry, kTagBytes);
    if (end < begin) return std::nullopt;
    if (end > values.size()) {
      hello.is_whole = false;
      break;
    }
    const Bytes value = values.sub(begin, end - begin);
    if (entry.starts_with({"SNI\0", kTagBytes})) hello.server_name = value;
    if (entry.starts_with("UAID")) hello.user_agent = value;
    begin = end;
  }
  return hello;
}

std::optional<GooglePacket> read_google_packet(Bytes datagram) {
  constexpr size_t kHashBytes = 12;
  ByteReader reader(datagram);
  GooglePacket packet;
  const uint8_t flags = reader.u8();
  const bool is_known = (flags & 0x80) == 0 ? skip_old_header(reader, flags, packet.version)
                                            : skip_new_header(reader, flags, packet.version);
  reader.skip(kHashBytes);
  if (!is_known || !reader.ok()) return std::nullopt;
  packet.frames = reader.rest();
  return packet;
}

// A stream frame: type 1fdooossb... with d: a length (2) follows; ooo: width of the offset less
// one, 0 for none; ss: width of the stream's number less one.
std::optional<GoogleHello> find_google_hello(const GooglePacket& packet) {
  constexpr uint8_t kIsStream = 0x80;
  constexpr uint8_t kHasLength = 0x20;
  ByteReader reader(packet.frames);
  const uint8_t type = reader.u8();
  if ((type & kIsStream) == 0) return std::nullopt;
  const size_t offset_code = type >> 2 & 7;
  reader.skip((type & 3) + size_t{1});
  reader.skip(offset_code == 0 ? 0 : offset_code + 1);
  const size_t length = (type & kHasLength) != 0 ? size_t{reader.u16()} : packet.frames.size();
  return reader.ok() ? read_google_hello(reader.rest().first(length)) : std::nullopt;
}

Cyu::Cyu(Version version, Bytes tags) {  // NOLINT(cppcoreguidelines-pro-type-member-init)
  FS_DCHECK(tags.size() <= kGoogleTagsMax * kEntryBytes);
  const auto end = std::to_chars(text_.data(), text_.data() + 2, google_number(version)).ptr;
  size_ = static_cast<size_t>(end - text_.data());
  char separator = ',';
  for (; !tags.empty(); tags = tags.after(kEntryBytes)) {
    text_[size_++] = separator;
    separator = '-';
    std::string_view tag = tags.first(kTagBytes).as_text();
    while (!tag.empty() && tag.back() == '\0') tag.remove_suffix(1);
    std::copy(tag.begin(), tag.end(), text_.begin() + static_cast<ptrdiff_t>(size_));
    size_ += tag.size();
  }
  Md5 md5;
  md5.update(Bytes::of(text()));
  const auto digest = md5.finish();
  write_hex(Bytes(digest.data(), digest.size()), hash_);
}

}  // namespace flowscope::quic
