#include "perf/traffic/certificate.h"

#include <initializer_list>

#include "perf/traffic/wire_text.h"

namespace flowscope::traffic {
namespace {

// Tags of X.690.
constexpr uint8_t kInteger = 0x02;
constexpr uint8_t kBitString = 0x03;
constexpr uint8_t kOctetString = 0x04;
constexpr uint8_t kNull = 0x05;
constexpr uint8_t kObjectIdentifier = 0x06;
constexpr uint8_t kUtf8String = 0x0c;
constexpr uint8_t kUtcTime = 0x17;
constexpr uint8_t kSequence = 0x30;
constexpr uint8_t kSet = 0x31;
constexpr uint8_t kVersionTag = 0xa0;
constexpr uint8_t kExtensionsTag = 0xa3;
constexpr uint8_t kDnsName = 0x82;

constexpr std::string_view kCommonName = "\x55\x04\x03";
constexpr std::string_view kAlternativeName = "\x55\x1d\x11";
constexpr std::string_view kRsaEncryption = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01";
constexpr std::string_view kSha256WithRsa = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b";

[[nodiscard]] std::string der(uint8_t tag, std::initializer_list<std::string_view> parts) {
  std::string content;
  for (const std::string_view part : parts) content += part;
  std::string element;
  WireText wire(element);
  wire.u8(tag);
  if (content.size() < 0x80) {
    wire.u8(content.size());
  } else if (content.size() < 0x100) {
    wire.u8(0x81).u8(content.size());
  } else {
    wire.u8(0x82).u16(content.size());
  }
  return element + content;
}

[[nodiscard]] std::string random_bytes(Random& random, size_t count) {
  std::string bytes;
  WireText wire(bytes);
  while (bytes.size() < count) wire.number(random.next(), 8);
  bytes.resize(count);
  return bytes;
}

// A positive integer of `count` bytes.
[[nodiscard]] std::string random_integer(Random& random, size_t count) {
  std::string bytes = random_bytes(random, count);
  bytes[0] = static_cast<char>((bytes[0] & 0x3f) | 0x40);
  return der(kInteger, {bytes});
}

[[nodiscard]] std::string algorithm(std::string_view identifier) {
  return der(kSequence, {der(kObjectIdentifier, {identifier}), der(kNull, {})});
}

[[nodiscard]] std::string name(std::string_view common_name) {
  return der(kSequence, {der(kSet, {der(kSequence, {der(kObjectIdentifier, {kCommonName}),
                                                    der(kUtf8String, {common_name})})})});
}

[[nodiscard]] std::string bit_string(std::string_view bytes) {
  constexpr std::string_view kNoUnusedBits("\0", 1);
  return der(kBitString, {kNoUnusedBits, bytes});
}

[[nodiscard]] std::string public_key(Random& random) {
  const std::string exponent = der(kInteger, {std::string_view("\x01\x00\x01", 3)});
  const std::string key = der(kSequence, {random_integer(random, 256), exponent});
  return der(kSequence, {algorithm(kRsaEncryption), bit_string(key)});
}

[[nodiscard]] std::string extensions(std::string_view subject) {
  const std::string names = der(kSequence, {der(kDnsName, {subject})});
  const std::string extension =
      der(kSequence, {der(kObjectIdentifier, {kAlternativeName}), der(kOctetString, {names})});
  return der(kExtensionsTag, {der(kSequence, {extension})});
}

}  // namespace

std::string make_certificate(Random& random, std::string_view issuer, std::string_view subject) {
  const std::string version = der(kVersionTag, {der(kInteger, {"\x02"})});
  const std::string validity =
      der(kSequence, {der(kUtcTime, {"230101000000Z"}), der(kUtcTime, {"330101000000Z"})});
  const std::string to_be_signed =
      der(kSequence, {version, random_integer(random, 16), algorithm(kSha256WithRsa), name(issuer),
                      validity, name(subject), public_key(random), extensions(subject)});
  return der(kSequence,
             {to_be_signed, algorithm(kSha256WithRsa), bit_string(random_bytes(random, 256))});
}

}  // namespace flowscope::traffic
