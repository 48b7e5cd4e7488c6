#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "flowcore/base/bytes.h"
#include "l7/quic/versions.h"

namespace flowscope::quic {

// The first message of a client of Google's QUIC before TLS: tags and their values, seen in place
// (QUIC Crypto, revision of 2016). Lifetime: that of the message.
struct GoogleHello {
  Bytes tags;  // entries of eight bytes: tag and the end of its value
  Bytes server_name;
  Bytes user_agent;
  bool is_whole = true;  // false: some value reaches beyond the bytes
};

// Reads a message that starts with "CHLO". Nothing for any other, for more than kGoogleTagsMax tags
// and for values that are out of order; bytes behind the last value are passed over.
inline constexpr size_t kGoogleTagsMax = 64;
[[nodiscard]] std::optional<GoogleHello> read_google_hello(Bytes message);

// A packet of the versions Q039 to Q046, whose first message is not encrypted.
struct GooglePacket {
  Version version = Version::Negotiation;
  Bytes frames;
};
// Reads the header of a client's packet that names its version. Nothing for any other packet.
[[nodiscard]] std::optional<GooglePacket> read_google_packet(Bytes datagram);
// The hello in the first stream frame of such a packet.
[[nodiscard]] std::optional<GoogleHello> find_google_hello(const GooglePacket& packet);

// The CYU fingerprint of a hello: the version's number and the tags in their order, such as
// "46,PAD-SNI-STK", and the text's MD5 in hexadecimal.
class Cyu {
 public:
  Cyu(Version version, Bytes tags);
  [[nodiscard]] std::string_view text() const { return {text_.data(), size_}; }
  [[nodiscard]] std::string_view hash() const { return {hash_.data(), hash_.size()}; }

 private:
  std::array<char, 4 + kGoogleTagsMax * 5> text_;  // left unset behind size_
  size_t size_ = 0;
  std::array<char, 32> hash_;
};

}  // namespace flowscope::quic
