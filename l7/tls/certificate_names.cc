// The names in a certificate as texts.
#include <algorithm>
#include <charconv>

#include "l7/tls/certificate.h"
#include "l7/tls/der.h"

namespace flowscope::tls {
namespace {

struct AttributeName {
  std::string_view identifier;  // as encoded
  std::string_view name;
};

// RFC 4519 and RFC 5280 4.1.2.4; the short names are those of EVE records.
constexpr AttributeName kAttributeNames[] = {
    {"\x55\x04\x03", "CN"},
    {"\x55\x04\x04", "SN"},
    {"\x55\x04\x05", "serialNumber"},
    {"\x55\x04\x06", "C"},
    {"\x55\x04\x07", "L"},
    {"\x55\x04\x08", "ST"},
    {"\x55\x04\x09", "street"},
    {"\x55\x04\x0a", "O"},
    {"\x55\x04\x0b", "OU"},
    {"\x55\x04\x0c", "title"},
    {"\x55\x04\x0d", "description"},
    {"\x55\x04\x0f", "businessCategory"},
    {"\x55\x04\x11", "postalCode"},
    {"\x55\x04\x14", "telephoneNumber"},
    {"\x55\x04\x29", "name"},
    {"\x55\x04\x2a", "GN"},
    {"\x55\x04\x2b", "initials"},
    {"\x55\x04\x2c", "generationQualifier"},
    {"\x55\x04\x2e", "dnQualifier"},
    {"\x55\x04\x41", "pseudonym"},
    {"\x55\x04\x61", "organizationIdentifier"},
    {"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01", "Email"},
    {"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x02", "unstructuredName"},
    {std::string_view("\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x01", 10), "UID"},
    {std::string_view("\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19", 10), "DC"},
    {"\x2b\x06\x01\x04\x01\x82\x37\x3c\x02\x01\x01", "jurisdictionL"},
    {"\x2b\x06\x01\x04\x01\x82\x37\x3c\x02\x01\x02", "jurisdictionST"},
    {"\x2b\x06\x01\x04\x01\x82\x37\x3c\x02\x01\x03", "jurisdictionC"},
};

// RFC 5280 4.2.1.6: the choices of GeneralName, each a context tag.
constexpr DerTag kMailAddress{0x81};
constexpr DerTag kHostName{0x82};
constexpr DerTag kUri{0x86};
constexpr DerTag kIpAddress{0x87};
constexpr size_t kIpv4Bytes = 4;
constexpr size_t kIpv6Bytes = 16;

}  // namespace

NameText::NameText(Bytes name) {  // NOLINT(cppcoreguidelines-pro-type-member-init)
  DerWalk sets(name);
  while (size_ < kBytesMax && sets.next(DerTag::Set)) {
    std::string_view separator = size_ == 0 ? "" : ", ";
    DerWalk attributes(sets.body());
    while (size_ < kBytesMax && attributes.next(DerTag::Sequence)) {
      put_attribute(attributes.body(), separator);
      separator = " + ";
    }
  }
}

void NameText::put_attribute(Bytes attribute, std::string_view separator) {
  DerWalk walk(attribute);
  if (!walk.next(DerTag::ObjectIdentifier)) return;
  const Bytes identifier = walk.body();
  if (!walk.next()) return;
  put(separator);
  const auto* const known =
      std::find_if(std::begin(kAttributeNames), std::end(kAttributeNames),
                   [&](const AttributeName& it) { return it.identifier == identifier.as_text(); });
  if (known != std::end(kAttributeNames)) {
    put(known->name);
  } else {
    put_object_identifier(identifier);
  }
  put("=");
  switch (walk.tag()) {
    case DerTag::BmpString:
      return put_wide(walk.body(), 2);
    case DerTag::UniversalString:
      return put_wide(walk.body(), 4);
    default:
      return put(walk.body().as_text());
  }
}

// X.690 8.19: groups of seven bits; the first number holds the first two arcs.
void NameText::put_object_identifier(Bytes identifier) {
  constexpr size_t kBytesShown = 32;
  uint64_t arc = 0;
  bool first = true;
  for (const uint8_t byte : identifier.first(kBytesShown)) {
    arc = arc << 7 | (byte & 0x7f);
    if ((byte & 0x80) != 0) continue;
    if (first) {
      const uint64_t root = std::min<uint64_t>(arc / 40, 2);
      put_number(root);
      arc -= root * 40;
    }
    put(".");
    put_number(arc);
    first = false;
    arc = 0;
  }
}

void NameText::put_number(uint64_t number) {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  put({digits.data(), static_cast<size_t>(end - digits.data())});
}

// Big-endian units of two or four bytes as UTF-8; what is no character becomes U+FFFD.
void NameText::put_wide(Bytes units, size_t unit_bytes) {
  constexpr uint32_t kReplacement = 0xfffd;
  ByteReader reader(units);
  while (reader.remaining() >= unit_bytes && size_ < kBytesMax) {
    uint32_t code = unit_bytes == 2 ? reader.u16() : reader.u32();
    if ((code >= 0xd800 && code < 0xe000) || code > 0x10ffff) code = kReplacement;
    const auto tail = [&](int shift) { return static_cast<char>(0x80 | (code >> shift & 0x3f)); };
    if (code < 0x80) {
      put({std::array{static_cast<char>(code)}.data(), 1});
    } else if (code < 0x800) {
      put({std::array{static_cast<char>(0xc0 | code >> 6), tail(0)}.data(), 2});
    } else if (code < 0x10000) {
      put({std::array{static_cast<char>(0xe0 | code >> 12), tail(6), tail(0)}.data(), 3});
    } else {
      put({std::array{static_cast<char>(0xf0 | code >> 18), tail(12), tail(6), tail(0)}.data(), 4});
    }
  }
}

void NameText::put(std::string_view text) {
  const std::string_view fitting = text.substr(0, kBytesMax - size_);
  std::copy(fitting.begin(), fitting.end(), chars_.begin() + static_cast<ptrdiff_t>(size_));
  size_ += fitting.size();
}

bool AlternativeNameWalk::next() {
  DerWalk walk(rest_);
  while (walk.next()) {
    const Bytes name = walk.body();
    const bool address =
        walk.tag() == kIpAddress && (name.size() == kIpv4Bytes || name.size() == kIpv6Bytes);
    if (address && name.size() == kIpv4Bytes) write_ipv4(name);
    if (address && name.size() == kIpv6Bytes) write_ipv6(name);
    if (walk.tag() == kHostName || walk.tag() == kMailAddress || walk.tag() == kUri)
      text_ = name.as_text();
    else if (!address)
      continue;
    rest_ = rest_.after(walk.position());
    return true;
  }
  rest_ = {};
  return false;
}

void AlternativeNameWalk::write_ipv4(Bytes address) {
  char* at = address_.data();
  for (const uint8_t part : address) {
    if (at != address_.data()) *at++ = '.';
    at = std::to_chars(at, address_.data() + address_.size(), part).ptr;
  }
  text_ = {address_.data(), static_cast<size_t>(at - address_.data())};
}

// Eight groups, as EVE writes addresses; zeros are not left out.
void AlternativeNameWalk::write_ipv6(Bytes address) {
  constexpr char kDigits[] = "0123456789abcdef";
  size_t size = 0;
  for (size_t i = 0; i < address.size(); ++i) {
    if (i > 0 && i % 2 == 0) address_[size++] = ':';
    address_[size++] = kDigits[address[i] >> 4];
    address_[size++] = kDigits[address[i] & 0xf];
  }
  text_ = {address_.data(), size};
}

}  // namespace flowscope::tls
