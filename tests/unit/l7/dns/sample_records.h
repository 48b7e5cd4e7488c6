#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/unit/l7/dns/message_builder.h"

namespace flowscope::dns {

// Content of one record, and how it is described behind its TTL.
struct SampleRecord {
  uint16_t type;
  std::string rdata;
  std::string text;
};

// One sound record or more of every type that we read, and of some that we do not. The same serves
// as seeds of the fuzz target.
inline std::vector<SampleRecord> sample_records() {
  using namespace std::string_literals;
  const std::string service = "\0\1"s + wire_name("svc.test");
  return {
      {1, "\300\0\2\1"s, "rdata=192.0.2.1"},
      {2, wire_name("ns.test"), "rdata=ns.test"},
      {5, wire_name("b.test"), "rdata=b.test"},
      {5, "\1b\300\16"s, "rdata=b.test"},
      {6,
       wire_name("ns.test") + wire_name("root.test") + "\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0\5"s,
       "soa={mname=ns.test rname=root.test serial=1 refresh=2 retry=3 expire=4 minimum=5}"},
      {8, wire_name("mail.test"), "rdata=mail.test"},
      {12, wire_name("host.test"), "rdata=host.test"},
      {13, "\3PDP\4UNIX"s, "hinfo={cpu=PDP os=UNIX}"},
      {14, wire_name("r.test") + wire_name("e.test"), "minfo={rmailbx=r.test emailbx=e.test}"},
      {15, "\0\12"s + wire_name("mx.test"), "preference=10 rdata=mx.test"},
      {16, "\5hello"s, "rdata=hello"},
      {16, "\5hello\1 \5world"s, "rdata=hello world"},
      {16, "\0"s, "rdata="},
      {17, wire_name("me.test") + wire_name("txt.test"), "rp={mbox=me.test txt=txt.test}"},
      {18, "\0\1"s + wire_name("afs.test"), "afsdb={subtype=1 hostname=afs.test}"},
      {21, "\0\7"s + wire_name("rt.test"), "rt={preference=7 host=rt.test}"},
      {25, "\1\0\3\5\1\2"s,
       "dnskey={flags=256 protocol=3 algorithm=5 key_tag=1287 public_key=0102}"},
      {28, "\x20\1\xd\xb8"s + std::string(11, '\0') + "\1", "rdata=2001:db8::1"},
      // RFC 1876 section 4, one of its examples.
      {29, "\0\x33\x16\x13\x89\x17\x2d\xd0\x70\xbe\x15\xf0\x00\x98\x8d\x20"s,
       "rdata=42 21 54.000 N 71 6 18.000 W -24.00m 30.00m 10000.00m 10.00m"},
      {29, "\1ab", "rdata=\\# 3 016162"},
      {33, "\0\1\0\2\0\120"s + wire_name("s.test"),
       "srv={priority=1 weight=2 port=80 name=s.test}"},
      {35, "\0\144\0\12\1u\7E2U+sip\4!^x!\0"s,
       "naptr={order=100 preference=10 flags=u services=E2U+sip regexp=!^x! replacement=}"},
      {36, "\0\1"s + wire_name("kx.test"), "kx={preference=1 exchanger=kx.test}"},
      {37, "\0\1\0\2\3\xff"s, "cert={cert_type=1 key_tag=2 algorithm=3 certificate=ff}"},
      {39, wire_name("d.test"), "rdata=d.test"},
      {43, "\xec\x45\5\1\x2b\xb1"s, "ds={key_tag=60485 algorithm=5 digest_type=1 digest=2bb1}"},
      {44, "\4\2\x12\xab"s, "sshfp={algo=4 type=2 fingerprint=12:ab}"},
      {46, "\0\1\15\3\0\1\121\200\0\0\0\2\0\0\0\1\0\11"s + wire_name("a.test") + "\xaa\xbb",
       "rrsig={type_covered=A algorithm=13 labels=3 original_ttl=86400 expiration=2 inception=1 "
       "key_tag=9 signer=a.test signature=aabb}"},
      // RFC 4034 section 4.3.
      {47, wire_name("host.a.test") + "\0\6\x40\1\0\0\0\3"s,
       "nsec={next=host.a.test types=[A MX RRSIG NSEC]}"},
      {47, wire_name("n.test") + "\0\1\x40\1\1\x40"s, "nsec={next=n.test types=[A CAA]}"},
      {48, "\1\1\3\15\1\2\3"s,
       "dnskey={flags=257 protocol=3 algorithm=13 key_tag=2064 public_key=010203}"},
      // The hash of RFC 5155 appendix A.
      {50,
       "\1\1\0\14\4\xaa\xbb\xcc\xdd\24\x17\x4e\xb2\x40\x9f\xe2\x8b\xcb\x48\x87\xa1\x83\x6f\x95\x7f"
       "\x0a\x84\x25\xe2\x7b\0\1\x40"s,
       "nsec3={hash_algorithm=1 flags=1 iterations=12 salt=aabbccdd "
       "next=2t7b4g4vsa5smi47k61mv5bv1a22bojr types=[A]}"},
      {51, "\1\0\0\5\0"s, "nsec3param={hash_algorithm=1 flags=0 iterations=5 salt=}"},
      {52, "\3\1\1\xab\xcd"s, "tlsa={usage=3 selector=1 matching_type=1 association=abcd}"},
      {62, "\0\0\0\7\0\3\0\1\x40"s, "csync={serial=7 flags=3 types=[A]}"},
      {63, "\0\0\0\7\1\1\xee"s, "zonemd={serial=7 scheme=1 hash_algorithm=1 digest=ee}"},
      {64, "\0\0"s + wire_name("alias.test"), "svcb={priority=0 target=alias.test}"},
      {65, "\0\1\0"s, "https={priority=1 target=}"},
      {65,
       service + "\0\0\0\4\0\1\0\4"s + "\0\1\0\6\2h3\2h2"s + "\0\2\0\0"s + "\0\3\0\2\1\273"s
           + "\0\4\0\10\300\0\2\1\300\0\2\2"s + "\0\5\0\2\xfe\x0d"s + "\0\6\0\20\x20\1\xd\xb8"s
           + std::string(11, '\0') + "\1" + "\0\7\0\4/q{?"s + "\0\10\0\0"s + "\xff\0\0\1x"s,
       "https={priority=1 target=svc.test mandatory=[alpn ipv4hint] alpn=[h3 h2] "
       "no_default_alpn=true port=443 ipv4hint=[192.0.2.1 192.0.2.2] ech=fe0d "
       "ipv6hint=[2001:db8::1] dohpath=/q{? ohttp=true params=[{key=key65280 value=78}]}"},
      // A port of three bytes is not read as one.
      {65, service + "\0\3\0\3\1\2\3"s,
       "https={priority=1 target=svc.test params=[{key=port value=010203}]}"},
      {99, "\4v=s1"s, "rdata=v=s1"},
      {250, wire_name("hmac.test") + "\0\0\0\0\0\7\1\54\0\2\xab\xcd\0\11\0\20\0\0"s,
       "tsig={algorithm=hmac.test time_signed=7 fudge=300 mac=abcd original_id=9 error=16 other=}"},
      {249, wire_name("t.test") + "\0\0\0\1\0\0\0\2\0\3\0\0\0\1\xaa\0\0"s,
       "tkey={algorithm=t.test inception=1 expiration=2 mode=3 error=0 key=aa other=}"},
      {256, "\0\12\0\1ftp://a.test/"s, "uri={priority=10 weight=1 target=ftp://a.test/}"},
      {257, "\0\5issueca.test"s, "caa={flags=0 tag=issue value=ca.test}"},
      {10, "\1\2"s, "rdata=\\# 2 0102"},
      {65280, "xyz", "rdata=\\# 3 78797a"},
      {1, "", ""},
      {6, "", ""},
  };
}

// Content that its type does not allow, with the section that says so.
struct UnsoundRecord {
  uint16_t type;
  std::string rdata;
  std::string section;
};

inline std::vector<UnsoundRecord> unsound_records() {
  using namespace std::string_literals;
  const std::string root = "\0"s;
  return {
      {1, "\1\2\3"s, "RFC 1035 3.4.1"},
      {28, "\1\2\3\4"s, "RFC 3596 2.2"},
      {5, "\5short"s, "RFC 1035 3.3.1: cut name"},
      {5, wire_name("b.test") + "x", "RFC 1035 3.3.1: a byte behind the name"},
      {5, "\300\100"s, "RFC 1035 4.1.4: pointer forwards"},
      {15, "\0"s, "RFC 1035 3.3.9"},
      {15, "\0\12"s, "RFC 1035 3.3.9: no exchange"},
      {33, "\0\1\0\2\0\120"s, "RFC 2782: no target"},
      {6, wire_name("ns.test"), "RFC 1035 3.3.13: one name"},
      {6, wire_name("ns.test") + wire_name("root.test") + "\0\0\0\1"s, "RFC 1035 3.3.13: cut"},
      {16, "\5hell"s, "RFC 1035 3.3.14"},
      {13, "\3PDP"s, "RFC 1035 3.3.2: no OS"},
      {35, "\0\1\0\2\1u\0\0"s, "RFC 3403 4.1: no replacement"},
      {29, "\0\x12\x16\x13\0\0"s, "RFC 1876 2: cut"},
      {29, "\0\xa2\x16\x13\0\0\0\0\0\0\0\0\0\0\0\0"s, "RFC 1876 2: size of ten"},
      {43, "\0\1\2"s, "RFC 4034 5.1"},
      {46, "\0\1\15\3\0\1\121\200\0\0\0\2\0\0\0\1\0"s, "RFC 4034 3.1"},
      {47, root + "\0\0"s, "RFC 4034 4.1.2: empty window"},
      {47, root + "\0\41"s + std::string(33, '\1'), "RFC 4034 4.1.2: window of 33 bytes"},
      {47, root + "\1\1\x40\0\1\x40"s, "RFC 4034 4.1.2: windows descend"},
      {47, root + "\0\1\x40\0\1\x40"s, "RFC 4034 4.1.2: window twice"},
      {47, root + "\0\2\x40"s, "RFC 4034 4.1.2: cut window"},
      {48, "\1\1\3"s, "RFC 4034 2.1"},
      {50, "\1\1\0\14\4\xaa"s, "RFC 5155 3.2: cut salt"},
      {51, "\1\0\0\5\0\0"s, "RFC 5155 4.2: a byte behind the salt"},
      {52, "\3\1"s, "RFC 6698 2.1"},
      {64, "\0\1"s, "RFC 9460 2.2: no target"},
      {64, "\0\1\0\0\3\0\2\1"s, "RFC 9460 2.2: cut parameter"},
      {64, "\0\1\0\0\3\0\2\1\2\0\1\0\3\2h2"s, "RFC 9460 2.2: keys descend"},
      {64, "\0\1\0\0\3\0\2\1\2\0\3\0\2\1\2"s, "RFC 9460 2.2: key twice"},
      {250, wire_name("h.test") + "\0\0\0\0\0\7\1\54\0\3\xab"s, "RFC 8945 4.2: cut MAC"},
      {257, "\0\11issue"s, "RFC 8659 4.1: cut tag"},
  };
}

}  // namespace flowscope::dns
