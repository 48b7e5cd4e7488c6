#include "l7/dns/rdata.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "flowcore/base/byte_reader.h"
#include "l7/dns/name.h"
#include "l7/dns/rdata_shape.h"

namespace flowscope::dns {

namespace {

// A name that ends inside the record and can be read; `end` is where it ends in place.
bool name_lies_inside(NameCheck& names, size_t offset, size_t record_end, size_t& end) {
  end = end_of_name(names.message(), offset);
  return end != 0 && end <= record_end && names.is_sound(offset);
}

// `before` bytes, one name, and nothing more.
bool is_name_after(NameCheck& names, const Record& record, size_t before) {
  const size_t record_end = record.rdata_at + record.rdata_bytes;
  size_t end = 0;
  return record.rdata_bytes > before
         && name_lies_inside(names, record.rdata_at + before, record_end, end) && end == record_end;
}

bool is_strings(Bytes rdata) {
  ByteReader reader(rdata);
  while (reader.ok() && reader.remaining() != 0) reader.skip(reader.u8());
  return reader.ok();
}

bool is_tagged_values(Bytes run) {
  TaggedValues values(run);
  Bytes value;
  for (uint16_t tag = 0; values.next(tag, value);) continue;
  return values.sound();
}

// RFC 9460 section 2.2: a priority, a name, parameters in ascending order, each once.
bool is_service(NameCheck& names, const Record& record) {
  const size_t record_end = record.rdata_at + record.rdata_bytes;
  size_t end = 0;
  if (record.rdata_bytes < 3 || !name_lies_inside(names, record.rdata_at + 2, record_end, end))
    return false;
  TaggedValues params(names.message().sub(end, record_end - end));
  int32_t last = -1;
  Bytes value;
  for (uint16_t key = 0; params.next(key, value); last = key) {
    if (key <= last) return false;
  }
  return params.sound();
}

// RFC 1876 section 2. Other versions than 0 are not ours to judge.
bool is_location(Bytes rdata) {
  if (rdata[0] != 0) return true;
  if (rdata.size() != 16) return false;
  // Sizes are a digit and a power of ten.
  return std::all_of(rdata.begin() + 1, rdata.begin() + 4,
                     [](uint8_t size) { return size >> 4 <= 9 && (size & 0xf) <= 9; });
}

// The longest run of at least two zero groups, the first of equals (RFC 5952 section 4.2).
struct ZeroRun {
  size_t first = 8;
  size_t count = 0;
};

ZeroRun longest_zero_run(const std::array<uint16_t, 8>& groups) {
  uint32_t zeros = 0;
  for (size_t i = 0; i < groups.size(); ++i) zeros |= uint32_t{groups[i] == 0} << i;
  ZeroRun longest;
  // Bit i of `starts`: so many groups from i on are zero.
  uint32_t starts = zeros & zeros >> 1;
  for (size_t count = 2; starts != 0; starts &= zeros >> count, ++count)
    longest = {.first = static_cast<size_t>(std::countr_zero(starts)), .count = count};
  return longest;
}

// A byte in decimal: as many characters as `count` says.
struct Decimal {
  std::array<char, 3> digits{};
  uint8_t count = 0;
};
constexpr std::array<Decimal, 256> make_decimals() {
  std::array<Decimal, 256> decimals{};
  for (size_t value = 0; value < decimals.size(); ++value) {
    Decimal& decimal = decimals[value];
    for (size_t unit = 100; unit > 0; unit /= 10) {
      if (value >= unit || unit == 1)
        decimal.digits[decimal.count++] = static_cast<char>('0' + value / unit % 10);
    }
  }
  return decimals;
}
constexpr std::array<Decimal, 256> kDecimals = make_decimals();

// Requires: room for three characters, which are written whatever the number.
char* append_decimal(char* out, uint8_t value) {
  const Decimal& decimal = kDecimals[value];
  std::memcpy(out, decimal.digits.data(), decimal.digits.size());
  return out + decimal.count;
}

// Without leading zeros. Requires: room for four characters, which are written whatever the number.
char* append_group(char* out, uint16_t group) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  const int count = std::max(1, (std::bit_width(group) + 3) / 4);
  const uint32_t from_left = uint32_t{group} << (16 - 4 * count);
  for (int i = 0; i < 4; ++i) out[i] = kDigits[from_left >> (12 - 4 * i) & 0xf];
  return out + count;
}

std::string_view text_between(const AddressText& storage, const char* end) {
  return {storage.data(), static_cast<size_t>(end - storage.data())};
}

}  // namespace

