#include "perf/traffic/tls_script.h"

#include <algorithm>
#include <array>

#include "perf/traffic/wire_text.h"

namespace flowscope::traffic {
namespace {

enum class ContentType : uint8_t {
  ChangeCipherSpec = 20,
  Alert = 21,
  Handshake = 22,
  Application = 23
};
enum class HandshakeType : uint8_t {
  ClientHello = 1,
  ServerHello = 2,
  Certificate = 11,
  ServerKeyExchange = 12,
  ServerHelloDone = 14,
  ClientKeyExchange = 16,
};

constexpr uint16_t kVersion12 = 0x0303;
constexpr uint16_t kVersion13 = 0x0304;
constexpr uint16_t kGroupX25519 = 0x001d;
constexpr uint16_t kGroupHybrid = 0x11ec;
constexpr size_t kRecordBytesMax = 16384;

// Extension numbers, IANA "TLS ExtensionType Values".
constexpr uint16_t kServerName = 0, kGroups = 10, kPointFormats = 11, kSignatures = 13, kAlpn = 16,
                   kPadding = 21, kMasterSecret = 23, kSessionTicket = 35, kVersions = 43,
                   kPskModes = 45, kKeyShares = 51, kRenegotiation = 0xff01;

// Writes TLS structures: records, handshake messages, extensions.
class TlsText : public WireText {
 public:
  explicit TlsText(std::string& out) : WireText(out) {}

  template <class Write>
  void record(ContentType type, Write write) {
    u8(static_cast<uint8_t>(type)).u16(kVersion12).prefixed(2, write);
  }
  template <class Write>
  void handshake(HandshakeType type, Write write) {
    u8(static_cast<uint8_t>(type)).prefixed(3, write);
  }
  template <class Write>
  void extension(uint16_t number, Write write) {
    u16(number).prefixed(2, write);
  }
};

struct Hello {
  const TlsExchange& exchange;
  const World& world;
  Random& random;
  std::string_view session_id;

