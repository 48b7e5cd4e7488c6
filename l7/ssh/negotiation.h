#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "l7/ssh/kex_init.h"

namespace flowscope::ssh {

// What both KEXINITs come to; a name that could not be told is empty.
// Lifetime: that of both messages.
struct Negotiation {
  std::string_view kex;
  std::string_view host_key;
  AlgorithmsPerDirection cipher;
  AlgorithmsPerDirection mac;  // empty as well when the cipher authenticates by itself
  AlgorithmsPerDirection compression;
  bool strict_kex = false;  // both sides asked for it
  // Whether a guess that was sent fits (RFC 4253 7); nothing when nobody guessed.
  std::optional<bool> guess_is_right;
};

// The most names of a list that are compared; it bounds the work of two long lists.
inline constexpr size_t kNamesComparedMax = 128;

// Applies the rule of RFC 4253 7.1: the first of the client's names that the server has too. Does
// not check that a host key suits the key exchange, which no implementation in use needs.
// Cost: at most kNamesComparedMax squared comparisons of names for each of eight lists; a few
// hundred in all for usual ones.
[[nodiscard]] Negotiation negotiate(const KexInit& client, const KexInit& server);

}  // namespace flowscope::ssh
