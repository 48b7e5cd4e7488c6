#include "l7/dns/rdata_text.h"

#include <algorithm>
#include <charconv>

#include "flowcore/base/byte_reader.h"

namespace flowscope::dns {

namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";
constexpr std::string_view kBase32Digits = "0123456789abcdefghijklmnopqrstuv";

// Writes one text piece by piece. The callers' limits keep it inside its storage.
class TextCursor {
 public:
  explicit TextCursor(HexText& storage) : storage_(storage) {}

  TextCursor& text(std::string_view piece) {
    std::copy(piece.begin(), piece.end(), out_);
    out_ += piece.size();
    return *this;
  }
  TextCursor& number(uint64_t value) {
    out_ = std::to_chars(out_, storage_.data() + storage_.size(), value).ptr;
    return *this;
  }
  // `value` with at least `digits` digits.
  TextCursor& padded(uint64_t value, uint32_t digits) {
    uint64_t bound = 1;
    for (uint32_t i = 1; i < digits; ++i) bound *= 10;
    for (; bound > 1 && value < bound; bound /= 10) *out_++ = '0';
    return number(value);
  }
  TextCursor& hex(uint8_t byte) {
    *out_++ = kHexDigits[byte >> 4];
    *out_++ = kHexDigits[byte & 0xf];
    return *this;
  }
  TextCursor& character(char c) {
    *out_++ = c;
    return *this;
  }
  [[nodiscard]] std::string_view view() const {
    return {storage_.data(), static_cast<size_t>(out_ - storage_.data())};
  }

 private:
  HexText& storage_;
  char* out_ = storage_.data();
};

// RFC 1876 section 2: thousandths of a second of arc, the middle of the range being zero.
void write_angle(TextCursor& cursor, uint32_t value, char positive, char negative) {
  constexpr uint32_t kZero = uint32_t{1} << 31;
  const uint32_t thousandths = value >= kZero ? value - kZero : kZero - value;
  cursor.number(thousandths / 3'600'000).character(' ');
  cursor.number(thousandths / 60'000 % 60).character(' ');
  cursor.number(thousandths / 1000 % 60).character('.').padded(thousandths % 1000, 3);
  cursor.character(' ').character(value >= kZero ? positive : negative).character(' ');
}

void write_metres(TextCursor& cursor, uint64_t centimetres) {
  cursor.number(centimetres / 100).character('.').padded(centimetres % 100, 2).character('m');
}

// A digit, and the power of ten that it is multiplied by.
uint64_t centimetres_of(uint8_t size) {
  uint64_t centimetres = size >> 4;
  for (uint32_t i = size & 0xf; i > 0; --i) centimetres *= 10;
  return centimetres;
}

}  // namespace

std::string_view hex_text(Bytes value, HexText& storage) {
  TextCursor cursor(storage);
  for (const uint8_t byte : value.first(kHexBytesMax)) cursor.hex(byte);
  return cursor.view();
}

std::string_view colons_text(Bytes value, HexText& storage) {
  TextCursor cursor(storage);
  bool is_first = true;
  for (const uint8_t byte : value.first(kHexBytesMax)) {
    if (!is_first) cursor.character(':');
    cursor.hex(byte);
    is_first = false;
  }
  return cursor.view();
}

std::string_view generic_text(Bytes value, HexText& storage) {
  TextCursor cursor(storage);
  cursor.text("\\# ").number(value.size());
  if (!value.empty()) cursor.character(' ');
  for (const uint8_t byte : value.first(kHexBytesMax)) cursor.hex(byte);
  return cursor.view();
}

std::string_view base32_text(Bytes value, HexText& storage) {
  TextCursor cursor(storage);
  uint32_t bits = 0;
  uint32_t bit_count = 0;
  for (const uint8_t byte : value.first(kHexBytesMax)) {
    bits = bits << 8 | byte;
    for (bit_count += 8; bit_count >= 5; bit_count -= 5)
      cursor.character(kBase32Digits[bits >> (bit_count - 5) & 31]);
  }
  if (bit_count != 0) cursor.character(kBase32Digits[bits << (5 - bit_count) & 31]);
  return cursor.view();
}

std::string_view location_text(Bytes rdata, HexText& storage) {
  constexpr int64_t kSeaLevel = 10'000'000;  // centimetres above the lowest that can be said
  ByteReader reader(rdata);
  reader.skip(1);
  const uint8_t size = reader.u8();
  const uint8_t horizontal = reader.u8();
  const uint8_t vertical = reader.u8();
  TextCursor cursor(storage);
  write_angle(cursor, reader.u32(), 'N', 'S');
  write_angle(cursor, reader.u32(), 'E', 'W');
  const int64_t altitude = int64_t{reader.u32()} - kSeaLevel;
  if (altitude < 0) cursor.character('-');
  write_metres(cursor, static_cast<uint64_t>(altitude < 0 ? -altitude : altitude));
  for (const uint8_t each : {size, horizontal, vertical}) {
    cursor.character(' ');
    write_metres(cursor, centimetres_of(each));
  }
  return cursor.view();
}

}  // namespace flowscope::dns
