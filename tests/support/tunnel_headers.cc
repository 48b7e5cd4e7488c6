#include "tests/support/tunnel_headers.h"

#include <algorithm>
#include <utility>

#include "flowcore/base/check.h"

namespace flowscope::testing {
namespace {

constexpr uint16_t kTypeIpv4 = 0x0800;
constexpr uint16_t kTypeEthernet = 0x6558;
constexpr uint16_t kTypeMpls = 0x8847;
constexpr uint16_t kTypeIpv6 = 0x86dd;
constexpr uint16_t kTypeNsh = 0x894f;

uint8_t nsh_name_of(uint16_t ether_type) {
  switch (ether_type) {
    case kTypeIpv4:
      return 1;
    case kTypeIpv6:
      return 2;
    case kTypeEthernet:
      return 3;
    case kTypeNsh:
      return 4;
    case kTypeMpls:
      return 5;
    default:
      return 0;
  }
}

uint16_t ppp_name_of(uint16_t ether_type) {
  switch (ether_type) {
    case kTypeIpv4:
      return 0x0021;
    case kTypeIpv6:
      return 0x0057;
    case kTypeMpls:
      return 0x0281;
    default:
      return 0xc021;  // the link control protocol: nothing of ours
  }
}

// `count` bytes that look like nothing in particular.
void append_filling(Frame& frame, size_t count) {
  for (size_t i = 0; i < count; ++i) append8(frame, 0xa0 + i % 16);
}

}  // namespace

void name_next(const TunnelHeader& tunnel, Frame& header, uint16_t next_ether_type,
               uint8_t next_ip_protocol) {
  const size_t at = tunnel.next_at;
  switch (tunnel.next) {
    case NextName::None:
      return;
    case NextName::EtherType:
      put16(header, at, next_ether_type);
      return;
    case NextName::IpProtocol:
      header.at(at) = next_ip_protocol;
      return;
    case NextName::Nsh:
      header.at(at) = nsh_name_of(next_ether_type);
      return;
    case NextName::Ppp: {
      const uint16_t name = ppp_name_of(next_ether_type);
      if (header.size() - at == 1) {
        header.at(at) = static_cast<uint8_t>(name);
      } else {
        put16(header, at, name);
      }
      return;
    }
  }
}

void seal_tunnel(const TunnelHeader& tunnel, Frame& header, const Frame& body) {
  if (tunnel.length_at)
    put16(header, *tunnel.length_at, header.size() - tunnel.length_from + body.size());
  if (tunnel.checksum_at) {
    const uint32_t sum = sum_words(header, 0, header.size()) + sum_words(body, 0, body.size());
    put16(header, *tunnel.checksum_at, folded(sum));
  }
}

TunnelHeader pbb(uint32_t service) {
  Frame bytes;
  append32(bytes, 5U << 29 | service);  // priority above it
  return {.bytes = std::move(bytes), .ether_type = 0x88e7};
}

TunnelHeader vn_tag() {
  return {.bytes = {0x00, 0x05, 0x00, 0x06, 0, 0},
          .ether_type = 0x8926,
          .next = NextName::EtherType,
          .next_at = 4};
}

TunnelHeader e_tag() {
  return {.bytes = {0xe0, 0x01, 0x10, 0x02, 0, 0, 0, 0},
          .ether_type = 0x893f,
          .next = NextName::EtherType,
          .next_at = 6};
}

TunnelHeader trill(size_t option_words) {
  FS_CHECK(option_words < 32);
  Frame bytes;
  append16(bytes, static_cast<uint32_t>(option_words << 6) | 20);  // hops left
  append16(bytes, 0x1001);                                         // egress
  append16(bytes, 0x1002);                                         // ingress
  append_filling(bytes, option_words * 4);
  return {.bytes = std::move(bytes), .ether_type = 0x22f3};
}

TunnelHeader mpls(const std::vector<uint32_t>& labels) {
  Frame bytes;
  for (size_t i = 0; i < labels.size(); ++i) {
    const uint32_t bottom = i + 1 == labels.size() ? 0x100 : 0;
    append32(bytes, labels[i] << 12 | bottom | 64);
  }
  return {.bytes = std::move(bytes), .ether_type = kTypeMpls, .ip_protocol = 137, .udp_port = 6635};
}

TunnelHeader control_word() { return {.bytes = Frame(4)}; }

TunnelHeader pppoe(uint16_t session) {
  Frame bytes = {0x11, 0};  // version 1, type 1, session data
  append16(bytes, session);
  append16(bytes, 0);
  return {.bytes = std::move(bytes), .ether_type = 0x8864, .length_at = 4, .length_from = 6};
}

TunnelHeader ppp(const PppFields& fields) {
  Frame bytes;
  if (fields.address_and_control) bytes = {0xff, 0x03};
  const size_t at = bytes.size();
  bytes.resize(at + (fields.short_protocol ? 1 : 2));
  return {.bytes = std::move(bytes), .ether_type = 0x880b, .next = NextName::Ppp, .next_at = at};
}

TunnelHeader nsh(uint32_t path, const NshFields& fields) {
  const bool is_variable = fields.variable_words.has_value();
  const uint32_t metadata_words = fields.variable_words.value_or(4);
  Frame bytes;
  append16(bytes, 63U << 6 | (2 + metadata_words));  // time to live, length
  append8(bytes, is_variable ? 2 : 1);
  append8(bytes, 0);
  append32(bytes, path << 8 | fields.index);
  append_filling(bytes, size_t{metadata_words} * 4);
  return {.bytes = std::move(bytes), .ether_type = kTypeNsh, .next = NextName::Nsh, .next_at = 3};
}

TunnelHeader ether_ip() { return {.bytes = {0x30, 0}, .ip_protocol = 97}; }

TunnelHeader gre(const GreFields& fields) {
  const uint32_t flags = (fields.checksum ? 0x8000U : 0U) | (fields.routing_bytes ? 0x4000U : 0U)
                         | (fields.key ? 0x2000U : 0U) | (fields.sequence ? 0x1000U : 0U);
  Frame bytes;
  append16(bytes, flags | fields.version);
  append16(bytes, 0);
  if (fields.checksum || fields.routing_bytes) append32(bytes, 0);
  if (fields.key) append32(bytes, *fields.key);
  if (fields.sequence) append32(bytes, *fields.sequence);
  if (fields.routing_bytes) {
    append16(bytes, kTypeIpv4);  // address family
    append8(bytes, 0);
    append8(bytes, static_cast<uint32_t>(*fields.routing_bytes));
    append_filling(bytes, *fields.routing_bytes);
    append32(bytes, 0);
  }
  TunnelHeader header{
      .bytes = std::move(bytes), .ip_protocol = 47, .next = NextName::EtherType, .next_at = 2};
  if (fields.checksum) header.checksum_at = 4;
  return header;
}

TunnelHeader pptp_gre(uint16_t call, const PptpFields& fields) {
  Frame bytes;
  append16(bytes, 0x2001U | (fields.sequence ? 0x1000U : 0U) | (fields.acknowledged ? 0x80U : 0U));
  append16(bytes, 0);
  append16(bytes, 0);
  append16(bytes, call);
  if (fields.sequence) append32(bytes, *fields.sequence);
  if (fields.acknowledged) append32(bytes, *fields.acknowledged);
  const size_t header_bytes = bytes.size();
  return {.bytes = std::move(bytes),
          .ip_protocol = 47,
          .next = NextName::EtherType,
          .next_at = 2,
          .length_at = 4,
          .length_from = header_bytes};
}

TunnelHeader erspan1() { return {.ether_type = 0x88be}; }

TunnelHeader erspan2(uint16_t session) {
  Frame bytes;
  append16(bytes, 0x1005);  // version 1, VLAN
  append16(bytes, session);
  append32(bytes, 7);  // index
  return {.bytes = std::move(bytes), .ether_type = 0x88be};
}

TunnelHeader erspan3(uint16_t session, const Erspan3Fields& fields) {
  Frame bytes;
  append16(bytes, 0x2005);  // version 2, VLAN
  append16(bytes, session);
  append32(bytes, 0x11223344);  // timestamp
  append16(bytes, 9);           // security group
  append16(bytes, (fields.ip ? 2U << 10 : 0U) | 0x0010U | (fields.platform_part ? 1U : 0U));
  append_filling(bytes, fields.platform_part ? 8 : 0);
  return {.bytes = std::move(bytes), .ether_type = 0x22eb};
}

TunnelHeader wccp2() { return {.bytes = {0x00, 0x33, 0x01, 0x02}, .ether_type = 0x883e}; }

TunnelHeader vxlan(uint32_t network, std::optional<uint16_t> group) {
  Frame bytes = {static_cast<uint8_t>(group ? 0x88 : 0x08), 0};
  append16(bytes, group.value_or(0));
  append32(bytes, network << 8);
  return {.bytes = std::move(bytes), .udp_port = 4789};
}

TunnelHeader vxlan_gpe(uint32_t network) {
  Frame bytes = {0x0c, 0, 0, 0};
  append32(bytes, network << 8);
  return {.bytes = std::move(bytes), .udp_port = 4790, .next = NextName::Nsh, .next_at = 3};
}

TunnelHeader geneve(uint32_t network, size_t option_words) {
  FS_CHECK(option_words < 64);
  Frame bytes = {static_cast<uint8_t>(option_words), 0, 0, 0};
  append32(bytes, network << 8);
  for (size_t left = option_words; left > 0;) {
    const size_t value_words = std::min<size_t>(left - 1, 31);
    append16(bytes, 0x0102);  // class
    append8(bytes, 0x03);     // type
    append8(bytes, static_cast<uint32_t>(value_words));
    append_filling(bytes, value_words * 4);
    left -= value_words + 1;
  }
  return {.bytes = std::move(bytes), .udp_port = 6081, .next = NextName::EtherType, .next_at = 2};
}

TunnelHeader gtp_u(uint32_t tunnel, const GtpUFields& fields) {
  const bool has_extensions = !fields.extension_words.empty();
  Frame bytes;
  append8(bytes, 0x30U | (has_extensions ? 4U : 0U) | (fields.sequence ? 2U : 0U)
                     | (fields.n_pdu ? 1U : 0U));
  append8(bytes, fields.message);
  append16(bytes, 0);
  append32(bytes, tunnel);
  if (has_extensions || fields.sequence || fields.n_pdu) {
    append16(bytes, fields.sequence.value_or(0));
    append8(bytes, fields.n_pdu.value_or(0));
    append8(bytes, 0);
  }
  for (const size_t words : fields.extension_words) {
    FS_CHECK(words >= 1 && words < 256);
    bytes.back() = 0x85;  // the PDU session container
    append8(bytes, static_cast<uint32_t>(words));
    append_filling(bytes, words * 4 - 2);
    append8(bytes, 0);
  }
  return {.bytes = std::move(bytes), .udp_port = 2152, .length_at = 2, .length_from = 8};
}

TunnelHeader teredo(const TeredoFields& fields) {
  Frame bytes;
  if (fields.authentication_bytes) {
    append16(bytes, 1);
    append8(bytes, 3);  // bytes of the client's name
    append8(bytes, static_cast<uint32_t>(*fields.authentication_bytes));
    append_filling(bytes, 3 + *fields.authentication_bytes);
    append_filling(bytes, 8);  // nonce
    append8(bytes, 0);         // confirmation
  }
  if (fields.origin) {
    append16(bytes, 0);
    append_filling(bytes, 6);  // port and address
  }
  return {.bytes = std::move(bytes), .udp_port = 3544};
}

TunnelHeader l2tp2(uint16_t tunnel, uint16_t session, const L2tpFields& fields) {
  Frame bytes;
  append16(bytes, 2U | (fields.length ? 0x4000U : 0U) | (fields.sequence ? 0x0800U : 0U)
                      | (fields.offset_bytes ? 0x0200U : 0U));
  if (fields.length) append16(bytes, 0);
  append16(bytes, tunnel);
  append16(bytes, session);
  if (fields.sequence) append32(bytes, 0x00010002);
  if (fields.offset_bytes) {
    append16(bytes, *fields.offset_bytes);
    append_filling(bytes, *fields.offset_bytes);
  }
  TunnelHeader header{.bytes = std::move(bytes), .udp_port = 1701};
  if (fields.length) header.length_at = 2;
  return header;
}

TunnelHeader l2tp3_in_ip(uint32_t session, size_t private_bytes) {
  Frame bytes;
  append32(bytes, session);
  append_filling(bytes, private_bytes);
  return {.bytes = std::move(bytes), .ip_protocol = 115};
}

TunnelHeader l2tp3_in_udp(uint32_t session, size_t private_bytes) {
  Frame bytes = {0x00, 0x03, 0, 0};
  append32(bytes, session);
  append_filling(bytes, private_bytes);
  return {.bytes = std::move(bytes), .udp_port = 1701};
}

TunnelHeader capwap(const CapwapFields& fields) {
  Frame options;
  if (fields.radio_address) append(options, {6, 0x02, 0, 0, 0, 0, 9, 0});
  if (fields.wireless_part) append(options, {4, 1, 2, 3, 4, 0, 0, 0});
  const auto words = static_cast<uint32_t>(2 + options.size() / 4);
  Frame bytes = {0};  // version and type
  // Header words, radio, wireless binding, flags T F L W M K.
  append24(bytes, words << 19 | 1U << 14 | 1U << 9 | (fields.native ? 0x100U : 0U)
                      | (fields.wireless_part ? 0x20U : 0U) | (fields.radio_address ? 0x10U : 0U));
  append32(bytes, 0);  // fragment
  append(bytes, options);
  return {.bytes = std::move(bytes), .udp_port = 5247};
}

TunnelHeader wifi(const WifiFields& fields) {
  // Type data, to the access point; relayed frames go from one to the next.
  Frame bytes = {static_cast<uint8_t>(fields.quality ? 0x88 : 0x08),
                 static_cast<uint8_t>(fields.relayed ? 0x03 : 0x01), 0, 0};
  for (uint8_t address = 1; address <= 3; ++address) append(bytes, {0x02, 0, 0, 0, 0, address});
  append16(bytes, 0x0010);  // sequence
  if (fields.relayed) append(bytes, {0x02, 0, 0, 0, 0, 4});
  if (fields.quality) append16(bytes, 0);
  if (fields.swapped) std::swap(bytes[0], bytes[1]);
  return {.bytes = std::move(bytes)};
}

TunnelHeader lisp(std::optional<uint32_t> instance) {
  Frame bytes;
  append32(bytes, (instance ? 0x88000000U : 0xc0000000U) | 0x123456);  // flags, nonce
  append32(bytes, instance ? *instance << 8 : 0x00000103);             // locator status bits
  return {.bytes = std::move(bytes), .udp_port = 4341};
}

TunnelHeader ayiya(const AyiyaFields& fields) {
  Frame bytes = {static_cast<uint8_t>(fields.identity_power << 4 | 1),
                 static_cast<uint8_t>(fields.signature_words << 4 | 2),
                 0x11,  // by a shared secret; forward
                 0};
  append32(bytes, 0x5f000000);  // time
  append_filling(bytes, size_t{1} << fields.identity_power);
  append_filling(bytes, size_t{fields.signature_words} * 4);
  return {.bytes = std::move(bytes), .udp_port = 5072, .next = NextName::IpProtocol, .next_at = 3};
}

}  // namespace flowscope::testing
