#include "l7/dns/rdata.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "flowcore/base/byte_reader.h"
#include "l7/dns/name.h"

namespace flowscope::dns {

namespace {

// A name that ends inside the record and can be read; `end` is where it ends in place.
bool name_lies_inside(Bytes message, size_t offset, size_t record_end, size_t& end) {
  end = end_of_name(message, offset);
  return end != 0 && end <= record_end && name_is_sound(message, offset);
}

// `before` bytes, one name, and nothing more.
bool is_name_after(Bytes message, const Record& record, size_t before) {
  const size_t record_end = record.rdata_at + record.rdata_bytes;
  size_t end = 0;
  return record.rdata_bytes > before
         && name_lies_inside(message, record.rdata_at + before, record_end, end)
         && end == record_end;
}

// RFC 1035 section 3.3.13: two names and five numbers of 32 bits.
bool is_soa(Bytes message, const Record& record) {
  const size_t record_end = record.rdata_at + record.rdata_bytes;
  size_t end = 0;
  return name_lies_inside(message, record.rdata_at, record_end, end)
         && name_lies_inside(message, end, record_end, end) && record_end - end == 20;
}

bool is_strings(Bytes rdata) {
  ByteReader reader(rdata);
  while (reader.ok() && reader.remaining() != 0) reader.skip(reader.u8());
  return reader.ok();
}

// The longest run of at least two zero groups, the first of equals (RFC 5952 section 4.2).
struct ZeroRun {
  size_t first = 8;
  size_t count = 0;
};

ZeroRun longest_zero_run(const std::array<uint16_t, 8>& groups) {
  ZeroRun longest;
  for (size_t i = 0; i < groups.size(); ++i) {
    size_t end = i;
    while (end < groups.size() && groups[end] == 0) ++end;
    if (end - i > longest.count && end - i > 1) longest = {.first = i, .count = end - i};
    if (end > i) i = end - 1;
  }
  return longest;
}

char* append_decimal(char* out, uint8_t value) {
  if (value >= 100) *out++ = static_cast<char>('0' + value / 100);
  if (value >= 10) *out++ = static_cast<char>('0' + value / 10 % 10);
  *out++ = static_cast<char>('0' + value % 10);
  return out;
}

std::string_view text_between(const AddressText& storage, const char* end) {
  return {storage.data(), static_cast<size_t>(end - storage.data())};
}

}  // namespace

bool rdata_is_sound(Bytes message, const Record& record) {
  if (record.rdata_bytes == 0) return true;
  switch (record.type) {
    case static_cast<uint16_t>(RrType::A):
      return record.rdata_bytes == 4;
    case static_cast<uint16_t>(RrType::Aaaa):
      return record.rdata_bytes == 16;
    case static_cast<uint16_t>(RrType::Ns):
    case static_cast<uint16_t>(RrType::Cname):
    case static_cast<uint16_t>(RrType::Ptr):
    case static_cast<uint16_t>(RrType::Dname):
      return is_name_after(message, record, 0);
    case static_cast<uint16_t>(RrType::Mx):
      return is_name_after(message, record, 2);
    case static_cast<uint16_t>(RrType::Srv):
      return is_name_after(message, record, 6);
    case static_cast<uint16_t>(RrType::Soa):
      return is_soa(message, record);
    case static_cast<uint16_t>(RrType::Txt):
    case static_cast<uint16_t>(RrType::Spf):
      return is_strings(message.sub(record.rdata_at, record.rdata_bytes));
    default:
      return true;
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
    out = std::to_chars(out, storage.data() + storage.size(), groups[i], 16).ptr;
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
