#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace flowscope::quic {

// As it stands in a long header (RFC 8999 5.1); any value can occur.
enum class Version : uint32_t {
  Negotiation = 0,          // the mark of a Version Negotiation packet
  V1 = 0x00000001,          // RFC 9000
  V2 = 0x6b3343cf,          // RFC 9369
  GoogleQ046 = 0x51303436,  // Google's versions are four letters
  GoogleQ050 = 0x51303530,
  GoogleT050 = 0x54303530,
  GoogleT051 = 0x54303531,
  Mvfst22 = 0xfaceb001,  // variants of drafts that one large site used
  Mvfst27 = 0xfaceb002,
  MvfstTrial = 0xfaceb00e,
};

// Values that clients send to force a negotiation (RFC 9000 15): 0x?a?a?a?a.
[[nodiscard]] constexpr bool is_reserved(Version version) {
  return (static_cast<uint32_t>(version) & 0x0f0f0f0f) == 0x0a0a0a0a;
}

// What differs between versions in how Initial packets are protected and read.
struct Protection {
  std::array<uint8_t, 20> salt;
  bool has_v2_labels = false;      // RFC 9369 3.3.2; its packet types are turned by one as well
  bool has_google_frames = false;  // frame types from before Google took up the RFC's
};

// The ways in which an Initial of this version may be protected: one for a version that we can
// open, two guesses for a reserved one, none for all others. Lives for ever.
[[nodiscard]] std::span<const Protection* const> protections_of(Version version);

// The number as EVE readers know it: Google's letters, else hexadecimal without leading zeros: "1",
// "6b3343cf", "ff00001d", "Q046".
class VersionText {
 public:
  explicit VersionText(Version version);
  [[nodiscard]] std::string_view text() const { return {chars_.data(), size_}; }

 private:
  std::array<char, 8> chars_{};
  size_t size_ = 0;
};

}  // namespace flowscope::quic
