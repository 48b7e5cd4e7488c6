#include "l7/quic/packet_protection.h"

#include <algorithm>
#include <span>

#include "flowcore/base/check.h"
#include "l7/quic/aes128.h"
#include "l7/quic/ghash.h"

namespace flowscope::quic {
namespace {

constexpr size_t kTagBytes = 16;
constexpr size_t kSampleOffset = 4;  // from the packet number: as if that had its greatest length
constexpr uint8_t kLongHeaderMask = 0x0f;

Block counter_block(const std::array<uint8_t, 12>& nonce, uint32_t counter) {
  Block block;
  std::copy(nonce.begin(), nonce.end(), block.begin());
  for (size_t i = 0; i < 4; ++i) block[12 + i] = static_cast<uint8_t>(counter >> (24 - 8 * i));
  return block;
}

// AES-128-GCM for 96-bit nonces (NIST SP 800-38D 7.2).
class Gcm {
 public:
  Gcm(const Block& key, const std::array<uint8_t, 12>& nonce)
      : cipher_(key), ghash_(cipher_.encrypt(Block{})), nonce_(nonce) {}

  [[nodiscard]] bool is_authentic(Bytes header, Bytes sealed, Bytes tag) {
    ghash_.update(header);
    ghash_.update(sealed);
    Block lengths{};
    for (size_t i = 0; i < 8; ++i) {
      lengths[i] = static_cast<uint8_t>(uint64_t{header.size()} * 8 >> (56 - 8 * i));
      lengths[8 + i] = static_cast<uint8_t>(uint64_t{sealed.size()} * 8 >> (56 - 8 * i));
    }
    ghash_.update(lengths);
    Block expected = ghash_.sum();
    const Block mask = cipher_.encrypt(counter_block(nonce_, 1));
    for (size_t i = 0; i < expected.size(); ++i) expected[i] ^= mask[i];
    return Bytes(expected.data(), expected.size()) == tag;
  }

  // Requires: room for as many bytes.
  void decrypt(Bytes sealed, std::span<uint8_t> plain) const {
    FS_DCHECK(plain.size() >= sealed.size());
    uint32_t counter = 2;
    for (size_t at = 0; at < sealed.size(); at += sizeof(Block)) {
      const Block mask = cipher_.encrypt(counter_block(nonce_, counter++));
      const Bytes piece = sealed.sub(at, mask.size());
      for (size_t i = 0; i < piece.size(); ++i) plain[at + i] = piece[i] ^ mask[i];
    }
  }

 private:
  Aes128 cipher_;
  Ghash ghash_;
  std::array<uint8_t, 12> nonce_;
};

}  // namespace

uint64_t complete_packet_number(uint64_t next, uint64_t shortened, uint32_t bits) {
  const uint64_t window = uint64_t{1} << bits;
  const uint64_t candidate = (next & ~(window - 1)) | shortened;
  if (candidate + window / 2 <= next && candidate < (uint64_t{1} << 62) - window)
    return candidate + window;
  if (candidate > next + window / 2 && candidate >= window) return candidate - window;
  return candidate;
}

std::optional<OpenedPacket> open_packet(const LongPacket& packet, const PacketKeys& keys,
                                        NumberSpace numbers, OpenSpace& space) {
  const Bytes bytes = packet.bytes;
  const Bytes sample = bytes.sub(packet.number_at + kSampleOffset, sizeof(Block));
  if (!packet.is_whole || bytes.size() > space.size() || sample.size() < sizeof(Block))
    return std::nullopt;

  // Header protection, RFC 9001 5.4.1.
  Block mask;
  std::copy(sample.begin(), sample.end(), mask.begin());
  mask = Aes128(keys.header_key).encrypt(mask);
  const auto first_byte = static_cast<uint8_t>(bytes[0] ^ (mask[0] & kLongHeaderMask));
  const size_t number_bytes = (first_byte & 3) + size_t{1};
  const size_t header_bytes = packet.number_at + number_bytes;
  if (bytes.size() < header_bytes + kTagBytes) return std::nullopt;
  std::copy_n(bytes.begin(), header_bytes, space.begin());
  space[0] = first_byte;
  uint64_t shortened = 0;
  for (size_t i = 0; i < number_bytes; ++i) {
    space[packet.number_at + i] ^= mask[1 + i];
    shortened = shortened << 8 | space[packet.number_at + i];
  }

  OpenedPacket opened;
  opened.number =
      complete_packet_number(numbers.next, shortened, static_cast<uint32_t>(8 * number_bytes));
  std::array<uint8_t, 12> nonce = keys.iv;
  for (size_t i = 0; i < 8; ++i)
    nonce[nonce.size() - 1 - i] ^= static_cast<uint8_t>(opened.number >> (8 * i));
  const Bytes sealed = bytes.sub(header_bytes, bytes.size() - header_bytes - kTagBytes);
  const Bytes tag = bytes.after(bytes.size() - kTagBytes);
  Gcm gcm(keys.key, nonce);
  if (!gcm.is_authentic(Bytes(space.data(), header_bytes), sealed, tag)) return std::nullopt;
  const auto plain = std::span(space).subspan(header_bytes, sealed.size());
  gcm.decrypt(sealed, plain);
  opened.payload = Bytes(plain.data(), plain.size());
  return opened;
}

}  // namespace flowscope::quic
