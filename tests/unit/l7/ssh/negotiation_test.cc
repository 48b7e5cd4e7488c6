#include "l7/ssh/negotiation.h"

#include <gtest/gtest.h>

#include "l7/ssh/banner.h"
#include "l7/ssh/hassh.h"
#include "l7/ssh/host_key.h"
#include "tests/unit/l7/ssh/ssh_builder.h"

namespace flowscope::ssh::test {
namespace {

// Only what keys in their text form are made of; '=' ends it.
std::string from_base64(std::string_view text) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  uint32_t window = 0;
  int bits = 0;
  for (const char digit : text.substr(0, text.find('='))) {
    window = window << 6 | static_cast<uint32_t>(kDigits.find(digit));
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes += static_cast<char>(window >> bits);
  }
  return bytes;
}

std::string fingerprint_of(const std::string& blob) {
  const std::string body = str(blob);
  const auto key = read_host_key(Bytes::of(body));
  if (!key) return "no key";
  const Fingerprint text = make_fingerprint(key->digest);
  return std::string(key->type) + " " + std::to_string(key->bits) + " "
         + std::string(text.data(), text.size());
}

// Keys and what `ssh-keygen -l` of OpenSSH 9.2 prints of them.
constexpr std::string_view kEd25519Key =
    "AAAAC3NzaC1lZDI1NTE5AAAAIJ4ly0k+n6ajyOg/+cjs0aPueqOoHoZbQbzUj7MROe4P";
constexpr std::string_view kEd25519Certificate =
    "AAAAIHNzaC1lZDI1NTE5LWNlcnQtdjAxQG9wZW5zc2guY29tAAAAIB1DGsv0nDe02CLXG4PQ78jrZCMfG5sSQ3PhaoreWC"
    "c6AAAAIJ4ly0k+n6ajyOg/+cjs0aPueqOoHoZbQbzUj7MROe4PAAAAAAAAAAAAAAACAAAAAmlkAAAAEAAAAAxob3N0LmV4"
    "YW1wbGUAAAAAAAAAAP//////////AAAAAAAAAAAAAAAAAAAAMwAAAAtzc2gtZWQyNTUxOQAAACCN67D3/sQlw82WuC/IIa"
    "2q2u7CyvUobYmajReFRVAW0QAAAFMAAAALc3NoLWVkMjU1MTkAAABAeF03j+XJjCy6JYd3Stcrbotha6ga/cc3/qOUylAa"
    "uJRkRu8X9Lzg5H+6n62KdYxKl3DgY4xtNaT4eF+9C5VIAA==";
constexpr std::string_view kRsaKey =
    "AAAAB3NzaC1yc2EAAAADAQABAAAAgQC2l/8ZCzs98aXZrf1BfIgQKH61O/yKqwumaFBKtWZSevVuZpZD3GWO7edfq8hW0F"
    "YCjq5pvFh/F5orFIMxGelBBVPqKk+ePYY4XrtyjpsopzrAC+VzvwdZQP+0p1/QkF6XFDzBEYBG8E3U5hFEtYiClmJwrSsu"
    "89ZHoK5QksN/6Q==";

TEST(SshHostKey, HasTheFingerprintThatOpenSshPrints) {
  EXPECT_EQ(fingerprint_of(from_base64(kEd25519Key)),
            "ssh-ed25519 0 SHA256:2iGoF+59rp106dIFznO6uNRuy2WAcH5tMpHEepkJflI");
  EXPECT_EQ(fingerprint_of(from_base64(kRsaKey)),
            "ssh-rsa 1024 SHA256:LDKXNDumqEDehWscfdKk1LCUXyNEsn0poOEB6ZFVTLo");
}

TEST(SshHostKey, OfACertificateIsTheKeyInside) {
  EXPECT_EQ(
      fingerprint_of(from_base64(kEd25519Certificate)),
      "ssh-ed25519-cert-v01@openssh.com 0 SHA256:2iGoF+59rp106dIFznO6uNRuy2WAcH5tMpHEepkJflI");
}

TEST(SshHostKey, OfATypeWithoutARuleIsHashedWhole) {
  const std::string blob = str("future-key@example.org") + str("field");
  EXPECT_TRUE(fingerprint_of(blob).starts_with("future-key@example.org 0 SHA256:"));
  const std::string certificate = str("future-cert-v01@openssh.com") + str("nonce");
  EXPECT_TRUE(fingerprint_of(certificate).starts_with("future-cert-v01@openssh.com 0 SHA256:"));
}

TEST(SshHostKey, IsNotSeenInOtherMessages) {
  for (const auto& [blob, why] : {
           std::pair{std::string(), "nothing"},
           std::pair{std::string(32, 'q'), "a point of a curve"},
           std::pair{std::string("\0\xdc\xf9\x3a", 4) + std::string(125, 'p'), "a prime"},
           std::pair{str("ssh-ed25519"), "a name without a key"},
           std::pair{str("ssh ed25519") + str("k"), "a name with a space"},
           std::pair{str("ssh,rsa") + str("k"), "a list of names"},
           std::pair{str("") + str("k"), "no name"},
           std::pair{str(std::string(65, 'n')) + str("k"), "a name above the limit"},
       }) {
    EXPECT_EQ(fingerprint_of(blob), "no key") << why;
  }
  EXPECT_FALSE(read_host_key(Bytes::of(u32(100) + str("ssh-ed25519") + "k"))) << "cut";
}

TEST(SshHassh, OfTheExampleInItsDescription) {
  KexInit init;
  init.kex =
      "curve25519-sha256@libssh.org,diffie-hellman-group-exchange-sha256,ecdh-sha2-nistp521,"
      "ecdh-sha2-nistp384,ecdh-sha2-nistp256,diffie-hellman-group-exchange-sha1,"
      "diffie-hellman-group1-sha1,diffie-hellman-group14-sha1,diffie-hellman-group14-sha256,"
      "diffie-hellman-group15-sha512,diffie-hellman-group16-sha512,diffie-hellman-group17-sha512,"
      "diffie-hellman-group18-sha512,diffie-hellman-group14-sha256@ssh.com,"
      "diffie-hellman-group15-sha256,diffie-hellman-group15-sha256@ssh.com,"
      "diffie-hellman-group15-sha384@ssh.com,diffie-hellman-group16-sha256,"
      "diffie-hellman-group16-sha384@ssh.com,diffie-hellman-group16-sha512@ssh.com,"
      "diffie-hellman-group18-sha512@ssh.com";
  init.ciphers = {
      "aes128-cbc,aes128-ctr,aes192-cbc,aes192-ctr,aes256-cbc,aes256-ctr,blowfish-cbc,blowfish-ctr,"
      "cast128-cbc,cast128-ctr,idea-cbc,idea-ctr,serpent128-cbc,serpent128-ctr,serpent192-cbc,"
      "serpent192-ctr,serpent256-cbc,serpent256-ctr,3des-cbc,3des-ctr,twofish128-cbc,twofish128-"
      "ctr,"
      "twofish192-cbc,twofish192-ctr,twofish256-cbc,twofish256-ctr,twofish-cbc,arcfour,arcfour128,"
      "arcfour256",
      "other"};
  init.macs = {"hmac-sha1,hmac-sha1-96,hmac-md5,hmac-md5-96,hmac-sha2-256,hmac-sha2-512", "other"};
  init.compressions = {"zlib@openssh.com,zlib,none", "other"};
  const Hassh hassh(init, Role::Client);
  EXPECT_EQ(hassh.hash(), "8a8ae540028bf433cd68356c1b9e8d5b");
  EXPECT_TRUE(hassh.text().starts_with("curve25519-sha256@libssh.org,"));
  EXPECT_TRUE(hassh.text().ends_with(",hmac-sha2-512;zlib@openssh.com,zlib,none"));
}

TEST(SshHassh, OfAServerTakesTheListsForWhatItSends) {
  KexInit init;
  init.kex = "k";
  init.ciphers = {"c1", "c2"};
  init.macs = {"m1", "m2"};
  init.compressions = {"z1", "z2"};
  EXPECT_EQ(Hassh(init, Role::Client).text(), "k;c1;m1;z1");
  EXPECT_EQ(Hassh(init, Role::Server).text(), "k;c2;m2;z2");
}

TEST(SshHassh, TheTextIsKeptUpToItsLimit) {
  const std::string name(Hassh::kTextBytesMax - 3, 'k');
  KexInit init;
  init.kex = name;
  EXPECT_EQ(Hassh(init, Role::Client).text(), name + ";;;");
  const std::string hash_at_limit(Hassh(init, Role::Client).hash());
  init.compressions.to_server = "z";
  const Hassh beyond(init, Role::Client);
  EXPECT_EQ(beyond.text(), "");
  EXPECT_EQ(beyond.hash().size(), 32U);
  EXPECT_NE(beyond.hash(), hash_at_limit);
}

TEST(SshKexInit, ReadsEveryList) {
  KexInitSpec spec;
  spec.ciphers = {"c1", "c2"};
  spec.macs = {"m1", "m2"};
  spec.compressions = {"z1", "z2"};
  spec.first_packet_follows = true;
  const std::string body = kex_init_body(spec);
  const auto init = read_kex_init(Bytes::of(body));
  ASSERT_TRUE(init);
  EXPECT_EQ(init->kex, spec.kex);
  EXPECT_EQ(init->host_keys, spec.host_keys);
  EXPECT_EQ(init->ciphers.sent_by(Role::Client), "c1");
  EXPECT_EQ(init->ciphers.sent_by(Role::Server), "c2");
  EXPECT_EQ(init->macs.to_server, "m1");
  EXPECT_EQ(init->macs.to_client, "m2");
  EXPECT_EQ(init->compressions.to_server, "z1");
  EXPECT_EQ(init->compressions.to_client, "z2");
  EXPECT_TRUE(init->first_packet_follows);
  EXPECT_TRUE(init->sound);
}

TEST(SshKexInit, CutAnywhereIsUnsoundOrRefused) {
  const std::string body = kex_init_body({});
  const size_t lists_end = body.size() - 4 - 4 - 1 - 4;  // languages, flag, reserved
  for (size_t bytes = 0; bytes < body.size(); ++bytes) {
    const auto init = read_kex_init(Bytes::of(body).first(bytes));
    EXPECT_EQ(init.has_value(), bytes >= lists_end) << bytes;
    EXPECT_FALSE(init && init->sound) << bytes;
  }
}

TEST(SshKexInit, MarksTellTheRole) {
  EXPECT_EQ(marked_role("a,ext-info-c"), Role::Client);
  EXPECT_EQ(marked_role("ext-info-s,a"), Role::Server);
  EXPECT_EQ(marked_role("a,kex-strict-c-v00@openssh.com"), Role::Client);
  EXPECT_EQ(marked_role("kex-strict-s-v00@openssh.com"), Role::Server);
  EXPECT_EQ(marked_role("a,ext-info,ext-info-c1"), std::nullopt);
  EXPECT_EQ(marked_role(""), std::nullopt);
}

KexInit with_kex(std::string_view names) {
  KexInit init;
  init.kex = names;
  return init;
}

// RFC 4253 7.1.
TEST(SshNegotiation, TakesTheClientsFirstThatTheServerHas) {
  for (const auto& [client, server, chosen] : {
           std::tuple{"a,b,c", "c,b", "b"},
           std::tuple{"a", "a", "a"},
           std::tuple{"a,b", "c,d", ""},
           std::tuple{"aa,a", "a,aa", "aa"},
           std::tuple{"a", "aa,ab", ""},
           std::tuple{"", "a", ""},
           std::tuple{"a", "", ""},
           std::tuple{",a", "a,", "a"},
       }) {
    EXPECT_EQ(negotiate(with_kex(client), with_kex(server)).kex, chosen)
        << client << " and " << server;
  }
}

TEST(SshNegotiation, TakesEachDirectionByItself) {
  KexInit client;
  KexInit server;
  client.ciphers = {"a,b", "b,a"};
  server.ciphers = {"b,a", "a,b"};
  client.compressions = {"none", "zlib"};
  server.compressions = {"none,zlib", "none,zlib"};
  const Negotiation chosen = negotiate(client, server);
  EXPECT_EQ(chosen.cipher.to_server, "a");
  EXPECT_EQ(chosen.cipher.to_client, "b");
  EXPECT_EQ(chosen.compression.to_server, "none");
  EXPECT_EQ(chosen.compression.to_client, "zlib");
}

TEST(SshNegotiation, ACipherThatAuthenticatesHasNoMac) {
  KexInit init;
  init.macs = {"hmac-sha1", "hmac-sha1"};
  for (const auto* cipher :
       {"chacha20-poly1305@openssh.com", "aes128-gcm@openssh.com", "aes256-gcm@openssh.com"}) {
    init.ciphers = {cipher, "aes128-ctr"};
    EXPECT_EQ(negotiate(init, init).mac.to_server, "") << cipher;
    EXPECT_EQ(negotiate(init, init).mac.to_client, "hmac-sha1") << cipher;
  }
}

TEST(SshNegotiation, StrictNeedsBothSides) {
  const KexInit client = with_kex("a,kex-strict-c-v00@openssh.com");
  const KexInit server = with_kex("a,kex-strict-s-v00@openssh.com");
  EXPECT_TRUE(negotiate(client, server).strict_kex);
  EXPECT_FALSE(negotiate(client, with_kex("a")).strict_kex);
  EXPECT_FALSE(negotiate(with_kex("a"), server).strict_kex);
}

// RFC 4253 7: wrong if the first names of key exchange or host key differ.
TEST(SshNegotiation, JudgesAGuess) {
  KexInit client = with_kex("a,b");
  KexInit server = with_kex("a,c");
  EXPECT_EQ(negotiate(client, server).guess_is_right, std::nullopt);
  client.first_packet_follows = true;
  EXPECT_EQ(negotiate(client, server).guess_is_right, true);
  server.host_keys = "h";
  EXPECT_EQ(negotiate(client, server).guess_is_right, false);
  client.host_keys = "h,g";
  EXPECT_EQ(negotiate(client, server).guess_is_right, true);
  server.kex = "b,a";
  EXPECT_EQ(negotiate(client, server).guess_is_right, false);
}

std::string other_names(size_t count) {
  std::string names;
  for (size_t i = 0; i < count; ++i) names += "n" + std::to_string(i) + ",";
  return names;
}

TEST(SshNegotiation, LooksAtTheServersNamesUpToALimit) {
  const std::string names = other_names(kServerNamesMax - 1);
  EXPECT_EQ(negotiate(with_kex("x"), with_kex(names + "x")).kex, "x");
  EXPECT_EQ(negotiate(with_kex("x"), with_kex(names + "y,x")).kex, "");
}

TEST(SshNegotiation, ComparesNamesUpToALimit) {
  constexpr size_t kServerNames = 64;
  const std::string server = other_names(kServerNames - 1) + "x";
  const size_t client_names = kComparisonsMax / kServerNames;
  std::string client;
  for (size_t i = 1; i < client_names; ++i) client += "c" + std::to_string(i) + ",";
  EXPECT_EQ(negotiate(with_kex(client + "x"), with_kex(server)).kex, "x");
  EXPECT_EQ(negotiate(with_kex(client + "y,x"), with_kex(server)).kex, "");
}

TEST(SshBanner, IsTakenApart) {
  struct Case {
    const char* line;
    const char* proto_version;
    const char* software_version;
    const char* comment;
    bool sound;
  };
  for (const Case& expected : {
           Case{"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3", "2.0", "OpenSSH_9.2p1",
                "Debian-2+deb12u3", true},
           Case{"SSH-2.0-libssh-0.6.3", "2.0", "libssh-0.6.3", "", true},
           Case{"SSH-1.99-Cisco-1.25 ", "1.99", "Cisco-1.25", "", true},
           Case{"SSH-1.5-x a  b", "1.5", "x", "a  b", true},
           Case{"SSH-2.0-", "2.0", "", "", false},
           Case{"SSH-2.0- comment", "2.0", "", "comment", false},
           Case{"SSH--x", "", "x", "", false},
           Case{"SSH-2.0", "", "", "", false},
           Case{"SSH-", "", "", "", false},
       }) {
    const Banner banner = read_banner(Bytes::of(expected.line));
    EXPECT_EQ(banner.proto_version, expected.proto_version) << expected.line;
    EXPECT_EQ(banner.software_version, expected.software_version) << expected.line;
    EXPECT_EQ(banner.comment, expected.comment) << expected.line;
    EXPECT_EQ(banner.sound, expected.sound) << expected.line;
  }
}

TEST(SshBanner, TellsWhoCanSpeakVersion2) {
  EXPECT_TRUE(offers_version_2("2.0"));
  EXPECT_TRUE(offers_version_2("1.99"));
  EXPECT_FALSE(offers_version_2("1.5"));
  EXPECT_FALSE(offers_version_2("20"));
  EXPECT_FALSE(offers_version_2(""));
}

}  // namespace
}  // namespace flowscope::ssh::test
