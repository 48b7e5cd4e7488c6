#pragma once

#include <cstdint>
#include <utility>

#include "flowcore/extract/flow_extractor.h"
#include "flowcore/packet/decap.h"
#include "flowcore/packet/layers.h"
#include "flowcore/packet/packet_view.h"

namespace flowscope {

// Extractors around an extractor: each takes one encapsulation off and asks the one within for the
// key of what is inside, so they nest as the headers do:
//
//   const StripVlan extractor(InnerVxlan(InnerGre(FiveTuple::bidirectional())));
//
// They are for packets that were decoded without decap. `layers` move inward with each step, so
// that later stages read the inner headers; offsets stay absolute in the frame, and nothing is
// copied. A packet that is not encapsulated so has no key, and its layers stay as they are;
// AutoDetectEncap takes plain packets as well. Thread rule: values, immutable. Cost: an inner
// header and an inner decode.

// What wraps an extractor: which one, and whether it puts both directions under one key, where it
// says so.
template <FlowExtractor E>
class Around {
 public:
  [[nodiscard]] const E& within() const { return extractor_; }
  [[nodiscard]] constexpr bool is_bidirectional() const requires requires(const E& extractor) {
    extractor.is_bidirectional();
  }
  { return extractor_.is_bidirectional(); }

 protected:
  explicit Around(E extractor) : extractor_(std::move(extractor)) {}

  E extractor_;
};

// The encapsulations that differ in nothing but their kind.
template <EncapKind kKind, FlowExtractor E>
class InnerOf : public Around<E> {
 public:
  explicit InnerOf(E extractor = {})
      : Around<E>(std::move(extractor)), decap_(Decap::of({kKind})) {}

  bool extract(Layers& layers, const PacketView& packet, FlowKey& key,
               Orientation& orientation) const {
    Layers inner = layers;
    if (!take_off(packet, decap_, inner)) return false;
    if (!this->extractor_.extract(inner, packet, key, orientation)) return false;
    layers = inner;
    return true;
  }

 protected:
  // On this UDP port in place of the usual ones.
  InnerOf(E extractor, uint16_t udp_port) : Around<E>(std::move(extractor)) {
    decap_.add_port(kKind, udp_port);
  }

 private:
  Decap decap_;
};

// VXLAN and its generic protocol extension, on the usual ports or a given one; source or
// destination.
template <FlowExtractor E>
class InnerVxlan : public InnerOf<EncapKind::Vxlan, E> {
 public:
  explicit InnerVxlan(E extractor = {}) : InnerOf<EncapKind::Vxlan, E>(std::move(extractor)) {}
  InnerVxlan(E extractor, uint16_t udp_port)
      : InnerOf<EncapKind::Vxlan, E>(std::move(extractor), udp_port) {}
};

// GENEVE, with or without options.
template <FlowExtractor E>
class InnerGeneve : public InnerOf<EncapKind::Geneve, E> {
 public:
  explicit InnerGeneve(E extractor = {}) : InnerOf<EncapKind::Geneve, E>(std::move(extractor)) {}
  InnerGeneve(E extractor, uint16_t udp_port)
      : InnerOf<EncapKind::Geneve, E>(std::move(extractor), udp_port) {}
};

// A user's packet in GTP-U (T-PDU).
template <FlowExtractor E>
class InnerGtpU : public InnerOf<EncapKind::GtpU, E> {
 public:
  explicit InnerGtpU(E extractor = {}) : InnerOf<EncapKind::GtpU, E>(std::move(extractor)) {}
  InnerGtpU(E extractor, uint16_t udp_port)
      : InnerOf<EncapKind::GtpU, E>(std::move(extractor), udp_port) {}
};

// GRE of both versions, NVGRE; not ERSPAN.
template <FlowExtractor E>
class InnerGre : public InnerOf<EncapKind::Gre, E> {
 public:
  explicit InnerGre(E extractor = {}) : InnerOf<EncapKind::Gre, E>(std::move(extractor)) {}
};

// ERSPAN of all types.
template <FlowExtractor E>
class InnerErspan : public InnerOf<EncapKind::Erspan, E> {
 public:
  explicit InnerErspan(E extractor = {}) : InnerOf<EncapKind::Erspan, E>(std::move(extractor)) {}
};

// IPv4 or IPv6 directly in IPv4 or IPv6.
template <FlowExtractor E>
class InnerIp : public InnerOf<EncapKind::IpInIp, E> {
 public:
  explicit InnerIp(E extractor = {}) : InnerOf<EncapKind::IpInIp, E>(std::move(extractor)) {}
};

// A whole MPLS label stack, with a pseudowire's control word and Ethernet header where they follow.
template <FlowExtractor E>
class StripMpls : public InnerOf<EncapKind::Mpls, E> {
 public:
  explicit StripMpls(E extractor = {}) : InnerOf<EncapKind::Mpls, E>(std::move(extractor)) {}
};

// Passes the packet on: VLAN tags are passed over when a frame is decoded. Says in code that tagged
// frames are meant.
template <FlowExtractor E>
class StripVlan : public Around<E> {
 public:
  explicit StripVlan(E extractor = {}) : Around<E>(std::move(extractor)) {}

  bool extract(Layers& layers, const PacketView& packet, FlowKey& key,
               Orientation& orientation) const {
    return this->extractor_.extract(layers, packet, key, orientation);
  }
};

// Takes off whatever `variants` name, as often as it comes, down to the innermost IP header; a
// plain packet stays as it is.
template <FlowExtractor E>
class AutoDetectEncap : public Around<E> {
 public:
  explicit AutoDetectEncap(E extractor = {}, const Decap& variants = Decap::all())
      : Around<E>(std::move(extractor)), variants_(variants) {}

  bool extract(Layers& layers, const PacketView& packet, FlowKey& key,
               Orientation& orientation) const {
    Layers innermost = layers;
    take_all_off(packet, variants_, innermost);
    if (!this->extractor_.extract(innermost, packet, key, orientation)) return false;
    layers = innermost;
    return true;
  }

 private:
  Decap variants_;
};

}  // namespace flowscope
