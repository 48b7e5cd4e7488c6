#include "l7/dns/rdata_shape.h"

#include <algorithm>
#include <array>

#include "l7/dns/name.h"

namespace flowscope::dns {

namespace {

using Kind = RdataField::Kind;

// RFC 1035 sections 3.3.13, 3.3.2 and 3.3.7; RFC 1183 sections 2.2, 1 and 3.3.
constexpr std::array kSoa = std::to_array<RdataField>({{"mname", Kind::Name},
                                                       {"rname", Kind::Name},
                                                       {"serial", Kind::U32},
                                                       {"refresh", Kind::U32},
                                                       {"retry", Kind::U32},
                                                       {"expire", Kind::U32},
                                                       {"minimum", Kind::U32}});
constexpr std::array kHinfo =
    std::to_array<RdataField>({{"cpu", Kind::Text8}, {"os", Kind::Text8}});
constexpr std::array kMinfo =
    std::to_array<RdataField>({{"rmailbx", Kind::Name}, {"emailbx", Kind::Name}});
constexpr std::array kRp = std::to_array<RdataField>({{"mbox", Kind::Name}, {"txt", Kind::Name}});
constexpr std::array kAfsdb =
    std::to_array<RdataField>({{"subtype", Kind::U16}, {"hostname", Kind::Name}});
constexpr std::array kRt =
    std::to_array<RdataField>({{"preference", Kind::U16}, {"host", Kind::Name}});
// RFC 2782, RFC 3403 section 4.1, RFC 2230, RFC 4398.
constexpr std::array kSrv = std::to_array<RdataField>(
    {{"priority", Kind::U16}, {"weight", Kind::U16}, {"port", Kind::U16}, {"name", Kind::Name}});
constexpr std::array kNaptr = std::to_array<RdataField>({{"order", Kind::U16},
                                                         {"preference", Kind::U16},
                                                         {"flags", Kind::Text8},
                                                         {"services", Kind::Text8},
                                                         {"regexp", Kind::Text8},
                                                         {"replacement", Kind::Name}});
constexpr std::array kKx =
    std::to_array<RdataField>({{"preference", Kind::U16}, {"exchanger", Kind::Name}});
constexpr std::array kCert = std::to_array<RdataField>({{"cert_type", Kind::U16},
                                                        {"key_tag", Kind::U16},
                                                        {"algorithm", Kind::U8},
                                                        {"certificate", Kind::HexRest}});
// RFC 4034 sections 5, 3, 4 and 2; RFC 7344; RFC 2535 for the older ones.
constexpr std::array kDs = std::to_array<RdataField>({{"key_tag", Kind::U16},
                                                      {"algorithm", Kind::U8},
                                                      {"digest_type", Kind::U8},
                                                      {"digest", Kind::HexRest}});
constexpr std::array kRrsig = std::to_array<RdataField>({{"type_covered", Kind::Type},
                                                         {"algorithm", Kind::U8},
                                                         {"labels", Kind::U8},
                                                         {"original_ttl", Kind::U32},
                                                         {"expiration", Kind::U32},
                                                         {"inception", Kind::U32},
                                                         {"key_tag", Kind::U16},
                                                         {"signer", Kind::Name},
                                                         {"signature", Kind::HexRest}});
constexpr std::array kNsec =
    std::to_array<RdataField>({{"next", Kind::Name}, {"types", Kind::Types}});
constexpr std::array kDnskey = std::to_array<RdataField>({{"flags", Kind::U16},
                                                          {"protocol", Kind::U8},
                                                          {"algorithm", Kind::U8},
                                                          {"key_tag", Kind::KeyTag},
                                                          {"public_key", Kind::HexRest}});
// RFC 5155 sections 3 and 4.
constexpr std::array kNsec3 = std::to_array<RdataField>({{"hash_algorithm", Kind::U8},
                                                         {"flags", Kind::U8},
                                                         {"iterations", Kind::U16},
                                                         {"salt", Kind::Hex8},
                                                         {"next", Kind::Base32},
                                                         {"types", Kind::Types}});
constexpr std::array kNsec3param = std::to_array<RdataField>({{"hash_algorithm", Kind::U8},
                                                              {"flags", Kind::U8},
                                                              {"iterations", Kind::U16},
                                                              {"salt", Kind::Hex8}});
// RFC 4255 (names of Suricata), RFC 6698, RFC 7477, RFC 8976, RFC 7553, RFC 8659.
constexpr std::array kSshfp = std::to_array<RdataField>(
    {{"algo", Kind::U8}, {"type", Kind::U8}, {"fingerprint", Kind::ColonsRest}});
constexpr std::array kTlsa = std::to_array<RdataField>({{"usage", Kind::U8},
                                                        {"selector", Kind::U8},
                                                        {"matching_type", Kind::U8},
                                                        {"association", Kind::HexRest}});
constexpr std::array kCsync = std::to_array<RdataField>(
    {{"serial", Kind::U32}, {"flags", Kind::U16}, {"types", Kind::Types}});
constexpr std::array kZonemd = std::to_array<RdataField>({{"serial", Kind::U32},
                                                          {"scheme", Kind::U8},
                                                          {"hash_algorithm", Kind::U8},
                                                          {"digest", Kind::HexRest}});
constexpr std::array kUri = std::to_array<RdataField>(
    {{"priority", Kind::U16}, {"weight", Kind::U16}, {"target", Kind::TextRest}});
constexpr std::array kCaa = std::to_array<RdataField>(
    {{"flags", Kind::U8}, {"tag", Kind::Text8}, {"value", Kind::TextRest}});
// RFC 8945 section 4.2, RFC 2930 section 2.
constexpr std::array kTsig = std::to_array<RdataField>({{"algorithm", Kind::Name},
                                                        {"time_signed", Kind::U48},
                                                        {"fudge", Kind::U16},
                                                        {"mac", Kind::Hex16},
                                                        {"original_id", Kind::U16},
                                                        {"error", Kind::U16},
                                                        {"other", Kind::Hex16}});
constexpr std::array kTkey = std::to_array<RdataField>({{"algorithm", Kind::Name},
                                                        {"inception", Kind::U32},
                                                        {"expiration", Kind::U32},
                                                        {"mode", Kind::U16},
                                                        {"error", Kind::U16},
                                                        {"key", Kind::Hex16},
                                                        {"other", Kind::Hex16}});

struct TypeShape {
  uint16_t type;
  RdataShape shape;
};

// Ascending. The object is named after the type that the shape was made for.
constexpr std::array kShapes = std::to_array<TypeShape>({
    {number_of(RrType::Soa), {"soa", kSoa}},
    {number_of(RrType::Hinfo), {"hinfo", kHinfo}},
    {number_of(RrType::Minfo), {"minfo", kMinfo}},
    {number_of(RrType::Rp), {"rp", kRp}},
    {number_of(RrType::Afsdb), {"afsdb", kAfsdb}},
    {number_of(RrType::Rt), {"rt", kRt}},
    {number_of(RrType::Sig), {"rrsig", kRrsig}},
    {number_of(RrType::Key), {"dnskey", kDnskey}},
    {number_of(RrType::Srv), {"srv", kSrv}},
    {number_of(RrType::Naptr), {"naptr", kNaptr}},
    {number_of(RrType::Kx), {"kx", kKx}},
    {number_of(RrType::Cert), {"cert", kCert}},
    {number_of(RrType::Ds), {"ds", kDs}},
    {number_of(RrType::Sshfp), {"sshfp", kSshfp}},
    {number_of(RrType::Rrsig), {"rrsig", kRrsig}},
    {number_of(RrType::Nsec), {"nsec", kNsec}},
    {number_of(RrType::Dnskey), {"dnskey", kDnskey}},
    {number_of(RrType::Nsec3), {"nsec3", kNsec3}},
    {number_of(RrType::Nsec3param), {"nsec3param", kNsec3param}},
    {number_of(RrType::Tlsa), {"tlsa", kTlsa}},
    {number_of(RrType::Smimea), {"tlsa", kTlsa}},
    {number_of(RrType::Cds), {"ds", kDs}},
    {number_of(RrType::Cdnskey), {"dnskey", kDnskey}},
    {number_of(RrType::Csync), {"csync", kCsync}},
    {number_of(RrType::Zonemd), {"zonemd", kZonemd}},
    {number_of(RrType::Tkey), {"tkey", kTkey}},
    {number_of(RrType::Tsig), {"tsig", kTsig}},
    {number_of(RrType::Uri), {"uri", kUri}},
    {number_of(RrType::Caa), {"caa", kCaa}},
    {number_of(RrType::Ta), {"ds", kDs}},
    {number_of(RrType::Dlv), {"ds", kDs}},
});
static_assert(std::is_sorted(kShapes.begin(), kShapes.end(),
                             [](const TypeShape& a, const TypeShape& b) {
                               return a.type < b.type;
                             }));

// Steps over one field; false when it does not lie whole in the content.
bool step_over(NameCheck& names, const Record& record, Kind kind, ByteReader& reader) {
  switch (kind) {
    case Kind::KeyTag:
      return true;
    case Kind::U8:
      reader.skip(1);
      return reader.ok();
    case Kind::U16:
    case Kind::Type:
      reader.skip(2);
      return reader.ok();
    case Kind::U32:
      reader.skip(4);
      return reader.ok();
    case Kind::U48:
      reader.skip(6);
      return reader.ok();
    case Kind::Text8:
    case Kind::Hex8:
    case Kind::Base32:
      reader.skip(reader.u8());
      return reader.ok();
    case Kind::Hex16:
      reader.skip(reader.u16());
      return reader.ok();
    case Kind::TextRest:
    case Kind::HexRest:
    case Kind::ColonsRest:
      reader.skip(reader.remaining());
      return true;
    case Kind::Types: {
      TypeBitmap bitmap(reader.rest());
      for (uint16_t type = 0; bitmap.next(type);) continue;
      reader.skip(reader.remaining());
      return bitmap.sound();
    }
    case Kind::Name: {
      const size_t name_at = record.rdata_at + reader.position();
      const size_t end = end_of_name(names.message(), name_at);
      if (end == 0 || !names.is_sound(name_at)) return false;
      reader.skip(end - name_at);
      return reader.ok();
    }
  }
  return false;
}

}  // namespace

RdataShape shape_of(uint16_t type) {
  const auto* const found =
      std::lower_bound(kShapes.begin(), kShapes.end(), type,
                       [](const TypeShape& entry, uint16_t wanted) { return entry.type < wanted; });
  const bool is_known = found != kShapes.end() && found->type == type;
  return is_known ? found->shape : RdataShape{};
}

bool fits_shape(NameCheck& names, const Record& record, const RdataShape& shape) {
  ByteReader reader(names.message().sub(record.rdata_at, record.rdata_bytes));
  for (const RdataField& field : shape.fields) {
    if (!step_over(names, record, field.kind, reader)) return false;
  }
  return reader.remaining() == 0;
}

// Windows ascend and hold 1 to 32 bytes.
bool TypeBitmap::open_window() {
  if (!reader_.ok() || reader_.remaining() == 0) return false;
  const uint8_t number = reader_.u8();
  const uint8_t size = reader_.u8();
  window_ = reader_.bytes(size);
  if (number <= window_number_ || size == 0 || size > 32) reader_.fail();
  window_number_ = number;
  bit_ = 0;
  return reader_.ok();
}

bool TypeBitmap::next(uint16_t& type) {
  do {
    for (; bit_ < 8 * window_.size(); ++bit_) {
      if ((window_[bit_ / 8] & 0x80 >> bit_ % 8) == 0) continue;
      type = static_cast<uint16_t>(window_number_ << 8 | static_cast<int32_t>(bit_));
      ++bit_;
      return true;
    }
  } while (open_window());
  return false;
}

uint16_t key_tag(Bytes rdata) {
  uint32_t sum = 0;
  for (size_t i = 0; i < rdata.size(); ++i) {
    sum += (i & 1) != 0 ? rdata[i] : uint32_t{rdata[i]} << 8;
  }
  return static_cast<uint16_t>(sum + (sum >> 16));
}

}  // namespace flowscope::dns
