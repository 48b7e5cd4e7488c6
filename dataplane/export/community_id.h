#pragma once

#include <array>
#include <cstdint>

#include "flowcore/extract/flow_key.h"

namespace flowscope {

// What a Community ID is made of. Either direction of a flow gives the same ID.
// ICMP: the source port is the type, the destination port the code of the initiator's message.
struct CommunityTuple {
  Address source{};
  Address destination{};
  uint16_t source_port = 0;
  uint16_t destination_port = 0;
  uint8_t protocol = 0;
  uint8_t ip_version = 4;
};

// "1:" and the base64 of a SHA-1.
using CommunityIdText = std::array<char, 30>;

// Community ID version 1 (https://github.com/corelight/community-id-spec). Networks that set the
// same seed everywhere keep their IDs apart from others'. Cost: one SHA-1 block.
[[nodiscard]] CommunityIdText community_id(const CommunityTuple& tuple, uint16_t seed);

}  // namespace flowscope
