#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace flowscope::known {

// First bytes of one flow of a protocol, made by hand from its specification.
struct Sample {
  std::string_view name;
  std::string client;       // what one side sends first
  std::string server = {};  // and the other, where it takes both
  uint16_t port = 0;        // of one end, where it takes one
};

inline std::string bytes(std::string_view text) { return std::string(text); }
inline std::string zeros(size_t count) { return std::string(count, '\0'); }
// `text` filled up with zeros.
inline std::string filled(std::string_view text, size_t size) {
  return std::string(text) + zeros(size - text.size());
}

inline std::vector<Sample> stream_samples() {
  using namespace std::string_view_literals;  // NOLINT(google-build-using-namespace)
  const std::string tpkt = bytes("\x03\0\0"sv);
  return {
      {"smtp", "220 mail.example.com ESMTP Postfix\r\n"},
      {"smtp", "EHLO client.example.com\r\n"},
      {"smtp", "220 mx ready\r\n", {}, 25},
      {"ftp", "220 Welcome to the FTP service\r\n"},
      {"ftp", "USER anonymous\r\n", "220 ready\r\n"},
      {"ftp", "220 (vs 3.0.3)\r\n", {}, 21},
      {"imap", "* OK [CAPABILITY IMAP4rev1 LITERAL+] ready\r\n"},
      {"imap", "a001 CAPABILITY\r\n", "* OK ready\r\n"},
      {"pop3", "+OK POP3 server ready <1896.697170952@example.org>\r\n"},
      {"pop3", "CAPA\r\n", "+OK hello\r\n"},
      {"nntp", "200 news.example.com InterNetNews NNRP server ready (NNTP)\r\n"},
      {"nntp", "MODE READER\r\n"},
      {"irc", "NICK wiz\r\nUSER guest 0 * :Real Name\r\n"},
      {"irc", ":irc.example.net NOTICE * :*** Looking up your hostname...\r\n"},
      {"irc", "NICK wiz\r\n", {}, 6667},
      {"jabber", "<?xml version='1.0'?><stream:stream to='example.com' xmlns='jabber:client'>"},
      {"sip", "INVITE sip:bob@biloxi.example.com SIP/2.0\r\n"},
      {"sip", "SIP/2.0 200 OK\r\n"},
      {"rtsp", "DESCRIBE rtsp://server.example.com/fizzle/foo RTSP/1.0\r\n"},
      {"rtsp", "RTSP/1.0 200 OK\r\nCSeq: 1\r\n"},
      {"rtmp", filled("\x03\x12\x34\x56\x78\0\0\0\0abc"sv, 1537),
       filled("\x03\x01\x02\x03\x04\0\0\0\0xyz"sv, 1537)},
      {"mysql", filled("\x4a\0\0\0\x0a"
                       "8.0.32"sv,
                       78)},
      {"pgsql", filled("\0\0\0\x29\0\x03\0\0user\0alice\0"sv, 41)},
      {"pgsql", bytes("\0\0\0\x08\x04\xd2\x16\x2f"sv)},
      {"tds", filled("\x12\x01\0\x2f\0\0\0\0\0\0"sv, 47)},
      {"tns", filled("\0\x3a\0\0\x01\0\0\0\x01\x3a\x01\x2c"sv, 58)},
      {"mongodb", filled("\x3a\0\0\0\x01\0\0\0\0\0\0\0\xdd\x07\0\0\0\0"sv, 58)},
      {"redis", "*1\r\n$4\r\nPING\r\n"},
      {"redis", "+OK\r\n", {}, 6379},
      {"memcached", "set key 0 60 5\r\nhello\r\n", "STORED\r\n"},
      {"memcached", "stats\r\n", {}, 11211},
      {"cassandra", bytes("\x04\0\0\0\x01\0\0\0\x16\0\x01\0\x0b"
                          "CQL_VERSION\0\x05"
                          "3.0.0"sv)},
      {"cassandra", bytes("\x04\0\0\0\x05\0\0\0\0"sv), bytes("\x84\0\0\0\x06\0\0\0\x10zz"sv)},
      {"zookeeper", filled("\0\0\0\x2d\0\0\0\0"sv, 49), {}, 2181},
      {"kafka", filled("\0\0\0\x20\0\x12\0\x03\0\0\0\x01\0\x09"sv, 36)},
      {"mqtt", bytes("\x10\x10\0\x04MQTT\x04\x02\0\x3c\0\x04test"sv)},
      {"amqp", bytes("AMQP\0\0\x09\x01"sv)},
      {"nats", R"(INFO {"server_id":"NABC"})"},
      {"zmtp", bytes("\xff\0\0\0\0\0\0\0\x01\x7f\x03"sv)},
      {"opcua", filled("HELF\x3a\0\0\0"sv, 58)},
      {"rfb", "RFB 003.008\n"},
      {"rdp", tpkt + bytes("\x2b\x26\xe0\0\0\0\0\0Cookie: mstshash=alice\r\n"sv)},
      {"rdp", tpkt + bytes("\x13\x0e\xe0\0\0\0\0\0\x01\0\x08\0\x0b\0\0\0"sv)},
      {"telnet", bytes("\xff\xfd\x18\xff\xfd\x20\xff\xfd\x23"sv)},
      {"telnet", bytes("\xff\xfd\x18"sv), {}, 23},
      {"x11", bytes("l\0\x0b\0\0\0\0\0\0\0\0\0"sv)},
      {"smb", bytes("\0\0\0\x45\xff"
                    "SMBr\0\0\0\0"sv)},
      {"smb", bytes("\0\0\0\xf8\xfe"
                    "SMB@\0\0\0"sv)},
      {"dcerpc", filled("\x05\0\x0b\x03\x10\0\0\0\x48\0\0\0"sv, 72)},
      {"nfs", bytes("\x80\0\0\x28\x12\x34\x56\x78\0\0\0\0\0\0\0\x02\0\x01\x86\xa3\0\0\0\x03"sv)},
      {"rpc", bytes("\x80\0\0\x28\x12\x34\x56\x78\0\0\0\0\0\0\0\x02\0\x01\x86\xa0\0\0\0\x02"sv)},
      {"ldap", bytes("\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x03\x04\0\x80\0"sv)},
      {"ldap", bytes("\x30\x84\0\0\0\x4b\x02\x02\0\x97\x60\x84\0\0\0\x41"sv)},
      {"krb5",
       filled("\0\0\0\xb8\x6a\x81\xb5\x30\x81\xb2\xa1\x03\x02\x01\x05\xa2\x03\x02\x01\x0a"sv, 188)},
      {"git", bytes("0033git-upload-pack /project.git\0host=example.com\0"sv)},
      {"rsync", "@RSYNCD: 31.0\n"},
      {"svn", "( success ( 2 2 ( ) ( edit-pipeline svndiff1 ) ) ) "},
      {"bgp", std::string(16, '\xff') + bytes("\0\x1d\x01\x04"sv)},
      {"rpki-rtr", bytes("\x01\x02\0\0\0\0\0\x08"sv), bytes("\x01\x03\x12\x34\0\0\0\x08"sv)},
      {"diameter", filled("\x01\0\0\x7c\x80\0\x01\x01\0\0\0\0"sv, 124)},
      {"tacacs", filled("\xc0\x01\x01\0\x12\x34\x56\x78\0\0\0\x19"sv, 37)},
      {"skinny", filled("\x04\0\0\0\0\0\0\0\0\0\0\0"sv, 12), {}, 2000},
      {"pptp", filled("\0\x9c\0\x01\x1a\x2b\x3c\x4d\0\x01"sv, 156)},
      {"smpp", filled("\0\0\0\x2f\0\0\0\x09\0\0\0\0\0\0\0\x01"sv, 47)},
      {"stun", filled("\0\x01\0\x08\x21\x12\xa4\x42"sv, 28)},
      {"socks", bytes("\x05\x01\0"sv), bytes("\x05\0"sv)},
      {"socks", bytes("\x04\x01\0\x50\x01\x02\x03\x04user\0"sv), filled("\0\x5a"sv, 8)},
      {"openvpn", bytes("\0\x0e\x38\x12\x34\x56\x78\x9a\xbc\xde\xf0\0\0\0\0\0"sv)},
      {"syslog", "<34>Oct 11 22:14:15 mymachine su: 'su root' failed"},
      {"modbus", bytes("\0\x01\0\0\0\x06\x11\x03\0\x6b\0\x03"sv), {}, 502},
      {"dnp3", bytes("\x05\x64\x05\xc0\x01\0\0\x04\xe9\x21"sv)},
      {"dnp3", bytes("\x05\x64\x17\xc4\x01\0\0\x04"sv), bytes("\x05\x64\x17\x44\x01\0\0\x04"sv)},
      {"s7comm",
       tpkt + bytes("\x16\x11\xe0\0\0\0\x01\0\xc0\x01\x0a\xc1\x02\x01\0\xc2\x02\x01\x02"sv)},
      {"cotp", tpkt + bytes("\x0b\x06\xe0\0\0\0\x01\0"sv), {}, 102},
      {"iec104", bytes("\x68\x04\x07\0\0\0"sv), bytes("\x68\x04\x0b\0\0\0"sv)},
      {"enip", filled("\x65\0\x04\0"sv, 28)},
      {"doip", filled("\x02\xfd\0\x05\0\0\0\x07"sv, 15)},
      {"bittorrent", bytes("\x13"
                           "BitTorrent protocol\0\0"sv)},
      {"http2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"},
      {"stratum", R"({"id":1,"method":"mining.subscribe","params":[]})"},
  };
}

