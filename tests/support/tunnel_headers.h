#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "tests/support/frame_bytes.h"

namespace flowscope::testing {

// How a header names what follows it.
enum class NextName : uint8_t {
  None,        // it does not
  EtherType,   // two bytes
  IpProtocol,  // one byte
  Ppp,         // two bytes, numbers of RFC 1661
  Nsh,         // one byte, numbers of RFC 8300 section 11.2.5, which VXLAN-GPE shares
};

// A header that stands around a packet, for PacketBuilder::tunnel(): its bytes, how the header
// before names it (0: that header has no name for it), and what is written into it once the rest of
// the frame is known.
struct TunnelHeader {
  Frame bytes{};
  uint16_t ether_type = 0;
  uint8_t ip_protocol = 0;
  uint16_t udp_port = 0;
  NextName next = NextName::None;
  size_t next_at = 0;
  std::optional<size_t> length_at{};    // a length of two bytes,
  size_t length_from = 0;               // of everything from this byte of the header on
  std::optional<size_t> checksum_at{};  // an Internet checksum over header and rest
};

// What PacketBuilder calls with the finished rest of the frame.
void name_next(const TunnelHeader& tunnel, Frame& header, uint16_t next_ether_type,
               uint8_t next_ip_protocol);
void seal_tunnel(const TunnelHeader& tunnel, Frame& header, const Frame& body);

// IEEE 802.1ah section 9.7, the I-tag; an Ethernet header follows.
TunnelHeader pbb(uint32_t service);
// Cisco VN-tag and IEEE 802.1BR section 7.1 E-tag; what an Ethernet type names follows.
TunnelHeader vn_tag();
TunnelHeader e_tag();
// RFC 6325 section 3, with 4 * option_words bytes of options; an Ethernet header follows.
TunnelHeader trill(size_t option_words = 0);
// RFC 3032 section 2.1, a stack from top to bottom; IP follows, or a control word and Ethernet.
TunnelHeader mpls(const std::vector<uint32_t>& labels);
// RFC 4385 section 3, the word between the stack and what a pseudowire carries.
TunnelHeader control_word();
// RFC 2516 section 4; ppp() follows.
TunnelHeader pppoe(uint16_t session);

// How PPP frames are written: RFC 1662 section 3.1 and RFC 1661 section 6.5 let both be left out.
struct PppFields {
  bool address_and_control = false;
  bool short_protocol = false;  // one byte: for IP, not for MPLS
};
TunnelHeader ppp(const PppFields& fields = {});

// RFC 8300 section 2; fixed metadata of 16 bytes (type 1), or 4 * words of it (type 2).
struct NshFields {
  uint8_t index = 255;
  std::optional<uint8_t> variable_words{};  // type 2
};
TunnelHeader nsh(uint32_t path, const NshFields& fields = {});

// RFC 3378 section 3; an Ethernet header follows.
TunnelHeader ether_ip();

// RFC 2784 section 2, RFC 2890 section 2, and RFC 1701's routing.
struct GreFields {
  bool checksum = false;
  std::optional<uint32_t> key{};
  std::optional<uint32_t> sequence{};
  std::optional<size_t> routing_bytes{};  // one source route entry of so many bytes, and the end
  uint8_t version = 0;
};
TunnelHeader gre(const GreFields& fields = {});
// RFC 2637 section 4.1; ppp() follows.
struct PptpFields {
  std::optional<uint32_t> sequence = 1;
  std::optional<uint32_t> acknowledged{};
};
TunnelHeader pptp_gre(uint16_t call, const PptpFields& fields = {});

// draft-foschiano-erspan section 4, behind gre(): type I has no header of its own, type II and III
// have gre({.sequence = ...}) before them. An Ethernet header follows.
TunnelHeader erspan1();
TunnelHeader erspan2(uint16_t session);
struct Erspan3Fields {
  bool platform_part = false;
  bool ip = false;  // an IP packet follows instead
};
TunnelHeader erspan3(uint16_t session, const Erspan3Fields& fields = {});
// The word that WCCP version 2 puts between gre() and IPv4.
TunnelHeader wccp2();

// RFC 7348 section 5, with a group policy of draft-smith-vxlan-group-policy section 2.1 or without;
// an Ethernet header follows.
TunnelHeader vxlan(uint32_t network, std::optional<uint16_t> group = {});
// draft-ietf-nvo3-vxlan-gpe section 3.1.
TunnelHeader vxlan_gpe(uint32_t network);
// RFC 8926 section 3.4, with 4 * option_words bytes of options.
TunnelHeader geneve(uint32_t network, size_t option_words = 0);

// 3GPP TS 29.281 section 5.1; IP follows.
struct GtpUFields {
  std::optional<uint16_t> sequence{};
  std::optional<uint8_t> n_pdu{};
  std::vector<size_t> extension_words{};  // extension headers, each of 4 * so many bytes
  uint8_t message = 255;
};
TunnelHeader gtp_u(uint32_t tunnel, const GtpUFields& fields = {});

// RFC 4380 section 5.1.1; IPv6 follows.
struct TeredoFields {
  std::optional<size_t> authentication_bytes{};  // of the value
  bool origin = false;
};
TunnelHeader teredo(const TeredoFields& fields = {});

// RFC 2661 section 3.1; ppp() follows.
struct L2tpFields {
  bool length = false;
  bool sequence = false;
  std::optional<uint16_t> offset_bytes{};
};
TunnelHeader l2tp2(uint16_t tunnel, uint16_t session, const L2tpFields& fields = {});
// RFC 3931 section 4.1, over IP and over UDP, with so many bytes of cookie and sublayer, which only
// the two ends know of; an Ethernet header follows.
TunnelHeader l2tp3_in_ip(uint32_t session, size_t private_bytes = 0);
TunnelHeader l2tp3_in_udp(uint32_t session, size_t private_bytes = 0);

// RFC 5415 section 4.3, the data channel; an Ethernet header follows, or wifi() and snap().
struct CapwapFields {
  bool native = false;  // an IEEE 802.11 frame
  bool radio_address = false;
  bool wireless_part = false;  // RFC 5416 section 4
};
TunnelHeader capwap(const CapwapFields& fields = {});
// IEEE 802.11 section 9.3.2, a data frame; LLC follows.
struct WifiFields {
  bool quality = false;  // with a QoS field
  bool relayed = false;  // with the fourth address
  bool swapped = false;  // both bytes of the frame control exchanged, as Cisco does
};
TunnelHeader wifi(const WifiFields& fields = {});

// RFC 9300 section 5.1; without an instance the flag I is not set. IP follows.
TunnelHeader lisp(std::optional<uint32_t> instance);

// draft-massar-v6ops-ayiya section 3.1: identity of 2^power bytes, signature of 4 * words bytes.
struct AyiyaFields {
  uint8_t identity_power = 4;
  uint8_t signature_words = 5;
};
TunnelHeader ayiya(const AyiyaFields& fields = {});

}  // namespace flowscope::testing
