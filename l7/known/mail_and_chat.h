#pragma once

#include <array>

#include "l7/known/known_protocol.h"

namespace flowscope::known {

// Protocols of lines of text that people talk through: mail, files, news, chat, calls.
inline constexpr auto kMailAndChatStreams = std::to_array<KnownProtocol>({
    // RFC 5321 sections 4.2 and 4.1.1.1: the greeting names the protocol by habit, EHLO by rule.
    {.name = "smtp",
     .ports = {25, 587, 465, 2525},
     .later = Later::AnotherOne,
     .first_bytes = {{{R"((?i)220[ -][^\r\n]{0,160}SMTP)", Role::Server},
                      {R"((?i)EHLO[ \r])", Role::Client},
                      {R"((?i)HELO[ \r])", Role::Client},
                      {R"((?i)LHLO[ \r])", Role::Client},
                      {R"((?i)MAIL FROM:)", Role::Client},
                      {R"([245]\d\d[ -])", Role::Server, Evidence::Paired}}}},
    // RFC 959 section 5.4, RFC 4217 section 4.
    {.name = "ftp",
     .ports = {21},
     .later = Later::AnotherOne,
     .first_bytes = {{{R"((?i)220[ -][^\r\n]{0,160}FTP)", Role::Server},
                      {R"([1-5]\d\d[ -])", Role::Server, Evidence::Paired},
                      {R"((?i)USER )", Role::Client, Evidence::Paired},
                      {R"((?i)AUTH TLS\r)", Role::Client, Evidence::Paired},
                      {R"((?i)AUTH SSL\r)", Role::Client, Evidence::Paired},
                      {R"((?i)FEAT\r)", Role::Client, Evidence::Paired}}}},
    // RFC 9051 sections 7.1 and 6.1.
    {.name = "imap",
     .ports = {143},
     .later = Later::AnotherOne,
     .first_bytes =
         {{{R"((?i)\* OK [^\r\n]{0,160}IMAP)", Role::Server},
           {R"((?i)\* OK )", Role::Server, Evidence::Paired},
           {R"((?i)\* PREAUTH )", Role::Server, Evidence::Paired},
           {R"((?i)[a-z\d.][a-z\d.]{0,11} CAPABILITY\r)", Role::Client, Evidence::Paired},
           {R"((?i)[a-z\d.][a-z\d.]{0,11} STARTTLS\r)", Role::Client, Evidence::Paired},
           {R"((?i)[a-z\d.][a-z\d.]{0,11} AUTHENTICATE )", Role::Client, Evidence::Paired},
           {R"((?i)[a-z\d.][a-z\d.]{0,11} LOGIN )", Role::Client, Evidence::Paired},
           {R"((?i)[a-z\d.][a-z\d.]{0,11} ID )", Role::Client, Evidence::Paired}}}},
    // RFC 1939 section 4, RFC 2449, RFC 2595 section 4.
    {.name = "pop3",
     .ports = {110},
     .later = Later::AnotherOne,
     .first_bytes = {{{R"((?i)\+OK [^\r\n]{0,100}POP)", Role::Server},
                      {R"(\+OK[ \r])", Role::Server, Evidence::Paired},
                      {R"((?i)USER )", Role::Client, Evidence::Paired},
                      {R"((?i)CAPA\r)", Role::Client, Evidence::Paired},
                      {R"((?i)APOP )", Role::Client, Evidence::Paired},
                      {R"((?i)AUTH[ \r])", Role::Client, Evidence::Paired},
                      {R"((?i)STLS\r)", Role::Client, Evidence::Paired}}}},
    // RFC 3977 section 5.1, RFC 4642.
    {.name = "nntp",
     .ports = {119, 433},
     .later = Later::AnotherOne,
     .first_bytes = {{{R"((?i)20[01][ -][^\r\n]{0,160}NNTP)", Role::Server},
                      {R"((?i)20[01][ -][^\r\n]{0,160}news)", Role::Server, Evidence::Paired},
                      {R"(20[01][ -])", Role::Server, Evidence::AtPort},
                      {R"((?i)MODE READER\r)", Role::Client},
                      {R"((?i)CAPABILITIES\r)", Role::Client, Evidence::Paired},
                      {R"((?i)AUTHINFO )", Role::Client, Evidence::Paired},
                      {R"((?i)GROUP )", Role::Client, Evidence::Paired}}}},
    // RFC 2812 section 3.1 and 2.3; IRCv3 capability negotiation.
    {.name = "irc",
     .ports = {6667, 6666, 6668, 6669, 194},
     .later = Later::AnotherOne,
     .first_bytes = {{{R"(:[^ \r\n]{1,100} NOTICE )", Role::Server},
                      {R"(:[^ \r\n]{1,100} 001 )", Role::Server},
                      {R"(NOTICE AUTH :)", Role::Server},
                      {R"((?i)NICK [^\n]{1,60}\nUSER )", Role::Client},
                      {R"((?i)USER [^\n]{1,200}\nNICK )", Role::Client},
                      {R"((?i)PASS [^\n]{1,100}\nNICK )", Role::Client},
                      {R"(CAP LS[ \r\n])", Role::Client},
                      {R"((?i)NICK [a-z\[\]\\`_^{|}-])", Role::Client, Evidence::Paired},
                      {R"(PING :)", Role::Server, Evidence::Paired}}}},
    // RFC 6120 section 4.2.
    {.name = "jabber",
     .ports = {5222, 5269, 5223},
     .later = Later::AnotherOne,
     .first_bytes = {{{R"(<\?xml .{0,160}<stream:stream)"}, {R"(<stream:stream )"}}}},
    // RFC 3261 sections 7.1 and 7.2; over streams by section 18.
    {.name = "sip",
     .ports = {5060},
     .first_bytes = {{{R"([A-Z]{3}[A-Z]{0,6} sip[:s])", Role::Client},
                      {R"([A-Z]{3}[A-Z]{0,6} tel:[+\d])", Role::Client},
                      {R"(SIP/2\.0 [1-6]\d\d )", Role::Server}}}},
    // RFC 2326 section 6, RFC 7826 sections 7 and 8.
    {.name = "rtsp",
     .ports = {554},
     .first_bytes = {{{R"([A-Z]{3}[A-Z_]{0,10} rtsp[:su])", Role::Client},
                      {R"(RTSP/[12]\.0 \d\d\d )", Role::Server}}}},
    // The Real Time Messaging Protocol 1.0 of Adobe, section 5.2: C0 and C1, S0 and S1.
    {.name = "rtmp",
     .ports = {1935},
     .first_bytes = {{{.pattern = R"(\x03.{4}\x00{4})",
                       .evidence = Evidence::Paired,
                       .bytes_min = 9,
                       .bytes_max = 3073}}}},
});

inline constexpr auto kMailAndChatDatagrams = std::to_array<KnownProtocol>({
    // RFC 3261 sections 7.1 and 7.2.
    {.name = "sip",
     .first_bytes = {{{R"([A-Z]{3}[A-Z]{0,6} sip[:s])"},
                      {R"([A-Z]{3}[A-Z]{0,6} tel:[+\d])"},
                      {R"(SIP/2\.0 [1-6]\d\d )"}}}},
});

}  // namespace flowscope::known
