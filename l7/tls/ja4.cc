#include "l7/tls/ja4.h"

#include <algorithm>
#include <cstring>
#include <span>

namespace flowscope::tls {
namespace {

constexpr size_t kHashChars = 12;
constexpr size_t kHashedNumberChars = 5;  // four digits and a separator

// Up to kJa4ItemsMax numbers of a list, GREASE left out.
class Numbers {
 public:
  void add(uint16_t number) {
    if (is_grease(number)) return;
    if (count_ == kJa4ItemsMax) {
      overflowed_ = true;
      return;
    }
    items_[count_++] = number;
  }
  void add(U16List list) {
    for (size_t i = 0; i < list.size(); ++i) add(list[i]);
  }
  void sort() { std::sort(items_.begin(), items_.begin() + static_cast<ptrdiff_t>(count_)); }

  [[nodiscard]] std::span<const uint16_t> items() const { return {items_.data(), count_}; }
  [[nodiscard]] size_t size() const { return count_; }
  [[nodiscard]] bool overflowed() const { return overflowed_; }

 private:
  size_t count_ = 0;
  bool overflowed_ = false;
  std::array<uint16_t, kJa4ItemsMax> items_;  // left unset beyond count_
};

// The text under one of the two hashes: numbers as four hexadecimal digits, joined by commas, two
// lists joined by an underscore.
class HashedText {
 public:
  void put(std::span<const uint16_t> numbers, char before_first) {
    char separator = before_first;
    for (const uint16_t number : numbers) {
      if (separator != 0) text_[size_++] = separator;
      separator = ',';
      std::memcpy(text_.data() + size_, kHexDigits[number >> 8].data(), 2);
      std::memcpy(text_.data() + size_ + 2, kHexDigits[number & 0xff].data(), 2);
      size_ += 4;
    }
  }
  // The first 12 digits of the text's SHA-256; zeros stand for an empty text.
  void write_hash(std::span<char> out, DigestMemo* digests) const {
    if (size_ == 0) {
      std::fill(out.begin(), out.end(), '0');
      return;
    }
    const auto digest = sha256(Bytes::of({text_.data(), size_}), digests);
    write_hex(Bytes(digest.data(), kHashChars / 2), out);
  }

 private:
  size_t size_ = 0;
  std::array<char, 2 * kJa4ItemsMax * kHashedNumberChars> text_;  // left unset beyond size_
};

std::string_view version_mark(ProtocolVersion version) {
  switch (version) {
    case ProtocolVersion::Tls13:
      return "13";
    case ProtocolVersion::Tls12:
      return "12";
    case ProtocolVersion::Tls11:
      return "11";
    case ProtocolVersion::Tls10:
      return "10";
    case ProtocolVersion::Ssl3:
      return "s3";
    case ProtocolVersion::Ssl2:
      return "s2";
    case ProtocolVersion::Dtls10:
      return "d1";
    case ProtocolVersion::Dtls12:
      return "d2";
    case ProtocolVersion::Dtls13:
      return "d3";
    case ProtocolVersion::DtlsOld:
    case ProtocolVersion::None:
      break;
  }
  return "00";
}

bool is_alphanumeric(uint8_t byte) {
  return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z')
         || (byte >= 'a' && byte <= 'z');
}

// First and last character of the first protocol name; of its hexadecimal form when one of the two
// is not a letter or digit.
void write_alpn_mark(Bytes alpns, std::span<char> out) {
  out[0] = out[1] = '0';
  AlpnWalk walk(alpns);
  if (!walk.next() || walk.name().empty()) return;
  const std::array<uint8_t, 2> ends = {walk.name()[0], walk.name()[walk.name().size() - 1]};
  if (is_alphanumeric(ends[0]) && is_alphanumeric(ends[1])) {
    out[0] = static_cast<char>(ends[0]);
    out[1] = static_cast<char>(ends[1]);
    return;
  }
  std::array<char, 4> digits;
  write_hex(Bytes(ends.data(), ends.size()), digits);
  out[0] = digits.front();
  out[1] = digits.back();
}

void write_count(size_t count, std::span<char> out) {
  const size_t shown = std::min<size_t>(count, 99);
  out[0] = static_cast<char>('0' + shown / 10);
  out[1] = static_cast<char>('0' + shown % 10);
}

}  // namespace

std::optional<Ja4> make_ja4(const ClientHello& hello, Carrier carrier, DigestMemo* digests) {
  Numbers ciphers;  // NOLINT(cppcoreguidelines-pro-type-member-init)
  ciphers.add(hello.cipher_suites);
  Numbers extensions;  // NOLINT(cppcoreguidelines-pro-type-member-init)
  size_t extension_count = 0;
  ExtensionWalk walk(hello.extensions);
  while (walk.next()) {
    if (is_grease(walk.type())) continue;
    ++extension_count;
    if (walk.type() != static_cast<uint16_t>(ExtensionType::ServerName)
        && walk.type() != static_cast<uint16_t>(ExtensionType::Alpn)) {
      extensions.add(walk.type());
    }
  }
  Numbers algorithms;  // NOLINT(cppcoreguidelines-pro-type-member-init)
  algorithms.add(hello.signature_algorithms);
  if (ciphers.overflowed() || extensions.overflowed() || algorithms.overflowed())
    return std::nullopt;
  ciphers.sort();
  extensions.sort();

  Ja4 ja4;
  const std::span<char> out(ja4);
  const std::string_view version = version_mark(highest_version(hello));
  out[0] = static_cast<char>(carrier);
  out[1] = version[0];
  out[2] = version[1];
  out[3] = hello.has_server_name ? 'd' : 'i';
  write_count(ciphers.size(), out.subspan(4, 2));
  write_count(extension_count, out.subspan(6, 2));
  write_alpn_mark(hello.alpns, out.subspan(8, 2));
  out[10] = '_';
  HashedText cipher_text;  // NOLINT(cppcoreguidelines-pro-type-member-init)
  cipher_text.put(ciphers.items(), 0);
  cipher_text.write_hash(out.subspan(11, kHashChars), digests);
  out[23] = '_';
  HashedText extension_text;  // NOLINT(cppcoreguidelines-pro-type-member-init)
  extension_text.put(extensions.items(), 0);
  if (extensions.size() > 0) extension_text.put(algorithms.items(), '_');
  extension_text.write_hash(out.subspan(24, kHashChars), digests);
  return ja4;
}

}  // namespace flowscope::tls
