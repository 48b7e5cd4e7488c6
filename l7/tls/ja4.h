#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "l7/digest/digest_memo.h"
#include "l7/tls/client_hello.h"

namespace flowscope::tls {

// What carries the hello; the first letter of a JA4.
enum class Carrier : char { Tcp = 't', Quic = 'q', Datagram = 'd' };

// The text of a JA4 client fingerprint, such as t13d1516h2_8daaf6152771_e5627efa2ab1.
using Ja4 = std::array<char, 36>;
[[nodiscard]] inline std::string_view as_text(const Ja4& ja4) { return {ja4.data(), ja4.size()}; }

// More cipher suites, extensions or signature algorithms than this give no JA4; it bounds the
// sorting.
inline constexpr size_t kJa4ItemsMax = 512;

// Computes the JA4 of a client: only this one of the JA4 family, which is under a BSD licence.
// Nothing, when one of the hello's lists is longer than kJa4ItemsMax. Costs two of SHA-256, unless
// `digests` has them.
[[nodiscard]] std::optional<Ja4> make_ja4(const ClientHello& hello, Carrier carrier,
                                          DigestMemo* digests = nullptr);

}  // namespace flowscope::tls
