#pragma once

#include <vector>

#include "tests/support/nesting.h"
#include "tests/unit/flowcore/packet/golden_frames.h"

namespace flowscope::testing {

// What every golden tunnel carries.
inline constexpr const char* kTunnelledText = "inside of it all";
inline PacketBuilder with_inner_packet(PacketBuilder outside, uint8_t ip_version) {
  if (ip_version == 4) {
    outside.ipv4("10.1.2.3", "192.168.200.100");
  } else {
    outside.ipv6("2001:db8::1:2", "fe80::aaaa:bbbb");
  }
  return outside.tcp(1234, 80, {.seq = 0x01020304}).payload(kTunnelledText);
}

// A frame for every form of every encapsulation, with TCP over IPv4 or over IPv6 inside.
inline std::vector<GoldenFrame> golden_tunnels() {
  std::vector<GoldenFrame> frames;
  for (const TunnelForm& form : tunnel_forms()) {
    for (const uint8_t version : {uint8_t{4}, uint8_t{6}}) {
      if (!is_legal({form}, version)) continue;
      const auto seed = static_cast<uint32_t>(frames.size());
      frames.push_back(
          {.name = form.name + (version == 4 ? " v4" : " v6"),
           .bytes = with_inner_packet(nest({form}, version, seed).outside, version).build()});
    }
  }
  return frames;
}

// The forms of every legal nesting of two.
inline std::vector<std::vector<TunnelForm>> tunnel_pairs() {
  std::vector<std::vector<TunnelForm>> pairs;
  for (const TunnelForm& outer : tunnel_forms()) {
    for (const TunnelForm& inner : tunnel_forms()) {
      std::vector<TunnelForm> forms = {outer, inner};
      if (is_legal(forms, 4) || is_legal(forms, 6)) pairs.push_back(std::move(forms));
    }
  }
  return pairs;
}

}  // namespace flowscope::testing
