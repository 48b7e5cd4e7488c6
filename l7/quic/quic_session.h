#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "flowcore/base/bytes.h"
#include "l7/parser.h"
#include "l7/quic/extension_names.h"
#include "l7/quic/google.h"
#include "l7/quic/versions.h"
#include "l7/tls/ja3.h"
#include "l7/tls/names.h"
#include "l7/tls/wire.h"

namespace flowscope::quic {

// The one record of a QUIC flow: what its Initial packets show. Texts that were not there are
// empty. Lifetime: the sink call.
struct QuicSession {
  static constexpr const char* kEvent = "quic";
  // More extensions of a hello are left out and counted.
  static constexpr uint32_t kExtensionsMax = 64;

  Version version = Version::Negotiation;
  std::string_view server_name;
  std::string_view user_agent;
  const Cyu* cyu = nullptr;        // of Google's QUIC only
  const tls::Ja3* ja3 = nullptr;   // null: no ClientHello, or one that is cut off
  const tls::Ja3* ja3s = nullptr;  // the same of the ServerHello
  std::string_view ja4;
  Bytes extensions;  // of the ClientHello, for tls::ExtensionWalk
  Bytes alpns;       // of the ClientHello, for tls::AlpnWalk
  tls::ProtocolVersion tls_version = tls::ProtocolVersion::None;  // chosen by the server
  bool has_retry = false;                        // the server first made the client come again
  std::span<const Version> negotiated_versions;  // of a Version Negotiation packet
  std::optional<uint64_t> close_code;            // either end gave up in an Initial

  template <FieldVisitor V>
  void describe(V& visitor) const {
    visitor.text("version", VersionText(version).text());
    if (!server_name.empty()) visitor.text("sni", server_name);
    if (!user_agent.empty()) visitor.text("ua", user_agent);
    if (cyu != nullptr) describe_cyu(visitor);
    if (ja3 != nullptr) describe_ja3(visitor, "ja3", *ja3);
    if (ja3s != nullptr) describe_ja3(visitor, "ja3s", *ja3s);
    if (!ja4.empty()) visitor.text("ja4", ja4);
    if (!extensions.empty()) describe_extensions(visitor);
    if (!alpns.empty()) describe_alpns(visitor, "alpns");
    if (tls_version != tls::ProtocolVersion::None)
      visitor.text("tls_version", tls::VersionName(tls_version).text());
    if (has_retry) visitor.boolean("retry", true);
    if (!negotiated_versions.empty()) describe_negotiation(visitor);
    if (close_code) visitor.number("close_code", *close_code);
  }

 private:
  template <FieldVisitor V>
  void describe_cyu(V& visitor) const {
    visitor.begin_array("cyu");
    visitor.begin_object(nullptr);
    visitor.text("hash", cyu->hash());
    visitor.text("string", cyu->text());
    visitor.end_object();
    visitor.end_array();
  }

  template <FieldVisitor V>
  static void describe_ja3(V& visitor, const char* name, const tls::Ja3& fingerprint) {
    visitor.begin_object(name);
    visitor.text("hash", fingerprint.hash());
    if (!fingerprint.text().empty()) visitor.text("string", fingerprint.text());
    visitor.end_object();
  }

  template <FieldVisitor V>
  void describe_extensions(V& visitor) const {
    uint32_t seen = 0;
    tls::ExtensionWalk walk(extensions);
    visitor.begin_array("extensions");
    while (walk.next()) {
      if (++seen > kExtensionsMax) continue;
      visitor.begin_object(nullptr);
      const std::string_view name = extension_name(walk.type());
      if (!name.empty()) visitor.text("name", name);
      visitor.number("type", walk.type());
      describe_values(visitor, tls::ExtensionType{walk.type()});
      visitor.end_object();
    }
    visitor.end_array();
    if (seen > kExtensionsMax) visitor.number("extensions_omitted", seen - kExtensionsMax);
  }

  template <FieldVisitor V>
  void describe_values(V& visitor, tls::ExtensionType type) const {
    if (type == tls::ExtensionType::ServerName && !server_name.empty()) {
      visitor.begin_array("values");
      visitor.text(nullptr, server_name);
      visitor.end_array();
    }
    if (type == tls::ExtensionType::Alpn && !alpns.empty()) describe_alpns(visitor, "values");
  }

  template <FieldVisitor V>
  void describe_alpns(V& visitor, const char* name) const {
    visitor.begin_array(name);
    tls::AlpnWalk walk(alpns);
    while (walk.next()) visitor.text(nullptr, walk.name().as_text());
    visitor.end_array();
  }

  template <FieldVisitor V>
  void describe_negotiation(V& visitor) const {
    visitor.begin_array("negotiated_versions");
    for (const Version offered : negotiated_versions)
      visitor.text(nullptr, VersionText(offered).text());
    visitor.end_array();
  }
};

}  // namespace flowscope::quic
