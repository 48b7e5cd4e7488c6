#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "flowcore/base/bytes.h"
#include "l7/digest/digest.h"

namespace flowscope::ssh {

// A server's public host key seen in place, as the replies of key exchanges carry it (RFC 4253 6.6,
// RFC 5656 3.1, RFC 8709 4) and as OpenSSH's certificates contain it.
// Lifetime: that of the message.
struct HostKey {
  static constexpr size_t kTypeBytesMax = 64;  // of an algorithm's name (RFC 4251 6)

  std::string_view type;  // "ssh-ed25519", or that of a certificate
  uint32_t bits = 0;      // of an RSA or DSA modulus; 0 for other types
  // SHA-256 of the key; of a certificate that of the key inside, as OpenSSH does it.
  std::array<uint8_t, Sha256::kDigestBytes> digest{};
};

// Reads the host key that a message of a key exchange begins with, if it does: a string that holds
// a key. `body` is the message behind its type.
[[nodiscard]] std::optional<HostKey> read_host_key(Bytes body);

// A fingerprint as OpenSSH prints it: "SHA256:" and base64 without padding.
using Fingerprint = std::array<char, 50>;
[[nodiscard]] Fingerprint make_fingerprint(const std::array<uint8_t, Sha256::kDigestBytes>& digest);

}  // namespace flowscope::ssh
