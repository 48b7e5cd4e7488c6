#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "l7/ssh/kex_init.h"

namespace flowscope::ssh {

// What both KEXINITs come to. A name is empty when the lists have none in common, or none within
// the limits below. Lifetime: that of both messages.
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

// The most names of the server's list that are looked at, and the most comparisons of names for one
// pair of lists; they bound the work that two long lists make. Usual ones need a few dozen.
inline constexpr size_t kServerNamesMax = 128;
inline constexpr size_t kComparisonsMax = 2048;

// Applies the rule of RFC 4253 7.1: the first of the client's names that the server has too. Does
// not check that a host key suits the key exchange, which no implementation in use needs.
// Cost: for each of eight pairs of lists a walk over both and at most kComparisonsMax comparisons.
[[nodiscard]] Negotiation negotiate(const KexInit& client, const KexInit& server);

}  // namespace flowscope::ssh