bool content_is_sound(NameCheck& names, const Record& record) {
  const Bytes rdata = names.message().sub(record.rdata_at, record.rdata_bytes);
  switch (record.type) {
    case number_of(RrType::Ns):
    case number_of(RrType::Cname):
    case number_of(RrType::Ptr):
    case number_of(RrType::Dname):
    case number_of(RrType::Md):
    case number_of(RrType::Mf):
    case number_of(RrType::Mb):
    case number_of(RrType::Mg):
    case number_of(RrType::Mr):
      return is_name_after(names, record, 0);
    case number_of(RrType::Mx):
      return is_name_after(names, record, 2);
    case number_of(RrType::Txt):
    case number_of(RrType::Spf):
      return is_strings(rdata);
    case number_of(RrType::Opt):
      return is_tagged_values(rdata);
    case number_of(RrType::Svcb):
    case number_of(RrType::Https):
      return is_service(names, record);
    case number_of(RrType::Loc):
      return is_location(rdata);
    default:
      const RdataShape shape = shape_of(record.type);
      return shape.fields.empty() || fits_shape(names, record, shape);
  }
}

std::string_view ipv4_text(Bytes address, AddressText& storage) {
  char* out = append_decimal(storage.data(), address[0]);
  for (size_t i = 1; i < 4; ++i) {
    *out++ = '.';
    out = append_decimal(out, address[i]);
  }
  return text_between(storage, out);
}

std::string_view ipv6_text(Bytes address, AddressText& storage) {
  std::array<uint16_t, 8> groups;
  for (size_t i = 0; i < groups.size(); ++i) groups[i] = load_be16(address, 2 * i);
  char* out = storage.data();
  // RFC 5952 section 5: an IPv4-mapped address ends in dotted decimal.
  const bool is_mapped =
      std::all_of(groups.begin(), groups.begin() + 5, [](uint16_t g) { return g == 0; })
      && groups[5] == 0xffff;
  if (is_mapped) {
    AddressText dotted;
    const std::string_view tail = ipv4_text(address.after(12), dotted);
    out = std::copy_n("::ffff:", 7, out);
    return text_between(storage, std::copy(tail.begin(), tail.end(), out));
  }
  const ZeroRun zeros = longest_zero_run(groups);
  for (size_t i = 0; i < groups.size(); ++i) {
    if (i == zeros.first) {
      *out++ = ':';
      if (i + zeros.count == groups.size()) *out++ = ':';
      i += zeros.count - 1;
      continue;
    }
    if (i != 0) *out++ = ':';
    out = append_group(out, groups[i]);
  }
  return text_between(storage, out);
}

JoinedStrings::JoinedStrings(Bytes rdata) {
  ByteReader reader(rdata);
  const Bytes first = reader.bytes(reader.u8());
  if (reader.remaining() == 0) {
    view_ = first.as_text();
    return;
  }
  size_t size = 0;
  for (Bytes string = first;; string = reader.bytes(reader.u8())) {
    const Bytes fitting = string.first(storage_.size() - size);
    if (!fitting.empty()) std::memcpy(storage_.data() + size, fitting.begin(), fitting.size());
    size += fitting.size();
    is_cut_ |= fitting.size() != string.size();
    if (reader.remaining() == 0 || !reader.ok()) break;
  }
  view_ = {storage_.data(), size};
}

}  // namespace flowscope::dns
