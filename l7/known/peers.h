#pragma once

#include <array>

#include "l7/known/known_protocol.h"

namespace flowscope::known {

// What peers of a network speak, and what other protocols are carried in.
inline constexpr auto kPeerStreams = std::to_array<KnownProtocol>({
    // BEP 3, peer protocol.
    {.name = "bittorrent", .first_bytes = {{{R"(\x13BitTorrent protocol)"}}}},
    // RFC 9113 section 3.4: the preface; section 6.5: the server's SETTINGS.
    {.name = "http2", .first_bytes = {{{R"(PRI \* HTTP/2\.0\r\n\r\nSM\r\n\r\n)", Role::Client}}}},
    // Stratum, as miners speak it: JSON-RPC with its methods.
    {.name = "stratum",
     .ports = {3333},
     .first_bytes = {{{R"(\{.{0,120}"mining\.)"}, {R"(\{.{0,120}"eth_submitLogin")"}}}},
});

inline constexpr auto kPeerDatagrams = std::to_array<KnownProtocol>({
    // BEP 5, KRPC: dictionaries with their keys in order: a (query), e (error), ip, r (response).
    {.name = "bittorrent-dht",
     .first_bytes = {{{R"(d1:[ar]d\d{1,2}:)"},
                      {R"(d1:eli20\d)"},
                      {R"(d2:ip6:.{6}1:[er])"},
                      {R"(d2:ip18:.{18}1:[er])"}}}},
    // BEP 14.
    {.name = "bittorrent-lsd", .first_bytes = {{{R"(BT-SEARCH \* HTTP/1\.1\r)"}}}},
    // Dropbox LAN sync discovery, as its decoders have it.
    {.name = "dropbox",
     .ports = {17500},
     .first_bytes = {{{R"(\{"host_int": )"},
                      {R"(\{"version": )", Role::Either, Evidence::AtPort},
                      {R"(\{"displayname": )", Role::Either, Evidence::AtPort}}}},
    // RakNet: pings carry its magic behind a time, requests and replies behind their number.
    {.name = "raknet",
     .first_bytes = {{{R"([\x01\x02].{8}\x00\xff\xff\x00\xfe{4}\xfd{4})"},
                      {R"([\x05-\x08]\x00\xff\xff\x00\xfe{4}\xfd{4})"}}}},
    // Canon's BJNP, as its decoders have it.
    {.name = "bjnp", .ports = {8611, 8612}, .first_bytes = {{{R"(BJN[PB][\x01\x02\x81\x82])"}}}},
});

}  // namespace flowscope::known
