#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "flowcore/base/bytes.h"
#include "flowcore/base/flow_side.h"
#include "l7/parser.h"
#include "l7/tls/certificate_fields.h"
#include "l7/tls/names.h"
#include "l7/tls/number_names.h"
#include "l7/tls/wire.h"

namespace flowscope::tls {

// What a record tells of one hello, of either kind; texts and lists that were not there are empty.
struct HelloFields {
  static constexpr size_t kKeyShareGroupsMax = 8;

  // What fits into a few words, so that it can be kept as it is.
  struct Numbers {
    // ClientHello: the highest offered; ServerHello: the chosen one.
    ProtocolVersion version = ProtocolVersion::None;
    uint16_t cipher_suite = 0;  // ServerHello: the chosen one
    uint16_t group = 0;         // ServerHello: the chosen one, 0 when it did not say
    std::array<uint16_t, kKeyShareGroupsMax> key_share_groups{};  // ClientHello, GREASE left out
    uint8_t key_share_count = 0;
    bool has_cipher_suite = false;
    bool has_pre_shared_key = false;
    bool has_session_ticket = false;  // ClientHello: one to resume from; ServerHello: one will come
    bool has_zero_rtt = false;
    bool has_encrypted_client_hello = false;
  };

  Numbers numbers;
  std::string_view server_name;
  Bytes alpns;  // for AlpnWalk
  Bytes session_id;
  U16List groups;             // ClientHello: those it supports
  std::string_view ja3_text;  // JA3S for a ServerHello; empty beside a hash when it was too long
  std::string_view ja3_hash;
  std::string_view ja4;
};

// The last alert that was sent in clear before the record was complete (RFC 8446 6).
struct Alert {
  static constexpr uint8_t kWarning = 1;
  static constexpr uint8_t kFatal = 2;
  static constexpr uint8_t kCloseNotify = 0;

  uint8_t level = 0;  // 0: there was none
  uint8_t description = 0;
};

// What the handshake showed besides its hellos and certificates.
struct HandshakeSigns {
  Alert alert;
  bool hello_retry_request = false;    // the server asked for another hello (RFC 8446 4.1.4)
  bool hello_verify_request = false;   // the server asked for a cookie (RFC 6347 4.2.1)
  bool certificate_requested = false;  // of the client (RFC 5246 7.4.4)
};

// The one record of a TLS flow: what both hellos say, or the one of them that was seen, and the
// certificates behind them where they are sent in clear.
// Lifetime: the sink call.
struct TlsSession {
  static constexpr const char* kEvent = "tls";

  const HelloFields* client = nullptr;  // null: that hello was not seen
  const HelloFields* server = nullptr;
  const CertificateFields* server_certificate = nullptr;  // null: none was seen
  const CertificateFields* client_certificate = nullptr;
  HandshakeSigns signs;

  // The server accepted what the client remembered of an earlier session: a pre-shared key in
  // TLS 1.3, before it an echoed session id (RFC 5246 7.4.1.3, RFC 5077 3.4).
  [[nodiscard]] bool is_resumed() const {
    if (client == nullptr || server == nullptr) return false;
    if (server->numbers.has_pre_shared_key) return true;
    return !hides_certificates(server->numbers.version) && echoes_session_id();
  }
  // In TLS 1.3 it means nothing, but some of its clients expect it (RFC 8446 4.1.3).
  [[nodiscard]] bool echoes_session_id() const {
    return client != nullptr && server != nullptr && !server->session_id.empty()
           && server->session_id == client->session_id;
  }

