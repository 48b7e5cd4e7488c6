#include "l7/tls/ja3.h"

#include <bit>
#include <cstring>

namespace flowscope::tls {
namespace {

// A separator and the five digits of 65535.
constexpr size_t kItemBytesMax = 6;

// Two digits of every number below 100, as they lie in memory.
constexpr std::array<uint16_t, 100> kDigitPairs = [] {
  std::array<uint16_t, 100> table{};
  for (size_t i = 0; i < table.size(); ++i)
    table.at(i) = static_cast<uint16_t>(('0' + i / 10) | ('0' + i % 10) << 8);
  return table;
}();

// The first `size` characters are the number's digits.
struct Decimal {
  std::array<char, sizeof(uint64_t)> chars;
  size_t size;
};

// All five digits are made, the first in the lowest byte of a word, and the leading zeros moved
// out.
Decimal decimal_of(uint16_t number) {
  constexpr size_t kDigits = 5;
  const unsigned hundreds = number / 100U;
  const unsigned first = hundreds / 100U;
  const uint64_t digits = uint64_t{'0' + first} | uint64_t{kDigitPairs[hundreds % 100U]} << 8
                          | uint64_t{kDigitPairs[number % 100U]} << 24;
  const uint64_t not_zero = (digits ^ 0x30'3030'3030) | uint64_t{1} << 32;  // the last one is shown
  const auto zeros = static_cast<size_t>(std::countr_zero(not_zero)) / 8;
  return {std::bit_cast<std::array<char, sizeof(uint64_t)>>(digits >> 8 * zeros), kDigits - zeros};
}

}  // namespace

Ja3::Ja3(const ClientHello& hello,
         DigestMemo* digests) {  // NOLINT(cppcoreguidelines-pro-type-member-init)
  put_number(static_cast<uint16_t>(hello.legacy_version));
  next_field();
  put_list(hello.cipher_suites);
  next_field();
  put_extensions(hello.extensions);
  next_field();
  put_list(hello.supported_groups);
  next_field();
  for (const uint8_t format : hello.point_formats) put_number(format);
  finish(digests);
}

Ja3::Ja3(const ServerHello& hello,
         DigestMemo* digests) {  // NOLINT(cppcoreguidelines-pro-type-member-init)
  put_number(static_cast<uint16_t>(hello.legacy_version));
  next_field();
  put_number(hello.cipher_suite);
  next_field();
  put_extensions(hello.extensions);
  finish(digests);
}

void Ja3::put_number(uint16_t number) {
  make_room();
  if (field_started_) text_[text_bytes_++] = '-';
  field_started_ = true;
  const Decimal decimal = decimal_of(number);
  std::memcpy(text_.data() + text_bytes_, decimal.chars.data(), decimal.chars.size());
  text_bytes_ += decimal.size;
}

void Ja3::put_list(U16List list) {
  for (size_t i = 0; i < list.size(); ++i) {
    if (!is_grease(list[i])) put_number(list[i]);
  }
}

void Ja3::put_extensions(Bytes block) {
  ExtensionWalk walk(block);
  while (walk.next()) {
    if (!is_grease(walk.type())) put_number(walk.type());
  }
}

void Ja3::next_field() {
  make_room();
  text_[text_bytes_++] = ',';
  field_started_ = false;
}

// Hands a full text to the hash and starts over, so that the hash is right for any length.
void Ja3::make_room() {
  if (kTextBytesMax - text_bytes_ > kItemBytesMax) return;
  md5_.update(Bytes::of({text_.data(), text_bytes_}));
  text_bytes_ = 0;
  text_overflowed_ = true;
}

void Ja3::finish(DigestMemo* digests) {
  const Bytes text = Bytes::of({text_.data(), text_bytes_});
  Md5::Digest digest;
  if (text_overflowed_) {
    md5_.update(text);
    digest = md5_.finish();
  } else {
    digest = md5(text, digests);
  }
  write_hex(Bytes(digest.data(), digest.size()), hash_);
}

}  // namespace flowscope::tls
