#pragma once

#include <concepts>
#include <cstdint>
#include <utility>

#include "flowcore/extract/flow_extractor.h"
#include "flowcore/packet/ipv6.h"

namespace flowscope {

// An extractor that says whether both directions of a flow have one key.
template <class E>
concept DirectionAwareExtractor = FlowExtractor<E> && requires(const E& extractor) {
  { extractor.is_bidirectional() } -> std::same_as<bool>;
};

// The 20-bit flow label of the IPv6 header that `layers` speaks of (RFC 6437); 0 for IPv4 and for
// what is not IP. An attribute of a packet, whether or not it is part of a key.
// Requires: `layers` is what decoding `packet` gave.
[[nodiscard]] inline uint32_t flow_label_of(const Layers& layers, const PacketView& packet) {
  if (layers.ip_version != 6) return 0;
  return load_be32(packet.frame, layers.l3_offset) & kFlowLabelMask;
}

// Keys by the IPv6 flow label besides what E keys by, so that distinct labels are distinct flows.
// Each sender chooses its own label (RFC 6437 section 3), so the two directions of a conversation
// carry different ones: the label becomes part of the key only where E is directional. Around a
// bidirectional E the key stays E's, so that the label does not tear the directions apart; ask
// flow_label_of() for the label of each packet then. Reads the header that E made its key of.
// Thread rule: as E. Cost: one load of a header that E has just read.
template <DirectionAwareExtractor E>
class FlowLabel {
 public:
  explicit constexpr FlowLabel(E inner = E())
      : inner_(std::move(inner)), label_mask_(inner_.is_bidirectional() ? 0 : kFlowLabelMask) {}

  [[nodiscard]] constexpr bool is_bidirectional() const { return inner_.is_bidirectional(); }

  bool extract(Layers& layers, const PacketView& packet, FlowKey& key,
               Orientation& orientation) const {
    if (!inner_.extract(layers, packet, key, orientation)) return false;
    key.label |= flow_label_of(layers, packet) & label_mask_;
    return true;
  }

 private:
  E inner_;
  uint32_t label_mask_;
};

}  // namespace flowscope
