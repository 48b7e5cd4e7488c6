// TLS behind the protocols that turn to it in the middle of a flow: it is found by its first bytes,
// whatever was said before, and its record is complete as soon as both hellos came.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/unit/l7/streams_rig.h"
#include "tests/unit/l7/tls/hello_builder.h"

namespace flowscope {
namespace {

using testing::HttpFlow;
using testing::StreamsRig;
using Words = std::vector<std::string>;

struct Said {
  FlowSide side;
  std::string text;
};
constexpr FlowSide kClient = FlowSide::Initiator;
constexpr FlowSide kServer = FlowSide::Responder;

std::string of(std::initializer_list<int> bytes) {
  std::string text;
  for (const int byte : bytes) text += static_cast<char>(byte);
  return text;
}

// Plays what was said, a segment each, then the hellos, `segment_bytes` at a time; gives what was
// told by then.
Words told_of(const std::vector<Said>& dialogue, size_t segment_bytes) {
  StreamsRig rig({.datagrams_max = 64, .streams_max = 64, .buffers_bytes = size_t{4} << 20});
  const HttpFlow flow;
  rig.give(flow.syn());
  rig.give(flow.syn_ack());
  uint32_t client_bytes = 0;
  uint32_t server_bytes = 0;
  const auto say = [&](FlowSide side, std::string_view text) {
    const auto size = static_cast<uint32_t>(text.size());
    if (side == kClient) {
      rig.give(flow.client(client_bytes, text, server_bytes));
      client_bytes += size;
    } else {
      rig.give(flow.server(server_bytes, text, client_bytes));
      server_bytes += size;
    }
  };
  for (const Said& said : dialogue) say(said.side, said.text);
  const std::string client = tls::test::client_hello(tls::test::browser_hello());
  const std::string server = tls::test::server_hello(tls::test::tls13_answer());
  for (size_t at = 0; at < client.size(); at += segment_bytes)
    say(kClient, std::string_view(client).substr(at, segment_bytes));
  for (size_t at = 0; at < server.size(); at += segment_bytes)
    say(kServer, std::string_view(server).substr(at, segment_bytes));
  return rig.said();
}

struct Dialogue {
  const char* name;
  std::vector<Said> said;
};

class StartTls : public ::testing::TestWithParam<Dialogue> {};

TEST_P(StartTls, IsFoundWithBothHellos) {
  for (const size_t segment_bytes : {1448, 100})
    EXPECT_EQ(told_of(GetParam().said, segment_bytes), Words{"tls"}) << segment_bytes;
}

const std::vector<Dialogue> kDialogues = {
    // RFC 3207
    {"Smtp",
     {{kServer, "220 mail.example ESMTP ready\r\n"},
      {kClient, "EHLO client.example\r\n"},
      {kServer, "250-mail.example\r\n250-SIZE 35882577\r\n250-STARTTLS\r\n250 HELP\r\n"},
      {kClient, "STARTTLS\r\n"},
      {kServer, "220 2.0.0 Ready to start TLS\r\n"}}},
    // RFC 9051 6.2.1
    {"Imap",
     {{kServer, "* OK [CAPABILITY IMAP4rev1 STARTTLS] ready\r\n"},
      {kClient, "a001 CAPABILITY\r\n"},
      {kServer, "* CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED\r\na001 OK done\r\n"},
      {kClient, "a002 STARTTLS\r\n"},
      {kServer, "a002 OK Begin TLS negotiation now\r\n"}}},
    // RFC 2595 4
    {"Pop3",
     {{kServer, "+OK POP3 server ready\r\n"},
      {kClient, "STLS\r\n"},
      {kServer, "+OK Begin TLS negotiation\r\n"}}},
    // RFC 4217
    {"Ftp",
     {{kServer, "220 ftp.example FTP server ready\r\n"},
      {kClient, "AUTH TLS\r\n"},
      {kServer, "234 AUTH TLS successful\r\n"}}},
    // RFC 4511 4.14: ExtendedRequest 1.3.6.1.4.1.1466.20037, and its response with success
    {"Ldap",
     {{kClient,
       of({0x30, 0x1d, 0x02, 0x01, 0x01, 0x77, 0x18, 0x80, 0x16}) + "1.3.6.1.4.1.1466.20037"},
      {kServer,
       of({0x30, 0x0c, 0x02, 0x01, 0x01, 0x78, 0x07, 0x0a, 0x01, 0x00, 0x04, 0x00, 0x04, 0x00})}}},
    // SSLRequest (80877103), and the server's one byte
    {"PostgreSql",
     {{kClient, of({0x00, 0x00, 0x00, 0x08, 0x04, 0xd2, 0x16, 0x2f})}, {kServer, "S"}}},
    // The server's greeting, and the client's SSLRequest packet
    {"MySql",
     {{kServer, of({0x4a, 0x00, 0x00, 0x00, 0x0a}) + "8.0.36" + of({0, 8, 0, 0, 0}) + "abcdefgh"
                    + of({0, 0xff, 0xff, 0xff, 0x02, 0x00, 0xff, 0xdf, 0x15})
                    + std::string(10, '\0') + "ijklmnopqrst" + of({0}) + "mysql_native_pass"
                    + of({0})},
      {kClient, of({0x20, 0x00, 0x00, 0x01, 0x85, 0xae, 0xff, 0x19, 0x00, 0x00, 0x00, 0x01, 0xff})
                    + std::string(23, '\0')}}},
    // RFC 6120 5.4
    {"Xmpp",
     {{kClient, "<stream:stream to='im.example' xmlns='jabber:client' version='1.0'>"},
      {kServer,
       "<?xml version='1.0'?><stream:stream id='s' from='im.example' version='1.0'>"
       "<stream:features><starttls/></stream:features>"},
      {kClient, "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"},
      {kServer, "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"}}},
    // X.224 connection request that offers TLS, and its confirmation ([MS-RDPBCGR] 2.2.1)
    {"Rdp",
     {{kClient, of({0x03, 0x00, 0x00, 0x13, 0x0e, 0xe0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00,
                    0x08, 0x00, 0x03, 0x00, 0x00, 0x00})},
      {kServer, of({0x03, 0x00, 0x00, 0x13, 0x0e, 0xd0, 0x00, 0x00, 0x12, 0x34, 0x00, 0x02, 0x1f,
                    0x08, 0x00, 0x02, 0x00, 0x00, 0x00})}}},
    // RFC 1928, without authentication
    {"Socks5",
     {{kClient, of({5, 1, 0})},
      {kServer, of({5, 0})},
      {kClient, of({5, 1, 0, 3, 15}) + "www.example.org" + of({0x01, 0xbb})},
      {kServer, of({5, 0, 0, 1, 10, 0, 0, 1, 0x9c, 0x40})}}},
    {"Socks4",
     {{kClient, of({4, 1, 0x01, 0xbb, 10, 0, 0, 1, 0})}, {kServer, of({0, 90, 0, 0, 0, 0, 0, 0})}}},
};

INSTANTIATE_TEST_SUITE_P(Protocols, StartTls, ::testing::ValuesIn(kDialogues),
                         [](const auto& instance) { return std::string(instance.param.name); });

}  // namespace
}  // namespace flowscope
