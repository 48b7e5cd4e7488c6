#include "l7/ssh/host_key.h"

#include <algorithm>
#include <bit>

#include "flowcore/base/byte_reader.h"

namespace flowscope::ssh {
namespace {

constexpr std::string_view kCertificateEnding = "-cert-v01@openssh.com";
constexpr std::string_view kFingerprintStart = "SHA256:";

// A type of key, and how many strings its public part has (an mpint is laid out as a string).
struct KeyForm {
  std::string_view type;
  uint8_t strings;
};
constexpr KeyForm kKeyForms[] = {
    {"ssh-ed25519", 1},
    {"ssh-ed448", 1},
    {"ssh-rsa", 2},
    {"ecdsa-sha2-nistp256", 2},
    {"ecdsa-sha2-nistp384", 2},
    {"ecdsa-sha2-nistp521", 2},
    {"ssh-dss", 4},
};

uint8_t strings_of(std::string_view type) {
  for (const KeyForm& form : kKeyForms) {
    if (form.type == type) return form.strings;
  }
  return 0;
}

Bytes read_string(ByteReader& reader) { return reader.bytes(reader.u32()); }

// The visible characters that names of algorithms are made of (RFC 4251 6).
bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= HostKey::kTypeBytesMax
         && std::all_of(text.begin(), text.end(),
                        [](char letter) { return letter > ' ' && letter <= '~' && letter != ','; });
}

uint32_t bits_of(Bytes number) {
  while (!number.empty() && number[0] == 0) number = number.after(1);
  if (number.empty()) return 0;
  return static_cast<uint32_t>((number.size() - 1) * 8)
         + static_cast<uint32_t>(std::bit_width(uint32_t{number[0]}));
}

// The modulus is the second string of an RSA key and the first of a DSA key.
uint32_t modulus_bits(std::string_view type, Bytes fields) {
  if (type != "ssh-rsa" && type != "ssh-dss") return 0;
  ByteReader reader(fields);
  if (type == "ssh-rsa") read_string(reader);
  return bits_of(read_string(reader));
}

// The key inside a certificate, hashed as if it stood alone: its type, then its strings, which
// follow a nonce (OpenSSH PROTOCOL.certkeys). False when it is cut or of an unknown type.
bool read_certified_key(Bytes blob, std::string_view key_type, HostKey& key) {
  ByteReader reader(blob);
  read_string(reader);
  read_string(reader);
  const size_t start = reader.position();
  const uint8_t strings = strings_of(key_type);
  for (uint8_t i = 0; i < strings; ++i) read_string(reader);
  if (!reader.ok() || strings == 0) return false;
  const Bytes fields = blob.sub(start, reader.position() - start);
  const std::array<uint8_t, 4> type_length = {0, 0, 0, static_cast<uint8_t>(key_type.size())};
  Sha256 sha256;
  sha256.update(Bytes(type_length.data(), type_length.size()));
  sha256.update(Bytes::of(key_type));
  sha256.update(fields);
  key.digest = sha256.finish();
  key.bits = modulus_bits(key_type, fields);
  return true;
}

}  // namespace

std::optional<HostKey> read_host_key(Bytes body) {
  ByteReader message(body);
  const Bytes blob = read_string(message);
  ByteReader reader(blob);
  HostKey key;
  key.type = read_string(reader).as_text();
  if (!message.ok() || !reader.ok() || reader.remaining() == 0 || !is_name(key.type))
    return std::nullopt;
  if (key.type.ends_with(kCertificateEnding)) {
    const std::string_view key_type =
        key.type.substr(0, key.type.size() - kCertificateEnding.size());
    if (read_certified_key(blob, key_type, key)) return key;
  }
  key.digest = sha256(blob);
  key.bits = modulus_bits(key.type, reader.rest());
  return key;
}

Fingerprint make_fingerprint(const std::array<uint8_t, Sha256::kDigestBytes>& digest) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  static_assert(std::tuple_size_v<Fingerprint> == kFingerprintStart.size() + 43);
  Fingerprint text;
  auto out = std::copy(kFingerprintStart.begin(), kFingerprintStart.end(), text.begin());
  // Six bits a digit; the last digit has two of them from beyond the end, which are zero.
  for (size_t bit = 0; bit < digest.size() * 8; bit += 6) {
    const size_t byte = bit / 8;
    const uint32_t next = byte + 1 < digest.size() ? digest[byte + 1] : 0;
    const uint32_t window = uint32_t{digest[byte]} << 8 | next;
    *out++ = kDigits[window >> (10 - bit % 8) & 0x3f];
  }
  return text;
}

}  // namespace flowscope::ssh
