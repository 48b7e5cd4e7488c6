#include "l7/quic/versions.h"

#include <charconv>

namespace flowscope::quic {
namespace {

constexpr Protection kV1 = {.salt = {0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17,
                                     0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a}};
constexpr Protection kV2 = {.salt = {0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6, 0xdb, 0x81, 0x93,
                                     0x81, 0xbe, 0x6e, 0x26, 0x9d, 0xcb, 0xf9, 0xbd, 0x2e, 0xd9},
                            .has_v2_labels = true};
constexpr Protection kDraft29 = {.salt = {0xaf, 0xbf, 0xec, 0x28, 0x99, 0x93, 0xd2,
                                          0x4c, 0x9e, 0x97, 0x86, 0xf1, 0x9c, 0x61,
                                          0x11, 0xe0, 0x43, 0x90, 0xa8, 0x99}};
constexpr Protection kDraft23 = {.salt = {0xc3, 0xee, 0xf7, 0x12, 0xc7, 0x2e, 0xbb,
                                          0x5a, 0x11, 0xa7, 0xd2, 0x43, 0x2b, 0xb4,
                                          0x63, 0x65, 0xbe, 0xf9, 0xf5, 0x02}};
constexpr Protection kDraft22 = {.salt = {0x7f, 0xbc, 0xdb, 0x0e, 0x7c, 0x66, 0xbb,
                                          0xe9, 0x19, 0x3a, 0x96, 0xcd, 0x21, 0x51,
                                          0x9e, 0xbd, 0x7a, 0x02, 0x64, 0x4a}};
constexpr Protection kQ050 = {.salt = {0x50, 0x45, 0x74, 0xef, 0xd0, 0x66, 0xfe, 0x2f, 0x9d, 0x94,
                                       0x5c, 0xfc, 0xdb, 0xd3, 0xa7, 0xf0, 0xd3, 0xb5, 0x6b, 0x45},
                              .has_google_frames = true};
constexpr Protection kT050 = {.salt = {0x7f, 0xf5, 0x79, 0xe5, 0xac, 0xd0, 0x72, 0x91, 0x55, 0x80,
                                       0x30, 0x4c, 0x43, 0xa2, 0x36, 0x7c, 0x60, 0x48, 0x83, 0x10},
                              .has_google_frames = true};
constexpr Protection kT051 = {.salt = {0x7a, 0x4e, 0xde, 0xf4, 0xe7, 0xcc, 0xee, 0x5f, 0xa4, 0x50,
                                       0x6c, 0x19, 0x12, 0x4f, 0xc8, 0xcc, 0xda, 0x6e, 0x03, 0x3d},
                              .has_google_frames = true};

using Choice = std::span<const Protection* const>;

constexpr std::array<const Protection*, 1> kOnlyV1 = {&kV1};
constexpr std::array<const Protection*, 1> kOnlyV2 = {&kV2};
constexpr std::array<const Protection*, 1> kOnlyDraft29 = {&kDraft29};
constexpr std::array<const Protection*, 1> kOnlyDraft23 = {&kDraft23};
constexpr std::array<const Protection*, 1> kOnlyDraft22 = {&kDraft22};
constexpr std::array<const Protection*, 1> kOnlyQ050 = {&kQ050};
constexpr std::array<const Protection*, 1> kOnlyT050 = {&kT050};
constexpr std::array<const Protection*, 1> kOnlyT051 = {&kT051};
constexpr std::array<const Protection*, 2> kGuesses = {&kV1, &kDraft29};

Choice protections_of_draft(uint32_t draft) {
  if (draft > 34 || draft < 22) return {};
  if (draft >= 33) return kOnlyV1;
  if (draft >= 29) return kOnlyDraft29;
  return draft >= 23 ? Choice(kOnlyDraft23) : Choice(kOnlyDraft22);
}

}  // namespace

std::span<const Protection* const> protections_of(Version version) {
  switch (version) {
    case Version::Negotiation:
    case Version::GoogleQ046:
      return {};
    case Version::V1:
      return kOnlyV1;
    case Version::V2:
      return kOnlyV2;
    case Version::GoogleQ050:
      return kOnlyQ050;
    case Version::GoogleT050:
      return kOnlyT050;
    case Version::GoogleT051:
      return kOnlyT051;
    case Version::Mvfst22:
      return kOnlyDraft22;
    case Version::Mvfst27:
    case Version::MvfstTrial:
      return kOnlyDraft23;
  }
  const auto number = static_cast<uint32_t>(version);
  if (number >> 8 == 0xff0000) return protections_of_draft(number & 0xff);
  return is_reserved(version) ? Choice(kGuesses) : Choice();
}

VersionText::VersionText(Version version) {
  const auto number = static_cast<uint32_t>(version);
  const auto letter = static_cast<char>(number >> 24);
  if ((letter == 'Q' || letter == 'T') && (number >> 16 & 0xff) == '0') {
    for (int shift = 24; shift >= 0; shift -= 8)
      chars_[size_++] = static_cast<char>(number >> shift & 0xff);
    return;
  }
  const auto end = std::to_chars(chars_.data(), chars_.data() + chars_.size(), number, 16).ptr;
  size_ = static_cast<size_t>(end - chars_.data());
}

}  // namespace flowscope::quic
