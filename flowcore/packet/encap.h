#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace flowscope {

// What can stand around an IP packet and be taken off. VLAN tags are none of these: they are always
// passed over.
enum class EncapKind : uint8_t {
  None,
  Pbb,      // IEEE 802.1ah provider backbone bridge; id: I-SID
  PortTag,  // Cisco VN-tag, IEEE 802.1BR E-tag; id: none
  Trill,    // RFC 6325; id: none
  Mpls,     // RFC 3032, behind Ethernet, GRE or UDP (RFC 7510); id: bottom label
  Pppoe,    // RFC 2516; id: session
  Nsh,      // RFC 8300; id: service path
  IpInIp,   // RFC 2003, 2473, 4213: IPv4 or IPv6 in either; id: none
  EtherIp,  // RFC 3378; id: none
  Gre,      // RFC 2784, 2890, 2637 (PPTP), 7637 (NVGRE); id: key, or call of PPTP
  Erspan,   // types I, II and III; id: session
  Vxlan,    // RFC 7348 and its generic protocol extension; id: VNI
  Geneve,   // RFC 8926; id: VNI
  GtpU,     // 3GPP TS 29.281; id: TEID
  Teredo,   // RFC 4380; id: none
  L2tp,     // RFC 2661, 3931; id: tunnel and session of version 2, session of version 3
  Capwap,   // RFC 5415, data channel; id: none
  Lisp,     // RFC 9300; id: instance
  Ayiya,    // draft-massar-v6ops-ayiya; id: none
};
inline constexpr size_t kEncapKinds = 19;

// The name in configuration files and records.
[[nodiscard]] constexpr std::string_view name_of(EncapKind kind) {
  constexpr std::array<std::string_view, kEncapKinds> kNames = {
      "none",     "pbb",      "port_tag", "trill",  "mpls",  "pppoe",  "nsh",
      "ip_in_ip", "ether_ip", "gre",      "erspan", "vxlan", "geneve", "gtp_u",
      "teredo",   "l2tp",     "capwap",   "lisp",   "ayiya"};
  return kNames[static_cast<size_t>(kind)];
}

// Whether an id of 0 is an id, and not the lack of one.
[[nodiscard]] constexpr bool has_id(EncapKind kind, uint32_t id) {
  return id != 0 || kind == EncapKind::Vxlan || kind == EncapKind::Geneve || kind == EncapKind::GtpU
         || kind == EncapKind::Erspan;
}

// The most encapsulations taken off one frame; what lies deeper is left inside.
inline constexpr uint32_t kEncapsMax = 8;

// What was taken off a frame to reach its innermost IP header. All zero on a plain frame. Of
// several encapsulations kind, id and outer_l3_offset speak of the one that says most: one in IP
// before one in the link layer, one with an id before one without, else the innermost.
struct Encap {
  EncapKind kind = EncapKind::None;
  uint8_t depth = 0;             // encapsulations taken off
  uint16_t outer_l3_offset = 0;  // the IP header of the packet that carries `kind`; 0: not in IP
  uint32_t id = 0;               // see EncapKind
  uint32_t mpls_label = 0;       // bottom label of the innermost stack; 0: none

  friend bool operator==(const Encap&, const Encap&) = default;
};
static_assert(sizeof(Encap) == 12);

}  // namespace flowscope
