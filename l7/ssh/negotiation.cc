#include "l7/ssh/negotiation.h"

#include <algorithm>

#include "l7/ssh/wire.h"

namespace flowscope::ssh {
namespace {

std::string_view first_name(std::string_view list) { return list.substr(0, list.find(',')); }

// The first name of `client` that `server` has; empty when there is none within the limits.
std::string_view first_common(std::string_view client, std::string_view server) {
  // Left unset: only server_count of them are ever read.
  std::array<std::string_view, kServerNamesMax> server_names;
  size_t server_count = 0;
  NameWalk server_walk(server);
  while (server_count < kServerNamesMax && server_walk.next()) {
    server_names[server_count++] = server_walk.name();
  }
  size_t comparisons_left = kComparisonsMax;
  NameWalk client_walk(client);
  while (comparisons_left >= server_count && client_walk.next()) {
    comparisons_left -= server_count;
    const std::string_view name = client_walk.name();
    const auto end = server_names.begin() + static_cast<ptrdiff_t>(server_count);
    if (!name.empty() && std::find(server_names.begin(), end, name) != end) return name;
  }
  return {};
}

AlgorithmsPerDirection first_common(const AlgorithmsPerDirection& client,
                                    const AlgorithmsPerDirection& server) {
  return {first_common(client.to_server, server.to_server),
          first_common(client.to_client, server.to_client)};
}

// The ciphers with which no MAC is used, whatever the lists of MACs come to (OpenSSH PROTOCOL 1.6
// and its chacha20-poly1305 document).
bool authenticates_itself(std::string_view cipher) {
  return cipher.starts_with("chacha20-poly1305") || cipher.starts_with("aes128-gcm")
         || cipher.starts_with("aes256-gcm");
}

}  // namespace

Negotiation negotiate(const KexInit& client, const KexInit& server) {
  Negotiation chosen;
  chosen.kex = first_common(client.kex, server.kex);
  chosen.host_key = first_common(client.host_keys, server.host_keys);
  chosen.cipher = first_common(client.ciphers, server.ciphers);
  chosen.mac = first_common(client.macs, server.macs);
  if (authenticates_itself(chosen.cipher.to_server)) chosen.mac.to_server = {};
  if (authenticates_itself(chosen.cipher.to_client)) chosen.mac.to_client = {};
  chosen.compression = first_common(client.compressions, server.compressions);
  chosen.strict_kex = asks_for_strict_kex(client.kex) && asks_for_strict_kex(server.kex);
  if (client.first_packet_follows || server.first_packet_follows) {
    chosen.guess_is_right = first_name(client.kex) == first_name(server.kex)
                            && first_name(client.host_keys) == first_name(server.host_keys);
  }
  return chosen;
}

}  // namespace flowscope::ssh
