#pragma once

#include "flowcore/extract/flow_extractor.h"
#include "flowcore/packet/decode.h"
#include "tests/support/exact_frame.h"
#include "tests/support/packet_builder.h"

namespace flowscope::testing {

// What an extractor says of one frame.
struct Extracted {
  bool has_key = false;
  FlowKey key;
  Orientation orientation = Orientation::Forward;
};

// What an earlier packet left in the row: none of it may show through.
inline FlowKey used_key() {
  FlowKey key{.a_port = 0xffff,
              .b_port = 0xffff,
              .protocol = 0xff,
              .ip_version = 0xff,
              .vlan_id = 0xffff,
              .tunnel_id = ~0U,
              .label = ~0U};
  key.a_address.fill(0xff);
  key.b_address.fill(0xff);
  return key;
}

// `change` may write what the test wants the decoder to have found.
template <FlowExtractor E, class Change>
Extracted extract_changed(const E& extractor, const Frame& frame, const Change& change,
                          LinkType link = LinkType::Ethernet) {
  const ExactFrame exact({frame.data(), frame.size()});
  const PacketView packet{
      .frame = exact.bytes(), .wire_bytes = static_cast<uint32_t>(frame.size()), .link = link};
  Layers layers = decode_frame(packet);
  change(layers);
  Extracted result{.key = used_key()};
  result.has_key = extractor.extract(layers, packet, result.key, result.orientation);
  return result;
}

template <FlowExtractor E>
Extracted extract(const E& extractor, const Frame& frame, LinkType link = LinkType::Ethernet) {
  return extract_changed(
      extractor, frame, [](Layers&) {}, link);
}

}  // namespace flowscope::testing