  [[nodiscard]] bool is_13() const { return exchange.version == TlsExchange::Version::Tls13; }
  [[nodiscard]] bool is_browser() const { return exchange.client == TlsExchange::Client::Browser; }
  [[nodiscard]] bool is_hybrid() const {
    return is_13() && exchange.key_share == TlsExchange::KeyShare::PostQuantum;
  }
  // One of the reserved values of RFC 8701.
  [[nodiscard]] uint16_t grease() const {
    return static_cast<uint16_t>(0x0a0a + 0x1010 * random.below(16));
  }
};

void write_ciphers(TlsText& tls, const Hello& hello) {
  if (hello.is_browser()) tls.u16(hello.grease());
  if (hello.is_13()) tls.u16(0x1301).u16(0x1302).u16(0x1303);
  for (const int cipher : {0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8})
    tls.u16(static_cast<uint64_t>(cipher));
  if (hello.is_browser()) {
    for (const int cipher : {0xc013, 0xc014, 0x009c, 0x009d, 0x002f, 0x0035})
      tls.u16(static_cast<uint64_t>(cipher));
  }
}

void write_alpn(TlsText& tls, std::initializer_list<std::string_view> protocols) {
  tls.extension(kAlpn, [&] {
    tls.prefixed(2, [&] {
      for (const std::string_view protocol : protocols) {
        tls.prefixed(1, [&] { tls.bytes(protocol); });
      }
    });
  });
}

void write_client_key_shares(TlsText& tls, const Hello& hello) {
  const auto share = [&](uint16_t group, size_t bytes) {
    tls.u16(group).prefixed(2, [&] { tls.bytes(hello.world.opaque(hello.random, bytes)); });
  };
  tls.extension(kKeyShares, [&] {
    tls.prefixed(2, [&] {
      if (hello.is_browser()) share(hello.grease(), 1);
      if (hello.is_hybrid()) share(kGroupHybrid, 1216);
      share(kGroupX25519, 32);
    });
  });
}

void write_client_extensions_13(TlsText& tls, const Hello& hello) {
  tls.extension(kPskModes, [&] { tls.u8(1).u8(1); });
  tls.extension(kVersions, [&] {
    tls.prefixed(1, [&] {
      if (hello.is_browser()) tls.u16(hello.grease());
      tls.u16(kVersion13).u16(kVersion12);
    });
  });
  write_client_key_shares(tls, hello);
}

void write_client_extensions(TlsText& tls, const Hello& hello) {
  if (hello.is_browser()) tls.extension(hello.grease(), [] {});
  tls.extension(kServerName, [&] {
    tls.prefixed(2, [&] { tls.u8(0).prefixed(2, [&] { tls.bytes(hello.exchange.host); }); });
  });
  tls.extension(kMasterSecret, [] {});
  tls.extension(kRenegotiation, [&] { tls.u8(0); });
  tls.extension(kGroups, [&] {
    tls.prefixed(2, [&] {
      if (hello.is_browser()) tls.u16(hello.grease());
      if (hello.is_hybrid()) tls.u16(kGroupHybrid);
      tls.u16(kGroupX25519).u16(0x0017).u16(0x0018);
    });
  });
  tls.extension(kPointFormats, [&] { tls.u8(1).u8(0); });
  tls.extension(kSessionTicket, [] {});
  if (hello.is_browser()) {
    write_alpn(tls, {"h2", "http/1.1"});
  } else {
    write_alpn(tls, {"http/1.1"});
  }
  tls.extension(kSignatures, [&] {
    tls.prefixed(2, [&] { tls.u16(0x0403).u16(0x0804).u16(0x0401).u16(0x0503).u16(0x0805); });
  });
  if (hello.is_13()) write_client_extensions_13(tls, hello);
}

// RFC 8446 section 4.1.2, and RFC 7685 for the padding to 512 bytes.
[[nodiscard]] std::string client_hello(const Hello& hello) {
  constexpr size_t kPaddedBytes = 512;
  std::string extensions;
  TlsText extension_text(extensions);
  write_client_extensions(extension_text, hello);
  // 4 for the handshake header, then version, random, session id, ciphers, compression, two
  // lengths.
  const size_t fixed_bytes = 4 + 2 + 32 + 1 + hello.session_id.size() + 4 + 2 + 2;
  const size_t ciphers_bytes = (hello.is_browser() ? 26 : 12) + (hello.is_13() ? 6 : 0);
  const size_t bytes = fixed_bytes + ciphers_bytes + extensions.size();
  if (hello.is_browser() && bytes + 4 < kPaddedBytes) {
    const std::string zeros(kPaddedBytes - bytes - 4, '\0');
    extension_text.extension(kPadding, [&] { extension_text.bytes(zeros); });
  }

  std::string out;
  TlsText tls(out);
  tls.record(ContentType::Handshake, [&] {
    tls.handshake(HandshakeType::ClientHello, [&] {
      tls.u16(kVersion12).bytes(hello.world.opaque(hello.random, 32));
      tls.prefixed(1, [&] { tls.bytes(hello.session_id); });
      tls.prefixed(2, [&] { write_ciphers(tls, hello); });
      tls.u8(1).u8(0);
      tls.prefixed(2, [&] { tls.bytes(extensions); });
    });
  });
  // RFC 8446 section 5.1: the first record may say 1.0, and does.
  out[2] = 0x01;
  return out;
}

void write_server_extensions(TlsText& tls, const Hello& hello) {
  if (!hello.is_13()) {
    tls.extension(kRenegotiation, [&] { tls.u8(0); });
    tls.extension(kPointFormats, [&] { tls.u8(1).u8(0); });
    tls.extension(kMasterSecret, [] {});
    write_alpn(tls, {hello.is_browser() ? "h2" : "http/1.1"});
    return;
  }
  tls.extension(kKeyShares, [&] {
    tls.u16(hello.is_hybrid() ? kGroupHybrid : kGroupX25519).prefixed(2, [&] {
      tls.bytes(hello.world.opaque(hello.random, hello.is_hybrid() ? 1120 : 32));
    });
  });
  tls.extension(kVersions, [&] { tls.u16(kVersion13); });
}

void write_server_hello(TlsText& tls, const Hello& hello) {
  tls.record(ContentType::Handshake, [&] {
    tls.handshake(HandshakeType::ServerHello, [&] {
      tls.u16(kVersion12).bytes(hello.world.opaque(hello.random, 32));
      // TLS 1.3 echoes the client's; in TLS 1.2 that would mean that an old session goes on.
      tls.prefixed(1, [&] {
        tls.bytes(hello.is_13() ? hello.session_id : hello.world.opaque(hello.random, 32));
      });
      tls.u16(hello.is_13() ? 0x1301 : 0xc02f).u8(0);
      tls.prefixed(2, [&] { write_server_extensions(tls, hello); });
    });
  });
}

void write_change_cipher_spec(TlsText& tls) {
  tls.record(ContentType::ChangeCipherSpec, [&] { tls.u8(1); });
}

// `bytes` of ciphertext, in records as long as may be.
void write_encrypted(TlsText& tls, const Hello& hello, ContentType type, uint32_t bytes) {
  while (bytes != 0) {
    const uint32_t record_bytes = std::min<uint32_t>(bytes, kRecordBytesMax);
    tls.record(type, [&] { tls.bytes(hello.world.opaque(hello.random, record_bytes)); });
    bytes -= record_bytes;
  }
}

// RFC 8446 section 2: all behind the ServerHello is encrypted and looks like application records.
void say_handshake_13(Session& session, const Hello& hello) {
  std::string out;
  TlsText tls(out);
  write_server_hello(tls, hello);
  write_change_cipher_spec(tls);
  write_encrypted(tls, hello, ContentType::Application, 45);    // EncryptedExtensions
  write_encrypted(tls, hello, ContentType::Application, 2500);  // Certificate
  write_encrypted(tls, hello, ContentType::Application, 281);   // CertificateVerify
  write_encrypted(tls, hello, ContentType::Application, 69);    // Finished
  session.say(FlowSide::Responder, out);
  out.clear();
  write_change_cipher_spec(tls);
  write_encrypted(tls, hello, ContentType::Application, 69);
  session.say(FlowSide::Initiator, out);
}

void write_server_key_exchange(TlsText& tls, const Hello& hello) {
  tls.handshake(HandshakeType::ServerKeyExchange, [&] {
    tls.u8(3).u16(kGroupX25519);
    tls.prefixed(1, [&] { tls.bytes(hello.world.opaque(hello.random, 32)); });
    tls.u16(0x0804).prefixed(2, [&] { tls.bytes(hello.world.opaque(hello.random, 256)); });
  });
}

// RFC 5246 section 7.3 with the key exchange of RFC 8422.
void say_handshake_12(Session& session, const Hello& hello) {
  std::string out;
  TlsText tls(out);
  write_server_hello(tls, hello);
  tls.record(ContentType::Handshake, [&] {
    tls.handshake(HandshakeType::Certificate, [&] {
      tls.prefixed(3, [&] { tls.bytes(hello.world.certificate_list(hello.random)); });
    });
  });
  tls.record(ContentType::Handshake, [&] {
    write_server_key_exchange(tls, hello);
    tls.handshake(HandshakeType::ServerHelloDone, [] {});
  });
  session.say(FlowSide::Responder, out);
  out.clear();
  tls.record(ContentType::Handshake, [&] {
    tls.handshake(HandshakeType::ClientKeyExchange, [&] {
      tls.prefixed(1, [&] { tls.bytes(hello.world.opaque(hello.random, 32)); });
    });
  });
  write_change_cipher_spec(tls);
  write_encrypted(tls, hello, ContentType::Handshake, 40);
  session.say(FlowSide::Initiator, out);
  out.clear();
  write_change_cipher_spec(tls);
  write_encrypted(tls, hello, ContentType::Handshake, 40);
  session.say(FlowSide::Responder, out);
}

}  // namespace

TlsExchange random_tls(const World& world, Random& random) {
  TlsExchange exchange{.host = world.host(random)};
  if (random.one_in(4)) exchange.version = TlsExchange::Version::Tls12;
  if (random.one_in(3)) exchange.client = TlsExchange::Client::Library;
  if (random.one_in(3)) exchange.key_share = TlsExchange::KeyShare::PostQuantum;
  exchange.request_bytes = random.between(200, 1200);
  exchange.response_bytes = random.between(2'000, 54'000);
  return exchange;
}

void say_tls(Session& session, const TlsExchange& exchange, const World& world, Random& random) {
  const bool is_13 = exchange.version == TlsExchange::Version::Tls13;
  const Hello hello{.exchange = exchange,
                    .world = world,
                    .random = random,
                    .session_id = world.opaque(random, 32)};
  session.say(FlowSide::Initiator, client_hello(hello));
  is_13 ? say_handshake_13(session, hello) : say_handshake_12(session, hello);

  std::string out;
  TlsText tls(out);
  const ContentType alert = is_13 ? ContentType::Application : ContentType::Alert;
  const uint32_t alert_bytes = is_13 ? 19 : 26;
  write_encrypted(tls, hello, ContentType::Application, exchange.request_bytes);
  session.say(FlowSide::Initiator, out);
  out.clear();
  write_encrypted(tls, hello, ContentType::Application, exchange.response_bytes);
  session.say(FlowSide::Responder, out);
  out.clear();
  write_encrypted(tls, hello, alert, alert_bytes);
  session.say(FlowSide::Initiator, out);
}

}  // namespace flowscope::traffic
