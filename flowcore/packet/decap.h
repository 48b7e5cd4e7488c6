#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>

#include "flowcore/base/check.h"
#include "flowcore/packet/encap.h"
#include "flowcore/packet/layers.h"
#include "flowcore/packet/packet_view.h"

namespace flowscope {

// Which encapsulations are taken off, and on which UDP ports those that travel in UDP are looked
// for. Either port of a datagram counts. Thread rule: made at set-up, then read-only.
class Decap {
 public:
  static constexpr size_t kPortsMax = 128;

  // Nothing is taken off: packets are tracked by their outermost IP header.
  static constexpr Decap none() { return {}; }
  // Everything, on the ports that IANA or usage gives each (see kUsualPorts).
  static Decap all();
  // Some, on their usual ports.
  static Decap of(std::initializer_list<EncapKind> kinds);

  // Also takes `kind` off, on its usual ports where it travels in UDP.
  void add(EncapKind kind);
  // Also takes `kind` off, in UDP on `udp_port` and not on its usual ports unless they were added.
  // Requires: fewer than kPortsMax ports so far.
  void add_port(EncapKind kind, uint16_t udp_port);
  void remove(EncapKind kind);

  [[nodiscard]] bool takes(EncapKind kind) const {
    return (kinds_ >> static_cast<uint32_t>(kind) & 1) != 0;
  }
  [[nodiscard]] bool takes_any() const { return kinds_ != 0; }

  // False: neither port is a tunnel's. True: one may be. Cost: two loads from 512 bytes.
  [[nodiscard]] bool may_be_tunnel(uint16_t source_port, uint16_t destination_port) const {
    return ((marks_[mark_word(source_port)] >> (source_port & 63)
             | marks_[mark_word(destination_port)] >> (destination_port & 63))
            & 1)
           != 0;
  }
  // What travels on the port, or None. Cost: one load from 4 KB for most ports.
  [[nodiscard]] EncapKind kind_of_port(uint16_t udp_port) const {
    const uint8_t place = places_[udp_port & kPlaceMask];
    if (place == kNoPlace) return EncapKind::None;
    if (place != kSharedPlace && ports_[place].port == udp_port) return ports_[place].kind;
    return place == kSharedPlace ? search_port(udp_port) : EncapKind::None;
  }

  // Of a datagram: the destination's port counts first.
  [[nodiscard]] EncapKind kind_of_ports(uint16_t source_port, uint16_t destination_port) const {
    const EncapKind kind = kind_of_port(destination_port);
    return kind != EncapKind::None ? kind : kind_of_port(source_port);
  }

  struct Port {
    EncapKind kind = EncapKind::None;
    uint16_t port = 0;
  };
  static constexpr std::array<Port, 11> kUsualPorts = {{
      {EncapKind::Vxlan, 4789},
      {EncapKind::Vxlan, 4790},  // generic protocol extension
      {EncapKind::Vxlan, 8472},  // Linux before the port was assigned
      {EncapKind::Geneve, 6081},
      {EncapKind::GtpU, 2152},
      {EncapKind::Teredo, 3544},
      {EncapKind::L2tp, 1701},
      {EncapKind::Capwap, 5247},
      {EncapKind::Lisp, 4341},
      {EncapKind::Ayiya, 5072},
      {EncapKind::Mpls, 6635},
  }};

 private:
  static constexpr uint16_t kPlaceMask = 4095;
  static constexpr uint8_t kNoPlace = UINT8_MAX;
  static constexpr uint8_t kSharedPlace = UINT8_MAX - 1;  // of ports that are equal modulo 4096
  static_assert(kPortsMax < kSharedPlace);

  static constexpr size_t mark_word(uint16_t port) { return port >> 6 & 63; }
  static constexpr std::array<uint8_t, kPlaceMask + 1> no_places() {
    std::array<uint8_t, kPlaceMask + 1> places{};
    for (uint8_t& place : places) place = kNoPlace;
    return places;
  }
  [[nodiscard]] EncapKind search_port(uint16_t udp_port) const;
  void index_ports();

  uint32_t kinds_ = 0;
  uint32_t ports_size_ = 0;
  std::array<Port, kPortsMax> ports_{};
  std::array<uint64_t, 64> marks_{};  // bit `port` modulo 4096 of every port
  std::array<uint8_t, kPlaceMask + 1> places_ = no_places();  // by port modulo 4096, into ports_
};

inline constexpr Decap kNoDecap;

// Takes one encapsulation off: moves `layers`, which decoding or an earlier call gave, from the
// packet they speak of to the one inside it. False, and `layers` are as they were, when there is
// none of the kinds in `decap`, or its header is wrong or cut, or kEncapsMax were taken off
// already. The packet inside may be anything: look at status. Offsets stay absolute in the frame;
// nothing is copied.
[[nodiscard]] bool take_off(const PacketView& packet, const Decap& decap, Layers& layers);

// The usual case of take_all_off, quicker: VXLAN, Geneve or GTP-U around a packet that
// decode_plain_ip reads. False, with `layers` unspecified: the frame is for decode_frame. Requires:
// `layers` are what the fast loop of decode_layers gave, UDP, and decap.may_be_tunnel says so of
// its ports.
[[nodiscard]] bool take_off_plain(const PacketView& packet, const Decap& decap, Layers& layers);

// Takes off all that `decap` names. Ends at the innermost IP header that can be read; where what is
// inside cannot be read, `layers` stay at the packet around it.
void take_all_off(const PacketView& packet, const Decap& decap, Layers& layers);

}  // namespace flowscope
