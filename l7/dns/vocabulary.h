#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "flowcore/base/short_word.h"

namespace flowscope::dns {

// Resource record types whose content we read (IANA DNS parameters, TYPE registry), and those that
// ask for a zone transfer.
enum class RrType : uint16_t {
  A = 1,
  Ns = 2,
  Md = 3,
  Mf = 4,
  Cname = 5,
  Soa = 6,
  Mb = 7,
  Mg = 8,
  Mr = 9,
  Ptr = 12,
  Hinfo = 13,
  Minfo = 14,
  Mx = 15,
  Txt = 16,
  Rp = 17,
  Afsdb = 18,
  Rt = 21,
  Sig = 24,
  Key = 25,
  Aaaa = 28,
  Loc = 29,
  Srv = 33,
  Naptr = 35,
  Kx = 36,
  Cert = 37,
  Dname = 39,
  Opt = 41,
  Ds = 43,
  Sshfp = 44,
  Rrsig = 46,
  Nsec = 47,
  Dnskey = 48,
  Nsec3 = 50,
  Nsec3param = 51,
  Tlsa = 52,
  Smimea = 53,
  Cds = 59,
  Cdnskey = 60,
  Csync = 62,
  Zonemd = 63,
  Svcb = 64,
  Https = 65,
  Spf = 99,
  Tkey = 249,
  Tsig = 250,
  Ixfr = 251,
  Axfr = 252,
  Uri = 256,
  Caa = 257,
  Ta = 32768,
  Dlv = 32769,
};

[[nodiscard]] constexpr uint16_t number_of(RrType type) { return static_cast<uint16_t>(type); }

// Kinds of message, RFC 6895 section 2.2; the others were never assigned or are not in use.
enum class Opcode : uint8_t {
  Query = 0,
  InverseQuery = 1,
  Status = 2,
  Notify = 4,
  Update = 5,
  Stateful = 6,  // RFC 8490
};

// Options of an OPT record whose content we read (RFC 6891 section 9).
enum class EdnsOption : uint16_t {
  Nsid = 3,            // RFC 5001
  ClientSubnet = 8,    // RFC 7871
  Cookie = 10,         // RFC 7873
  TcpKeepalive = 11,   // RFC 7828
  Padding = 12,        // RFC 7830
  ExtendedError = 15,  // RFC 8914
};

// Parameters of SVCB and HTTPS records whose content we read (RFC 9460 section 14.3).
enum class SvcParam : uint16_t {
  Mandatory = 0,
  Alpn = 1,
  NoDefaultAlpn = 2,
  Port = 3,
  Ipv4Hint = 4,
  Ech = 5,
  Ipv6Hint = 6,
  DohPath = 7,  // RFC 9461
  Ohttp = 8,    // RFC 9540
};

// Room for the text of a number that has no mnemonic.
using NumberText = std::array<char, 16>;

// "AAAA", or "TYPE65280" (RFC 3597 section 5).
[[nodiscard]] ShortWord rr_type_name(uint16_t type);

// "NXDOMAIN", or "RCODE12". Takes the extended code of RFC 6891 as well.
[[nodiscard]] ShortWord rcode_name(uint16_t rcode);

// "CH", or "CLASS77" (RFC 3597 section 5) written into `scratch`.
[[nodiscard]] std::string_view class_name(uint16_t rr_class, NumberText& scratch);

// "NOTIFY"; empty for a number without a name.
[[nodiscard]] std::string_view opcode_name(uint8_t opcode);
// "COOKIE"; empty for a number without a name.
[[nodiscard]] std::string_view edns_option_name(uint16_t option);
// "Stale Answer", the purpose in the registry of RFC 8914; empty for a number without one.
[[nodiscard]] std::string_view extended_error_name(uint16_t code);
// "alpn", or "key65280" (RFC 9460 section 2.1) written into `scratch`.
[[nodiscard]] std::string_view svc_param_name(uint16_t key, NumberText& scratch);

}  // namespace flowscope::dns
