#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

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

inline constexpr size_t kCommunityIdsAtOnce = 8;

// Community IDs version 1 (https://github.com/corelight/community-id-spec). Networks that set the
// same seed everywhere keep their IDs apart from others'. Requires: as many ids as tuples, at most
// kCommunityIdsAtOnce. Cost: some 2,800 instructions for eight at once, a SHA-1 block each for
// three and fewer.
void community_ids(std::span<const CommunityTuple> tuples, uint16_t seed,
                   std::span<CommunityIdText> ids);

[[nodiscard]] CommunityIdText community_id(const CommunityTuple& tuple, uint16_t seed);

}  // namespace flowscope
