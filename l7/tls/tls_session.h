#pragma once

#include <cstdint>
#include <string_view>

#include "flowcore/base/bytes.h"
#include "flowcore/base/flow_side.h"
#include "l7/parser.h"
#include "l7/tls/names.h"
#include "l7/tls/wire.h"

namespace flowscope::tls {

// What a record tells of one hello, of either kind; texts that were not there are empty.
struct HelloFields {
  ProtocolVersion version =
      ProtocolVersion::None;  // ClientHello: highest offered; ServerHello: chosen
  bool has_pre_shared_key = false;
  std::string_view server_name;
  Bytes alpns;  // for AlpnWalk
  Bytes session_id;
  std::string_view
      ja3_text;  // JA3S for a ServerHello; empty beside a hash when it was too long to keep
  std::string_view ja3_hash;
  std::string_view ja4;
};

// The last alert that was sent in clear before the hellos were complete (RFC 8446 6).
struct Alert {
  static constexpr uint8_t kWarning = 1;
  static constexpr uint8_t kFatal = 2;
  static constexpr uint8_t kCloseNotify = 0;

  uint8_t level = 0;  // 0: there was none
  uint8_t description = 0;
};

// The one record of a TLS flow: what both hellos say, or the one of them that was seen.
// Lifetime: the sink call.
struct TlsSession {
  static constexpr const char* kEvent = "tls";

  const HelloFields* client = nullptr;  // null: that hello was not seen
  const HelloFields* server = nullptr;
  Alert alert;

  // The server accepted what the client remembered of an earlier session: a pre-shared key in
  // TLS 1.3, before it an echoed session id (RFC 5246 7.4.1.3, RFC 5077 3.4).
  [[nodiscard]] bool is_resumed() const {
    if (client == nullptr || server == nullptr) return false;
    if (server->has_pre_shared_key) return true;
    const bool echo_means_nothing = server->version > ProtocolVersion::Tls12;
    return !echo_means_nothing && !server->session_id.empty()
           && server->session_id == client->session_id;
  }

  template <FieldVisitor V>
  void describe(V& visitor) const {
    if (is_resumed()) visitor.boolean("session_resumed", true);
    if (client != nullptr && !client->server_name.empty()) visitor.text("sni", client->server_name);
    if (server != nullptr) visitor.text("version", VersionName(server->version).text());
    if (client != nullptr) describe_ja3(visitor, "ja3", *client);
    if (server != nullptr) describe_ja3(visitor, "ja3s", *server);
    if (client != nullptr && !client->ja4.empty()) visitor.text("ja4", client->ja4);
    if (client != nullptr) describe_alpns(visitor, "client_alpns", client->alpns);
    if (server != nullptr) describe_alpns(visitor, "server_alpns", server->alpns);
    if (alert.level != 0) describe_alert(visitor);
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
  void describe_alert(V& visitor) const {
    visitor.begin_object("alert");
    visitor.text("level", alert.level == Alert::kFatal ? "fatal" : "warning");
    visitor.text("description", alert_name(alert.description));
    visitor.number("code", alert.description);
    visitor.end_object();
  }
};

}  // namespace flowscope::tls