  template <FieldVisitor V>
  void describe(V& visitor) const {
    if (is_resumed()) visitor.boolean("session_resumed", true);
    if (server_certificate != nullptr) server_certificate->describe(visitor);
    if (client != nullptr && !client->server_name.empty()) visitor.text("sni", client->server_name);
    if (server != nullptr) visitor.text("version", VersionName(server->numbers.version).text());
    if (server_certificate != nullptr) server_certificate->describe_more(visitor);
    if (client_certificate != nullptr) {
      visitor.begin_object("client");
      client_certificate->describe(visitor);
      client_certificate->describe_more(visitor);
      visitor.end_object();
    }
    if (client != nullptr) describe_ja3(visitor, "ja3", *client);
    if (server != nullptr) describe_ja3(visitor, "ja3s", *server);
    if (client != nullptr && !client->ja4.empty()) visitor.text("ja4", client->ja4);
    if (client != nullptr) describe_alpns(visitor, "client_alpns", client->alpns);
    if (server != nullptr) describe_alpns(visitor, "server_alpns", server->alpns);
    if (server != nullptr) describe_choice(visitor, server->numbers);
    if (client != nullptr) describe_offer(visitor);
    describe_signs(visitor);
  }

 private:
  template <FieldVisitor V>
  static void describe_ja3(V& visitor, const char* name, const HelloFields& hello) {
    if (hello.ja3_hash.empty()) return;
    visitor.begin_object(name);
    visitor.text("hash", hello.ja3_hash);
    if (!hello.ja3_text.empty()) visitor.text("string", hello.ja3_text);
    visitor.end_object();
  }

  template <FieldVisitor V>
  static void describe_alpns(V& visitor, const char* name, Bytes alpns) {
    if (alpns.empty()) return;
    visitor.begin_array(name);
    AlpnWalk walk(alpns);
    while (walk.next()) visitor.text(nullptr, walk.name().as_text());
    visitor.end_array();
  }

  template <FieldVisitor V>
  static void describe_choice(V& visitor, const HelloFields::Numbers& numbers) {
    if (numbers.has_cipher_suite)
      visitor.text("cipher_suite", cipher_suite_name(numbers.cipher_suite).text());
    if (numbers.group != 0) visitor.text("group", group_name(numbers.group).text());
    if (numbers.has_session_ticket) visitor.boolean("session_ticket_promised", true);
  }

  template <FieldVisitor V>
  void describe_offer(V& visitor) const {
    const HelloFields::Numbers& numbers = client->numbers;
    if (!client->groups.empty()) {
      visitor.begin_array("supported_groups");
      for (size_t i = 0; i < client->groups.size(); ++i) {
        if (!is_grease(client->groups[i]))
          visitor.text(nullptr, group_name(client->groups[i]).text());
      }
      visitor.end_array();
    }
    if (numbers.key_share_count > 0) {
      visitor.begin_array("key_share_groups");
      for (size_t i = 0; i < numbers.key_share_count; ++i)
        visitor.text(nullptr, group_name(numbers.key_share_groups[i]).text());
      visitor.end_array();
    }
    if (echoes_session_id()) visitor.boolean("session_id_echoed", true);
    if (numbers.has_session_ticket) visitor.boolean("session_ticket_offered", true);
    if (numbers.has_pre_shared_key) visitor.boolean("pre_shared_key_offered", true);
    if (numbers.has_zero_rtt) visitor.boolean("zero_rtt_offered", true);
    if (numbers.has_encrypted_client_hello) visitor.boolean("encrypted_client_hello", true);
  }

  template <FieldVisitor V>
  void describe_signs(V& visitor) const {
    if (signs.hello_retry_request) visitor.boolean("hello_retry_request", true);
    if (signs.hello_verify_request) visitor.boolean("hello_verify_request", true);
    if (signs.certificate_requested) visitor.boolean("certificate_requested", true);
    const Alert& alert = signs.alert;
    if (alert.level == 0) return;
    visitor.begin_object("alert");
    visitor.text("level", alert.level == Alert::kFatal ? "fatal" : "warning");
    visitor.text("description", alert_name(alert.description));
    visitor.number("code", alert.description);
    visitor.end_object();
  }
};

}  // namespace flowscope::tls
