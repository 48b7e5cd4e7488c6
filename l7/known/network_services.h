#pragma once

#include <array>

#include "l7/known/known_protocol.h"

namespace flowscope::known {

// What networks run on: addresses, names, time, routes, access, watching.
inline constexpr auto kNetworkServiceStreams = std::to_array<KnownProtocol>({
    // RFC 4271 section 4.1: the marker, length, type.
    {.name = "bgp", .ports = {179}, .first_bytes = {{{R"(\xff{16}[\x00-\x10].[\x01-\x05])"}}}},
    // RFC 8210 sections 5.3 to 5.5: serial query, reset query, cache response.
    {.name = "rpki-rtr",
     .ports = {323, 3323, 8282},
     .first_bytes = {{{R"([\x00-\x02]\x02\x00{5}\x08)", Role::Client, Evidence::Paired},
                      {R"([\x00-\x02]\x01..\x00{3}\x0c)", Role::Client, Evidence::Paired},
                      {R"([\x00-\x02]\x03..\x00{3}\x08)", Role::Server, Evidence::Paired},
                      {R"([\x00-\x02]\x0a\x00[\x00-\x08]\x00\x00)", Role::Server,
                       Evidence::Paired}}}},
    // RFC 6733 section 3: version 1, length, flags, command codes 257 and on.
    {.name = "diameter",
     .ports = {3868},
     .first_bytes = {{{.pattern = R"(\x01\x00..[\x00\x40\x80\xa0\xc0]\x00[\x01\x80][\x00-\x3f])",
                       .length = {.offset = 1, .bytes = 3}}}}},
    // RFC 8907 section 4.1.
    {.name = "tacacs",
     .ports = {49},
     .first_bytes = {{{.pattern =
                           R"([\xc0\xc1][\x01-\x03][\x01\x02][\x00\x01\x04\x05].{4}\x00\x00)",
                       .length = {.offset = 8, .bytes = 4, .adds = 12}}}}},
    // Skinny Client Control Protocol, as its decoders have it: length, reserved or version,
    // message.
    {.name = "skinny",
     .ports = {2000},
     .first_bytes = {{{.pattern = R"(.{2}\x00\x00[\x00\x11-\x16]\x00\x00\x00.[\x00\x01]\x00\x00)",
                       .evidence = Evidence::AtPort,
                       .length = {.bytes = 4, .order = ByteOrder::Little, .adds = 8}}}}},
    // RFC 2637 section 2: control message, magic cookie.
    {.name = "pptp", .ports = {1723}, .first_bytes = {{{R"(.{2}\x00\x01\x1a\x2b\x3c\x4d)"}}}},
    // SMPP 3.4 section 4.1: bind requests with sequence numbers.
    {.name = "smpp",
     .ports = {2775},
     .first_bytes = {{{.pattern = R"(\x00{3}[\x17-\x60]\x00{3}[\x01\x02\x09]\x00{4}\x00{3}.)",
                       .role = Role::Client,
                       .length = {.bytes = 4}}}}},
    // RFC 8489 section 5, over streams by section 6.2.2.
    {.name = "stun",
     .ports = {3478},
     .first_bytes = {{{.pattern = R"([\x00\x01].{3}\x21\x12\xa4\x42)",
                       .length = {.offset = 2, .bytes = 2, .adds = 20}}}}},
    // RFC 1928 section 3; the SOCKS 4 protocol of NEC, CONNECT and BIND.
    {.name = "socks",
     .ports = {1080},
     .later = Later::AnotherOne,
     .first_bytes = {{{.pattern = R"(\x05[\x01-\x09])",
                       .role = Role::Client,
                       .evidence = Evidence::Paired,
                       .length = {.offset = 1, .bytes = 1, .adds = 2}},
                      {.pattern = R"(\x05[\x00-\x09\xff])",
                       .role = Role::Server,
                       .evidence = Evidence::Paired,
                       .bytes_max = 2},
                      {.pattern = R"(\x04[\x01\x02].{6}[^\x00]{0,100}\x00)",
                       .role = Role::Client,
                       .evidence = Evidence::Paired},
                      {.pattern = R"(\x00[\x5a-\x5d].{6})",
                       .role = Role::Server,
                       .evidence = Evidence::Paired,
                       .bytes_max = 8}}}},
    // OpenVPN's protocol: length, hard reset with key 0, session, no packets acknowledged yet.
    {.name = "openvpn",
     .ports = {1194},
     .first_bytes = {{{R"(\x00\x0e\x38.{8}\x00{5})", Role::Client},
                      {.pattern = R"(.{2}[\x38\x40\x50])",
                       .evidence = Evidence::AtPort,
                       .length = {.bytes = 2, .adds = 2}}}}},
    // RFC 5424 section 6 and RFC 3164 section 4.1, over streams by RFC 6587 section 3.4.
    {.name = "syslog",
     .ports = {514, 601},
     .first_bytes = {{{R"(<\d{1,3}>[JFMASOND][a-z]{2} [ \d]\d \d\d:)", Role::Client},
                      {R"(<\d{1,3}>1 \d{4}-\d\d-\d\d)", Role::Client},
                      {R"([1-9]\d{1,4} <\d{1})", Role::Client, Evidence::AtPort},
                      {R"(<\d{1,3}>[ -~])", Role::Client, Evidence::AtPort}}}},
});

inline constexpr auto kNetworkServiceDatagrams = std::to_array<KnownProtocol>({
    // RFC 2131 section 2, RFC 951: op, hardware type, length of its addresses.
    {.name = "dhcp",
     .ports = {67, 68, 4011},
     .first_bytes = {{{.pattern = R"([\x01\x02][\x01-\x25][\x00-\x10])",
                       .evidence = Evidence::AtPort,
                       .bytes_min = 236}}}},
    // RFC 8415 sections 8, 9 and 21.1: type, transaction, first option; relays.
    {.name = "dhcpv6",
     .ports = {546, 547},
     .first_bytes = {{{R"([\x01-\x0b\x0e-\x24].{3}\x00[\x01-\xa0][\x00-\x03])", Role::Either,
                       Evidence::AtPort},
                      {R"([\x0c\x0d][\x00-\x20])", Role::Either, Evidence::AtPort}}}},
    // RFC 5905 section 7.3 (leap, versions 1 to 4, modes 1 to 5); RFC 9327; the private mode 7.
    {.name = "ntp",
     .ports = {123},
     .first_bytes =
         {{{.pattern =
                R"([\x09-\x0d\x11-\x15\x19-\x1d\x21-\x25\x49-\x4d\x51-\x55\x59-\x5d\x61-\x65\x89-\x8d\x91-\x95\x99-\x9d\xa1-\xa5\xc9-\xcd\xd1-\xd5\xd9-\xdd\xe1-\xe5])",
            .evidence = Evidence::AtPort,
            .bytes_min = 48},
           {.pattern = R"([\x0e\x16\x1e\x26\x56\x5e\x66\x96\x9e\xa6\xd6\xde\xe6])",
            .evidence = Evidence::AtPort,
            .bytes_min = 12},
           {.pattern = R"([\x0f\x17\x1f\x27\x8f\x97\x9f\xa7\xd7\xdf])",
            .evidence = Evidence::AtPort,
            .bytes_min = 8}}}},
    // RFC 3416 section 3, RFC 1157 section 4 (version, community), RFC 3412 section 6.
    {.name = "snmp",
     .ports = {161, 162, 1993},
     .first_bytes = {{{R"(\x30[\x10-\x84].{0,4}\x02\x01[\x00\x01]\x04[\x00-\x7f])", Role::Either,
                       Evidence::AtPort},
                      {R"(\x30[\x10-\x84].{0,4}\x02\x01[\x00\x01]\x04\x06public[\xa0-\xa8])"},
                      {R"(\x30[\x10-\x84].{0,4}\x02\x01\x03\x30[\x0d-\x14]\x02)"}}}},
    // RFC 5424 section 6, RFC 3164 section 4.1.
    {.name = "syslog",
     .ports = {514},
     .first_bytes = {{{R"(<\d{1,3}>[JFMASOND][a-z]{2} [ \d]\d \d\d:)"},
                      {R"(<\d{1,3}>1 \d{4}-\d\d-\d\d)"},
                      {R"(<\d{1,3}>)", Role::Either, Evidence::AtPort}}}},
    // RFC 2865 section 3, RFC 5176: code, length.
    {.name = "radius",
     .ports = {1812, 1813, 1645, 1646, 3799},
     .first_bytes = {{{.pattern = R"([\x01-\x0d\x28-\x2d].[\x00-\x0f].)",
                       .evidence = Evidence::AtPort,
                       .length = {.offset = 2, .bytes = 2},
                       .bytes_min = 20}}}},
    // RFC 8489 section 5; without the cookie RFC 3489 section 11.1.
    {.name = "stun",
     .ports = {3478, 3479, 19302},
     .later = Later::AnotherOne,
     .first_bytes = {{{.pattern = R"([\x00\x01].{3}\x21\x12\xa4\x42)",
                       .length = {.offset = 2, .bytes = 2, .adds = 20}},
                      {.pattern = R"([\x00\x01][\x01\x02\x11\x12].{2})",
                       .evidence = Evidence::AtPort,
                       .length = {.offset = 2, .bytes = 2, .adds = 20},
                       .bytes_min = 20}}}},
    // RFC 7296 section 3.1, RFC 2408 section 3.1; behind the marker of RFC 3948 section 2.2.
    {.name = "ike",
     .ports = {500, 4500},
     .first_bytes =
         {{{.pattern = R"([\x00-\x36\x80-\x85][\x10-\x1f\x20-\x2f][\x00-\x06\x20-\x2b])",
            .evidence = Evidence::AtPort,
            .offset = 16,
            .length = {.offset = 24, .bytes = 4}},
           {.pattern =
                R"(\x00{4}.{16}[\x00-\x36\x80-\x85][\x10-\x1f\x20-\x2f][\x00-\x06\x20-\x2b])",
            .evidence = Evidence::AtPort,
            .length = {.offset = 28, .bytes = 4, .adds = 4}}}}},
    // OpenVPN's protocol: hard resets with key 0; with tls-auth or tls-crypt they are longer.
    {.name = "openvpn",
     .ports = {1194},
     .first_bytes = {{{.pattern = R"(\x38.{8}\x00{5})", .bytes_max = 14},
                      {.pattern = R"(\x40.{8}\x01\x00{4})", .bytes_max = 26},
                      {.pattern = R"([\x38\x40\x50].{9})", .evidence = Evidence::AtPort}}}},
    // WireGuard, section 5.4 of its paper: type, three bytes 0, the sizes of the messages.
    {.name = "wireguard",
     .ports = {51820},
     .first_bytes = {{{.pattern = R"(\x01\x00{3})", .bytes_min = 148, .bytes_max = 148},
                      {.pattern = R"(\x02\x00{3})", .bytes_min = 92, .bytes_max = 92},
                      {.pattern = R"(\x04\x00{3}.{4}.{3}[\x00])",
                       .evidence = Evidence::AtPort,
                       .bytes_min = 32}}}},
    // 3GPP TS 29.281 section 5.1, TS 29.060 section 6, TS 29.274 section 5.1.
    {.name = "gtp",
     .ports = {2152, 2123, 3386},
     .first_bytes = {{{.pattern = R"([\x30-\x3f])",
                       .evidence = Evidence::AtPort,
                       .length = {.offset = 2, .bytes = 2, .adds = 8}},
                      {.pattern = R"([\x40\x48\x50\x58])",
                       .evidence = Evidence::AtPort,
                       .length = {.offset = 2, .bytes = 2, .adds = 4}},
                      {.pattern = R"([\x0e\x0f\x1e\x1f].{4})",
                       .evidence = Evidence::AtPort,
                       .length = {.offset = 2, .bytes = 2, .adds = 20}}}}},
    // UPnP Device Architecture 1.1 section 1.
    {.name = "ssdp",
     .ports = {1900},
     .first_bytes = {{{R"(M-SEARCH \* HTTP/1\.[01]\r)"},
                      {R"(NOTIFY \* HTTP/1\.[01]\r)"},
                      {R"(HTTP/1\.[01] 200 OK\r)", Role::Server, Evidence::AtPort}}}},
    // RFC 1002 section 4.2: flags, one question or record, a name of 32 letters; section 4.4.
    {.name = "netbios-ns",
     .ports = {137},
     .first_bytes =
         {{{.pattern =
                R"(.{4}\x00[\x00\x01]\x00[\x00\x01]\x00[\x00\x01]\x00[\x00\x01]\x20[A-P]{2})",
            .evidence = Evidence::AtPort}}}},
    {.name = "netbios-dgm",
     .ports = {138},
     .first_bytes = {{{R"([\x10-\x16][\x00-\x0f])", Role::Either, Evidence::AtPort}}}},
    // RFC 2453 section 4, RFC 1058 section 3.1: command, version, zero.
    {.name = "rip",
     .ports = {520},
     .first_bytes = {{{R"([\x01-\x06][\x01\x02]\x00\x00\x00)", Role::Either, Evidence::AtPort},
                      {R"([\x01-\x06][\x01\x02]\x00\x00\xff\xff)", Role::Either,
                       Evidence::AtPort}}}},
    // RFC 5880 section 4.1: version 1, length.
    {.name = "bfd",
     .ports = {3784, 3785, 4784, 6784},
     .first_bytes = {{{.pattern = R"([\x20-\x28].[\x01-\xff])",
                       .evidence = Evidence::AtPort,
                       .length = {.offset = 3, .bytes = 1}}}}},
    // RFC 2661 section 3.1: control messages state their length.
    {.name = "l2tp",
     .ports = {1701},
     .first_bytes = {{{.pattern = R"([\xc8-\xcb]\x02)",
                       .evidence = Evidence::AtPort,
                       .length = {.offset = 2, .bytes = 2}},
                      {R"([\x00-\x4f]\x02)", Role::Either, Evidence::AtPort}}}},
    // sFlow version 5, section 5.1 of its description.
    {.name = "sflow",
     .ports = {6343},
     .first_bytes = {{{R"(\x00{3}[\x02\x04\x05]\x00{3}[\x01\x02])", Role::Either,
                       Evidence::AtPort}}}},
    // RFC 3954 section 5.1, NetFlow 5, RFC 7011 section 3.1.
    {.name = "netflow",
     .ports = {2055, 9995, 9996, 4739, 9555},
     .first_bytes = {{{R"(\x00[\x01\x05\x07\x09]\x00[\x01-\x40])", Role::Either, Evidence::AtPort},
                      {.pattern = R"(\x00\x0a)",
                       .evidence = Evidence::AtPort,
                       .length = {.offset = 2, .bytes = 2}}}}},
});

}  // namespace flowscope::known
