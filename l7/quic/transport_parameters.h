#pragma once

#include <string_view>

#include "flowcore/base/bytes.h"

namespace flowscope::quic {

// What a client calls itself in its transport parameters (RFC 9000 18; parameter 0x3129, which
// Google's clients send), cut to kUserAgentBytesMax; empty without it.
// `extensions` is the block of extensions of a ClientHello; the text lives as long as it does.
inline constexpr size_t kUserAgentBytesMax = 255;
[[nodiscard]] std::string_view find_user_agent(Bytes extensions);

}  // namespace flowscope::quic
