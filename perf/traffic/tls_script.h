#pragma once

#include <cstdint>
#include <string>

#include "perf/traffic/session.h"
#include "perf/traffic/world.h"

namespace flowscope::traffic {

// One TLS session: who asks for what in which version, and how much is sent once it is encrypted.
struct TlsExchange {
  enum class Version : uint8_t { Tls12, Tls13 };
  // What the ClientHello looks like: with GREASE and many extensions, or few.
  enum class Client : uint8_t { Browser, Library };
  // PostQuantum makes the ClientHello longer than a segment (X25519MLKEM768).
  enum class KeyShare : uint8_t { Classic, PostQuantum };

  std::string host;
  Version version = Version::Tls13;
  Client client = Client::Browser;
  KeyShare key_share = KeyShare::Classic;
  uint32_t request_bytes = 400;
  uint32_t response_bytes = 4000;
};

[[nodiscard]] TlsExchange random_tls(const World& world, Random& random);
// From ClientHello to close_notify; the TCP handshake and FIN are the caller's.
void say_tls(Session& session, const TlsExchange& exchange, const World& world, Random& random);

}  // namespace flowscope::traffic
