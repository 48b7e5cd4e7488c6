#include "l7/quic/initial_keys.h"

#include <algorithm>
#include <span>
#include <string_view>

#include "flowcore/base/check.h"
#include "l7/digest/digest.h"

namespace flowscope::quic {
namespace {

constexpr size_t kHashBytes = Sha256::kDigestBytes;
constexpr size_t kHashBlockBytes = 64;
using Secret = std::array<uint8_t, kHashBytes>;

template <size_t kBytes>
Bytes view(const std::array<uint8_t, kBytes>& bytes) {
  return {bytes.data(), bytes.size()};
}

// HMAC-SHA-256 under one key (RFC 2104), ready for several messages. Requires: a key of at most one
// block of the hash.
class Hmac {
 public:
  explicit Hmac(Bytes key) {
    FS_DCHECK(key.size() <= kHashBlockBytes);
    absorb(inner_, key, 0x36);
    absorb(outer_, key, 0x5c);
  }

  [[nodiscard]] Secret of(Bytes message) const {
    Sha256 inner = inner_;
    inner.update(message);
    Sha256 outer = outer_;
    outer.update(view(inner.finish()));
    return outer.finish();
  }

 private:
  static void absorb(Sha256& state, Bytes key, uint8_t pad) {
    std::array<uint8_t, kHashBlockBytes> block{};
    std::copy(key.begin(), key.end(), block.begin());
    for (uint8_t& byte : block) byte ^= pad;
    state.update(view(block));
  }

  Sha256 inner_;
  Sha256 outer_;
};

// HKDF-Expand-Label without a transcript (RFC 8446 7.1), for at most one round of the hash (RFC
// 5869 2.3).
void expand_label(const Hmac& secret, std::string_view label, std::span<uint8_t> out) {
  constexpr std::string_view kPrefix = "tls13 ";
  constexpr size_t kLabelBytesMax = 16;
  FS_DCHECK(label.size() <= kLabelBytesMax && out.size() <= kHashBytes);
  // Length (2), label behind its length, an empty transcript behind its length, round number.
  std::array<uint8_t, 2 + 1 + kPrefix.size() + kLabelBytesMax + 1 + 1> text{};
  text[1] = static_cast<uint8_t>(out.size());
  text[2] = static_cast<uint8_t>(kPrefix.size() + label.size());
  auto at = std::copy(kPrefix.begin(), kPrefix.end(), text.begin() + 3);
  at = std::copy(label.begin(), label.end(), at) + 1;
  *at++ = 1;
  const Secret round =
      secret.of(view(text).first(static_cast<size_t>(std::distance(text.begin(), at))));
  std::copy_n(round.begin(), out.size(), out.begin());
}

}  // namespace

PacketKeys derive_initial_keys(const Protection& protection, Bytes destination_id, Role sender) {
  const Secret initial = Hmac(view(protection.salt)).of(destination_id);
  Secret sender_secret;
  expand_label(Hmac(view(initial)), sender == Role::Client ? "client in" : "server in",
               sender_secret);
  const Hmac secret(view(sender_secret));
  PacketKeys keys;
  expand_label(secret, protection.has_v2_labels ? "quicv2 key" : "quic key", keys.key);
  expand_label(secret, protection.has_v2_labels ? "quicv2 iv" : "quic iv", keys.iv);
  expand_label(secret, protection.has_v2_labels ? "quicv2 hp" : "quic hp", keys.header_key);
  return keys;
}

}  // namespace flowscope::quic