inline std::vector<Sample> datagram_samples() {
  using namespace std::string_view_literals;  // NOLINT(google-build-using-namespace)
  return {
      {"sip", "REGISTER sip:registrar.example.com SIP/2.0\r\n"},
      {"memcached", bytes("\0\x01\0\0\0\x01\0\0stats\r\n"sv), {}, 11211},
      {"nfs", bytes("\x12\x34\x56\x78\0\0\0\0\0\0\0\x02\0\x01\x86\xa3\0\0\0\x03\0\0\0\0"sv)},
      {"rpc", bytes("\x12\x34\x56\x78\0\0\0\0\0\0\0\x02\0\x01\x86\xa0\0\0\0\x02\0\0\0\x03"sv)},
      {"ldap", bytes("\x30\x25\x02\x01\x01\x63\x20\x04\0"sv), {}, 389},
      {"krb5", bytes("\x6a\x81\xb5\x30\x81\xb2\xa1\x03\x02\x01\x05\xa2\x03\x02\x01\x0a"sv)},
      {"tftp", bytes("\0\x01"
                     "boot.bin\0octet\0"sv)},
      {"dhcp", filled("\x01\x01\x06\0"sv, 300), {}, 67},
      {"dhcpv6", bytes("\x01\x12\x34\x56\0\x01\0\x0a"sv), {}, 547},
      {"ntp", filled("\x23"sv, 48), {}, 123},
      {"snmp",
       bytes("\x30\x26\x02\x01\x01\x04\x07"
             "private\xa0\x18"sv),
       {},
       161},
      {"snmp", bytes("\x30\x26\x02\x01\x01\x04\x06public\xa0\x19"sv)},
      {"syslog", "<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog - ID47"},
      {"radius", filled("\x01\x2a\0\x14"sv, 20), {}, 1812},
      {"stun", filled("\x01\x01\0\x0c\x21\x12\xa4\x42"sv, 32)},
      {"ike",
       filled(
           "\x11\x11\x11\x11\x11\x11\x11\x11\0\0\0\0\0\0\0\0\x21\x20\x22\x08\0\0\0\0\0\0\0\x40"sv,
           64),
       {},
       500},
      {"openvpn", bytes("\x38\x12\x34\x56\x78\x9a\xbc\xde\xf0\0\0\0\0\0"sv)},
      {"wireguard", filled("\x01\0\0\0\x12\x34\x56\x78"sv, 148)},
      {"gtp", filled("\x32\x01\0\x04"sv, 12), {}, 2152},
      {"ssdp", "M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\n"},
      {"netbios-ns",
       bytes("\x12\x34\x01\x10\0\x01\0\0\0\0\0\0\x20"
             "ENEEEKFCDJDICACACACACACACACACAAA\0\0\x20\0\x01"sv),
       {},
       137},
      {"netbios-dgm", bytes("\x11\x02\0\x0c\xc0\xa8\xef\x81"sv), {}, 138},
      {"rip", filled("\x02\x02\0\0\0\x02"sv, 24), {}, 520},
      {"bfd", filled("\x20\xc0\x03\x18"sv, 24), {}, 3784},
      {"l2tp", filled("\xc8\x02\0\x14"sv, 20), {}, 1701},
      {"sflow", bytes("\0\0\0\x05\0\0\0\x01\x0a\0\0\x01"sv), {}, 6343},
      {"netflow", bytes("\0\x09\0\x02\0\0\0\x01"sv), {}, 2055},
      {"dnp3", bytes("\x05\x64\x05\xc0\x01\0\0\x04\xe9\x21"sv), {}, 20000},
      {"enip", filled("\x63\0\0\0"sv, 24), {}, 44818},
      {"doip", bytes("\x02\xfd\0\x01\0\0\0\0"sv)},
      {"bacnet", filled("\x81\x0b\0\x0c\x01\x20"sv, 12), {}, 47808},
      {"coap", bytes("\x40\x01\x12\x34\xbb.well-known"sv), {}, 5683},
      {"rtps", bytes("RTPS\x02\x01\x01\x01"sv)},
      {"bittorrent-dht", "d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:y1:qe"},
      {"bittorrent-lsd", "BT-SEARCH * HTTP/1.1\r\nHost: 239.192.152.143:6771\r\n"},
      {"dropbox", R"({"host_int": 123456, "version": [2, 0], "displayname": ""})"},
      {"raknet", bytes("\x05\0\xff\xff\0\xfe\xfe\xfe\xfe\xfd\xfd\xfd\xfd\x12\x34\x56\x78\x08"sv)},
      {"bjnp", bytes("BJNP\x02\x01\0\0"sv)},
  };
}

}  // namespace flowscope::known
