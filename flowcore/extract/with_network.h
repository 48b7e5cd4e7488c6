#pragma once

#include <array>
#include <cstdint>
#include <utility>

#include "flowcore/extract/flow_extractor.h"
#include "flowcore/packet/encap.h"
#include "flowcore/packet/vlan.h"

namespace flowscope {

// Which marks of a network make a flow another flow. Ids that differ by direction split the two
// directions of a conversation into two flows; choose them where both directions have one key by
// other means, or one-way flows are what is wanted.
struct NetworkOptions {
  bool vlan = false;     // first and second VLAN id
  bool vni = false;      // VXLAN and Geneve VNI, LISP instance, I-SID of 802.1ah
  bool teid = false;     // GTP-U tunnel endpoint; differs by direction
  bool gre_key = false;  // GRE key, NVGRE included; the call of PPTP, which differs by direction
  bool mpls = false;     // bottom MPLS label; differs by direction
  bool session = false;  // PPPoE and ERSPAN session; L2TP session and NSH service path, both of
                         // which may differ by direction

  friend bool operator==(const NetworkOptions&, const NetworkOptions&) = default;
};

// The kinds of tunnel whose id can be part of a key. A kind's code in the key is its place, from 1.
inline constexpr std::array<EncapKind, 11> kNetworkKinds = {
    EncapKind::Pbb,  EncapKind::Mpls,   EncapKind::Pppoe, EncapKind::Nsh,
    EncapKind::Gre,  EncapKind::Erspan, EncapKind::Vxlan, EncapKind::Geneve,
    EncapKind::GtpU, EncapKind::L2tp,   EncapKind::Lisp};

// Where a key keeps its network:
//   vlan_id    bits 0-11 first VLAN id, bits 12-15 code of the tunnel's kind, 0 for no tunnel
//   tunnel_id  all 32 bits of the tunnel's id
//   label      bits 20-31 second VLAN id (bits 0-19 belong to FlowLabel)
// Kinds are told apart, so that VNI 5 and TEID 5 are two networks, and so are no tunnel and id 0.
inline constexpr uint32_t kKindShift = 12;
inline constexpr uint32_t kInnerVlanShift = 20;
static_assert(kNetworkKinds.size() < 1U << (16 - kKindShift));

// The network that is part of a key.
struct KeyNetwork {
  uint16_t vlan_id = 0;
  uint16_t inner_vlan_id = 0;
  EncapKind kind = EncapKind::None;
  uint32_t id = 0;

  friend bool operator==(const KeyNetwork&, const KeyNetwork&) = default;
};

// Reads what WithNetwork wrote. Requires: the key of such an extractor, or of one that leaves the
// fields of the network 0.
[[nodiscard]] constexpr KeyNetwork network_of(const FlowKey& key) {
  const uint32_t code = key.vlan_id >> kKindShift;
  return {.vlan_id = static_cast<uint16_t>(key.vlan_id & kVlanIdMask),
          .inner_vlan_id = static_cast<uint16_t>(key.label >> kInnerVlanShift),
          .kind = code == 0 ? EncapKind::None : kNetworkKinds[code - 1],
          .id = key.tunnel_id};
}

// Keys by VLANs and tunnels besides what E keys by, for networks that use the same addresses more
// than once. One tunnel counts: the innermost that has an id (Encap::kind) where that kind was
// chosen; else, where `mpls` was chosen, the label of a stack further out. What was not taken off
// the packet does not count. Thread rule: as E. Cost: what was chosen is worked out once; a packet
// costs three masks and one load from a table of 19 bytes, nothing where nothing was chosen.
template <FlowExtractor E>
class WithNetwork {
 public:
  explicit constexpr WithNetwork(const NetworkOptions& options, E inner = E())
      : inner_(std::move(inner)),
        vlan_mask_(options.vlan ? kVlanIdMask : 0),
        label_mask_(options.mpls ? ~uint32_t{0} : 0),
        is_any_(options != NetworkOptions{}) {
    for (size_t i = 0; i < kNetworkKinds.size(); ++i) {
      if (is_chosen(options, kNetworkKinds[i])) code_[index_of(kNetworkKinds[i])] = code_at(i);
    }
  }

  [[nodiscard]] constexpr bool is_bidirectional() const requires requires(const E& extractor) {
    extractor.is_bidirectional();
  }
  { return inner_.is_bidirectional(); }

  [[gnu::always_inline]] bool extract(Layers& layers, const PacketView& packet, FlowKey& key,
                                      Orientation& orientation) const {
    if (!inner_.extract(layers, packet, key, orientation)) return false;
    if (!is_any_) return true;
    const Encap& encap = layers.encap;
    const uint32_t own_code = code_[index_of(encap.kind)];
    const uint32_t label = encap.mpls_label & label_mask_;
    const uint32_t code = own_code != 0 ? own_code : label != 0 ? kMplsCode : 0;
    key.vlan_id = static_cast<uint16_t>((layers.vlan_id & vlan_mask_) | code << kKindShift);
    key.tunnel_id = own_code != 0 ? encap.id : label;
    key.label |= (layers.inner_vlan_id & vlan_mask_) << kInnerVlanShift;
    return true;
  }

 private:
  static constexpr size_t index_of(EncapKind kind) { return static_cast<size_t>(kind); }
  static constexpr uint8_t code_at(size_t place) { return static_cast<uint8_t>(place + 1); }
  static constexpr uint8_t kMplsCode = code_at(1);
  static_assert(kNetworkKinds[kMplsCode - 1] == EncapKind::Mpls);

  static constexpr bool is_chosen(const NetworkOptions& options, EncapKind kind) {
    switch (kind) {
      case EncapKind::Vxlan:
      case EncapKind::Geneve:
      case EncapKind::Lisp:
      case EncapKind::Pbb:
        return options.vni;
      case EncapKind::GtpU:
        return options.teid;
      case EncapKind::Gre:
        return options.gre_key;
      case EncapKind::Mpls:
        return options.mpls;
      case EncapKind::Pppoe:
      case EncapKind::L2tp:
      case EncapKind::Erspan:
      case EncapKind::Nsh:
        return options.session;
      case EncapKind::None:
      case EncapKind::PortTag:
      case EncapKind::Trill:
      case EncapKind::IpInIp:
      case EncapKind::EtherIp:
      case EncapKind::Teredo:
      case EncapKind::Capwap:
      case EncapKind::Ayiya:
        return false;
    }
    return false;
  }

  E inner_;
  uint32_t vlan_mask_;
  uint32_t label_mask_;
  bool is_any_;
  std::array<uint8_t, kEncapKinds> code_{};  // of each kind that was chosen, else 0
};

}  // namespace flowscope
