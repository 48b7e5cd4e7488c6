#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "flowcore/base/bytes.h"
#include "l7/known/databases.h"
#include "l7/known/desktops_and_files.h"
#include "l7/known/known_protocol.h"
#include "l7/known/machines.h"
#include "l7/known/mail_and_chat.h"
#include "l7/known/network_services.h"
#include "l7/known/peers.h"

namespace flowscope::known {

namespace detail {

template <class... Arrays>
constexpr auto join(const Arrays&... arrays) {
  std::array<KnownProtocol, (std::tuple_size_v<Arrays> + ...)> joined{};
  size_t next = 0;
  const auto take = [&](const auto& array) {
    for (const KnownProtocol& protocol : array) joined[next++] = protocol;
  };
  (take(arrays), ...);
  return joined;
}

}  // namespace detail

// All of them, by position.
inline constexpr auto kStreams =
    detail::join(kMailAndChatStreams, kDatabaseStreams, kDesktopAndFileStreams,
                 kNetworkServiceStreams, kMachineStreams, kPeerStreams);
inline constexpr auto kDatagrams =
    detail::join(kMailAndChatDatagrams, kDatabaseDatagrams, kDesktopAndFileDatagrams,
                 kNetworkServiceDatagrams, kMachineDatagrams, kPeerDatagrams);
inline constexpr size_t kProtocolsMax = 64;
static_assert(kStreams.size() <= kProtocolsMax && kDatagrams.size() <= kProtocolsMax,
              "protocols of one transport are the bits of a word");

// The ports of a flow's two ends, in any order.
struct Ports {
  uint16_t a = 0;
  uint16_t b = 0;
};

// The protocols whose Evidence::Paired one side showed, in each role; a bit for each.
struct PairedSides {
  uint64_t client = 0;
  uint64_t server = 0;

  [[nodiscard]] constexpr bool any() const { return (client | server) != 0; }
  // Those that both sides together show.
  [[nodiscard]] constexpr uint64_t with(const PairedSides& other) const {
    return (client & other.server) | (server & other.client);
  }
};

// What one side's first bytes came to.
struct Sighting {
  static constexpr uint8_t kNone = UINT8_MAX;

  uint8_t found = kNone;  // position of the protocol that they show
  bool maybe = false;     // more bytes might show one, without the other side or a port
  PairedSides paired{};   // streams only
};

// The protocol that the first bytes of one side of a TCP flow show. `run` begins with the side's
// first byte. Cost: four loads for nearly all runs; for each candidate left one comparison of a few
// bytes per declaration.
[[nodiscard]] Sighting look_at_stream(Bytes run, Ports ports);
// The same for a whole datagram.
[[nodiscard]] Sighting look_at_datagram(Bytes payload, Ports ports);

// The candidates that are left by the first four bytes, a bit for each position.
[[nodiscard]] uint64_t stream_candidates(Bytes run);
[[nodiscard]] uint64_t datagram_candidates(Bytes payload);

// Whether another protocol may come behind the known one at `position`.
[[nodiscard]] constexpr bool stream_may_turn(size_t position) {
  return kStreams[position].later == Later::AnotherOne;
}
[[nodiscard]] constexpr bool datagram_may_turn(size_t position) {
  return kDatagrams[position].later == Later::AnotherOne;
}

}  // namespace flowscope::known
