#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "l7/parser.h"
#include "l7/ssh/banner.h"
#include "l7/ssh/host_key.h"
#include "l7/ssh/kex_init.h"
#include "l7/ssh/negotiation.h"

namespace flowscope::ssh {

// What a record tells of one side; texts that were not there are empty.
struct SideFields {
  Banner banner;
  std::string_view hassh_hash;
  std::string_view hassh_text;  // empty beside a hash when it was too long to keep
  bool guessed_kex = false;

  [[nodiscard]] bool is_empty() const { return banner.proto_version.empty() && hassh_hash.empty(); }
};

// A DISCONNECT message that was sent in clear (RFC 4253 11.1).
struct Disconnect {
  Role by = Role::Client;
  uint32_t reason = 0;
  std::string_view description;
};

// The name of a reason (RFC 4250 4.2.2), such as "by_application"; "unknown" for other numbers.
[[nodiscard]] std::string_view disconnect_reason_name(uint32_t reason);

// The one record of an SSH flow: what both sides sent before they encrypted.
// Lifetime: the sink call.
struct SshSession {
  static constexpr const char* kEvent = "ssh";

  SideFields client;
  SideFields server;
  std::optional<HostKey> host_key;
  std::optional<Negotiation> negotiation;  // when both KEXINITs were seen
  std::optional<Disconnect> disconnect;

  template <FieldVisitor V>
  void describe(V& visitor) const {
    if (!client.is_empty()) {
      visitor.begin_object("client");
      describe_side(visitor, client);
      visitor.end_object();
    }
    if (!server.is_empty() || host_key) {
      visitor.begin_object("server");
      describe_side(visitor, server);
      if (host_key) describe_host_key(visitor);
      visitor.end_object();
    }
    if (negotiation) describe_negotiation(visitor);
    if (disconnect) describe_disconnect(visitor);
  }

 private:
  template <FieldVisitor V>
  static void put(V& visitor, const char* name, std::string_view value) {
    if (!value.empty()) visitor.text(name, value);
  }

  template <FieldVisitor V>
  static void describe_side(V& visitor, const SideFields& side) {
    put(visitor, "proto_version", side.banner.proto_version);
    put(visitor, "software_version", side.banner.software_version);
    put(visitor, "comment", side.banner.comment);
    if (!side.hassh_hash.empty()) {
      visitor.begin_object("hassh");
      visitor.text("hash", side.hassh_hash);
      put(visitor, "string", side.hassh_text);
      visitor.end_object();
    }
    if (side.guessed_kex) visitor.boolean("guessed_kex", true);
  }

  template <FieldVisitor V>
  void describe_host_key(V& visitor) const {
    const Fingerprint fingerprint = make_fingerprint(host_key->digest);
    visitor.begin_object("host_key");
    visitor.text("type", host_key->type);
    if (host_key->bits != 0) visitor.number("bits", host_key->bits);
    visitor.text("fingerprint", {fingerprint.data(), fingerprint.size()});
    visitor.end_object();
  }

  template <FieldVisitor V>
  void describe_negotiation(V& visitor) const {
    visitor.begin_object("negotiated");
    put(visitor, "kex", negotiation->kex);
    put(visitor, "host_key", negotiation->host_key);
    put(visitor, "cipher_toserver", negotiation->cipher.to_server);
    put(visitor, "cipher_toclient", negotiation->cipher.to_client);
    put(visitor, "mac_toserver", negotiation->mac.to_server);
    put(visitor, "mac_toclient", negotiation->mac.to_client);
    put(visitor, "compression_toserver", negotiation->compression.to_server);
    put(visitor, "compression_toclient", negotiation->compression.to_client);
    visitor.boolean("strict_kex", negotiation->strict_kex);
    if (negotiation->guess_is_right)
      visitor.boolean("guess_is_right", *negotiation->guess_is_right);
    visitor.end_object();
  }

  template <FieldVisitor V>
  void describe_disconnect(V& visitor) const {
    visitor.begin_object("disconnect");
    visitor.text("by", disconnect->by == Role::Client ? "client" : "server");
    visitor.text("reason", disconnect_reason_name(disconnect->reason));
    visitor.number("code", disconnect->reason);
    put(visitor, "description", disconnect->description);
    visitor.end_object();
  }
};

}  // namespace flowscope::ssh
