#pragma once

#include <array>
#include <cstdint>

#include "flowcore/base/bytes.h"
#include "l7/quic/versions.h"

namespace flowscope::quic {

// Which end sends the packets that a set of keys protects.
enum class Role : uint8_t { Client, Server };
[[nodiscard]] constexpr Role other_role(Role role) {
  return role == Role::Client ? Role::Server : Role::Client;
}

// What protects the packets of one role (RFC 9001 5.1); for Initials these are no secrets.
struct PacketKeys {
  std::array<uint8_t, 16> key{};         // AES-128-GCM
  std::array<uint8_t, 12> iv{};          // joined with the packet number
  std::array<uint8_t, 16> header_key{};  // AES-128 over a sample

  friend bool operator==(const PacketKeys&, const PacketKeys&) = default;
};

// Derives the keys of Initial packets from the identifier that the client chose for the server
// (RFC 9001 5.2, RFC 9369 3.3). Cost: 16 rounds of SHA-256; no allocation.
[[nodiscard]] PacketKeys derive_initial_keys(const Protection& protection, Bytes destination_id,
                                             Role sender);

}  // namespace flowscope::quic
