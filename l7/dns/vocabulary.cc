#include "l7/dns/vocabulary.h"

#include <algorithm>
#include <charconv>

namespace flowscope::dns {

namespace {

struct NamedNumber {
  uint16_t number;
  std::string_view name;
};

// Types 0 to 65, by number; empty where the registry has none.
constexpr std::array<std::string_view, 66> kLowTypes = {
    "",       "A",     "NS",     "MD",         "MF",      "CNAME",      "SOA",   "MB",
    "MG",     "MR",    "NULL",   "WKS",        "PTR",     "HINFO",      "MINFO", "MX",
    "TXT",    "RP",    "AFSDB",  "X25",        "ISDN",    "RT",         "NSAP",  "NSAPPTR",
    "SIG",    "KEY",   "PX",     "GPOS",       "AAAA",    "LOC",        "NXT",   "EID",
    "NIMLOC", "SRV",   "ATMA",   "NAPTR",      "KX",      "CERT",       "A6",    "DNAME",
    "SINK",   "OPT",   "APL",    "DS",         "SSHFP",   "IPSECKEY",   "RRSIG", "NSEC",
    "DNSKEY", "DHCID", "NSEC3",  "NSEC3PARAM", "TLSA",    "SMIMEA",     "",      "HIP",
    "NINFO",  "RKEY",  "TALINK", "CDS",        "CDNSKEY", "OPENPGPKEY", "CSYNC", "ZONEMD",
    "SVCB",   "HTTPS"};

// The sparse rest, ascending.
constexpr std::array kHighTypes = std::to_array<NamedNumber>({
    {99, "SPF"},    {100, "UINFO"}, {101, "UID"},      {102, "GID"},  {103, "UNSPEC"},
    {104, "NID"},   {105, "L32"},   {106, "L64"},      {107, "LP"},   {108, "EUI48"},
    {109, "EUI64"}, {249, "TKEY"},  {250, "TSIG"},     {251, "IXFR"}, {252, "AXFR"},
    {253, "MAILB"}, {254, "MAILA"}, {255, "ANY"},      {256, "URI"},  {257, "CAA"},
    {258, "AVC"},   {259, "DOA"},   {260, "AMTRELAY"}, {32768, "TA"}, {32769, "DLV"},
});

// RFC 6895 section 2.3; 12 to 15 are not assigned. 16 is BADVERS in a message, BADSIG in TSIG only.
constexpr std::array<std::string_view, 24> kRcodes = {
    "NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN",  "NOTIMP",  "REFUSED", "YXDOMAIN", "YXRRSET",
    "NXRRSET", "NOTAUTH", "NOTZONE",  "DSOTYPENI", "",        "",        "",         "",
    "BADVERS", "BADKEY",  "BADTIME",  "BADMODE",   "BADNAME", "BADALG",  "BADTRUNC", "BADCOOKIE"};

constexpr std::array<std::string_view, 7> kOpcodes = {"QUERY",  "IQUERY", "STATUS", "",
                                                      "NOTIFY", "UPDATE", "DSO"};

constexpr std::array<std::string_view, 20> kEdnsOptions = {"",
                                                           "LLQ",
                                                           "UPDATE-LEASE",
                                                           "NSID",
                                                           "",
                                                           "DAU",
                                                           "DHU",
                                                           "N3U",
                                                           "ECS",
                                                           "EXPIRE",
                                                           "COOKIE",
                                                           "TCP-KEEPALIVE",
                                                           "PADDING",
                                                           "CHAIN",
                                                           "KEY-TAG",
                                                           "EDE",
                                                           "CLIENT-TAG",
                                                           "SERVER-TAG",
                                                           "REPORT-CHANNEL",
                                                           "ZONEVERSION"};

constexpr std::array<std::string_view, 31> kExtendedErrors = {"Other Error",
                                                              "Unsupported DNSKEY Algorithm",
                                                              "Unsupported DS Digest Type",
                                                              "Stale Answer",
                                                              "Forged Answer",
                                                              "DNSSEC Indeterminate",
                                                              "DNSSEC Bogus",
                                                              "Signature Expired",
                                                              "Signature Not Yet Valid",
                                                              "DNSKEY Missing",
                                                              "RRSIGs Missing",
                                                              "No Zone Key Bit Set",
                                                              "NSEC Missing",
                                                              "Cached Error",
                                                              "Not Ready",
                                                              "Blocked",
                                                              "Censored",
                                                              "Filtered",
                                                              "Prohibited",
                                                              "Stale NXDOMAIN Answer",
                                                              "Not Authoritative",
                                                              "Not Supported",
                                                              "No Reachable Authority",
                                                              "Network Error",
                                                              "Invalid Data",
                                                              "Signature Expired before Valid",
                                                              "Too Early",
                                                              "Unsupported NSEC3 Iterations Value",
                                                              "Unable to conform to policy",
                                                              "Synthesized",
                                                              "Invalid Query Type"};

constexpr std::array<std::string_view, 9> kSvcParams = {"mandatory", "alpn",     "no-default-alpn",
                                                        "port",      "ipv4hint", "ech",
                                                        "ipv6hint",  "dohpath",  "ohttp"};

template <size_t N>
constexpr std::array<ShortWord, N> words_of(const std::array<std::string_view, N>& names) {
  std::array<ShortWord, N> words{};
  for (size_t i = 0; i < N; ++i) words[i] = ShortWord(names[i]);
  return words;
}
constexpr auto kLowTypeWords = words_of(kLowTypes);
constexpr auto kRcodeWords = words_of(kRcodes);

template <size_t N>
constexpr std::string_view name_in(const std::array<std::string_view, N>& names, size_t number) {
  return number < N ? names[number] : std::string_view{};
}

std::string_view numbered(std::string_view prefix, uint16_t number, NumberText& scratch) {
  char* const digits = std::copy(prefix.begin(), prefix.end(), scratch.data());
  const char* const end = std::to_chars(digits, scratch.data() + scratch.size(), number).ptr;
  return {scratch.data(), static_cast<size_t>(end - scratch.data())};
}

ShortWord numbered(std::string_view prefix, uint16_t number) {
  NumberText scratch;
  return ShortWord(numbered(prefix, number, scratch));
}

}  // namespace

ShortWord rr_type_name(uint16_t type) {
  if (type < kLowTypeWords.size()) {
    const ShortWord name = kLowTypeWords.at(type);
    return name.empty() ? numbered("TYPE", type) : name;
  }
  const auto* const found = std::lower_bound(
      kHighTypes.begin(), kHighTypes.end(), type,
      [](const NamedNumber& entry, uint16_t wanted) { return entry.number < wanted; });
  const bool known = found != kHighTypes.end() && found->number == type;
  return known ? ShortWord(found->name) : numbered("TYPE", type);
}

ShortWord rcode_name(uint16_t rcode) {
  const ShortWord name = rcode < kRcodeWords.size() ? kRcodeWords.at(rcode) : ShortWord();
  return name.empty() ? numbered("RCODE", rcode) : name;
}

// RFC 6895 section 3.2.
std::string_view class_name(uint16_t rr_class, NumberText& scratch) {
  switch (rr_class) {
    case 1:
      return "IN";
    case 3:
      return "CH";
    case 4:
      return "HS";
    case 254:
      return "NONE";
    case 255:
      return "ANY";
    default:
      return numbered("CLASS", rr_class, scratch);
  }
}

std::string_view opcode_name(uint8_t opcode) { return name_in(kOpcodes, opcode); }

std::string_view edns_option_name(uint16_t option) { return name_in(kEdnsOptions, option); }

std::string_view extended_error_name(uint16_t code) { return name_in(kExtendedErrors, code); }

std::string_view svc_param_name(uint16_t key, NumberText& scratch) {
  const std::string_view name = name_in(kSvcParams, key);
  return name.empty() ? numbered("key", key, scratch) : name;
}

}  // namespace flowscope::dns
