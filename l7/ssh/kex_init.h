#pragma once

#include <optional>
#include <string_view>

#include "flowcore/base/bytes.h"
#include "flowcore/base/flow_side.h"

namespace flowscope::ssh {

// Which part a side plays; told by what it sends, not by who opened the flow.
enum class Role : uint8_t { Client, Server };
[[nodiscard]] constexpr Role other_role(Role role) {
  return role == Role::Client ? Role::Server : Role::Client;
}

// One kind of algorithm for each way the bytes go, as name-lists in the sender's order.
struct AlgorithmsPerDirection {
  std::string_view to_server;
  std::string_view to_client;

  // The list for what a side of this role sends.
  [[nodiscard]] std::string_view sent_by(Role role) const {
    return role == Role::Client ? to_server : to_client;
  }
};

// A KEXINIT message seen in place (RFC 4253 7.1): every list is a cut of it.
// Lifetime: that of the message.
struct KexInit {
  std::string_view kex;
  std::string_view host_keys;
  AlgorithmsPerDirection ciphers;
  AlgorithmsPerDirection macs;
  AlgorithmsPerDirection compressions;
  bool first_packet_follows = false;  // the sender guessed the key exchange and went on with it
  // False when the message ends before its last field; the lists above are whole all the same.
  bool sound = true;
};

// Reads the message behind its type. Nothing, when it ends before its lists of compressions do.
[[nodiscard]] std::optional<KexInit> read_kex_init(Bytes body);

// Whether `list` has this name.
[[nodiscard]] bool has_name(std::string_view list, std::string_view name);
// The role that a mark among the key exchange names tells: ext-info (RFC 8308 2.1) and OpenSSH's
// kex-strict, each with -c or -s.
[[nodiscard]] std::optional<Role> marked_role(std::string_view kex);
// Whether this side asks for strict key exchange (OpenSSH PROTOCOL 1.10).
[[nodiscard]] bool asks_for_strict_kex(std::string_view kex);

}  // namespace flowscope::ssh
