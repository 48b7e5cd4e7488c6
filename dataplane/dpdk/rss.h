#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "flowcore/base/result.h"

namespace flowscope {

// How the packets of a port come to its queues, and whether both directions of a flow come to the
// same one.
enum class RssMethod : uint8_t {
  OneQueue,           // nothing to spread
  KernelHash,         // the kernel's fan-out by a symmetric hash (net_af_packet)
  SymmetricFunction,  // symmetric Toeplitz, by rte_flow
  SymmetricKey,       // Toeplitz with a key whose 16-bit pattern repeats
  Software,           // not by the port: needs a re-steer in software
};
[[nodiscard]] std::string_view name_of(RssMethod method);
[[nodiscard]] constexpr bool is_symmetric(RssMethod method) {
  return method != RssMethod::Software;
}

// What is asked of a device: the wanted hash functions that it has, and a symmetric key of its
// length. `hashes` is 0 where it has none.
struct RssPlan {
  uint64_t hashes = 0;       // RTE_ETH_RSS_*
  std::vector<uint8_t> key;  // S. Woo, K. Park, "Scalable TCP Session Monitoring with Symmetric
                             // Receive-side Scaling", 2012: 0x6d5a repeated
};

// `offloads`: flow_type_rss_offloads of the device; `key_bytes`: its hash_key_size, 0 for 40.
// `with_ports`: TCP, UDP and SCTP ports are part of the hash.
enum class RssFieldsUse : uint8_t { Addresses, AddressesAndPorts };
[[nodiscard]] RssPlan rss_plan(uint64_t offloads, uint8_t key_bytes, RssFieldsUse use);

// A redirection table of `size` entries that deals the queues out in turn: no queue has more than
// one entry more than another.
[[nodiscard]] std::vector<uint16_t> even_table(uint16_t size, uint16_t queues);

// How a Toeplitz hash with this key and redirection table spreads sample flows.
struct SpreadCheck {
  uint32_t flows = 0;
  uint32_t split = 0;        // flows whose two directions came to different queues
  double busiest_share = 0;  // of all packets, at the queue that got most
};
// Hashes both directions of sample flows (IPv4 and IPv6, addresses alone and with ports, always the
// same ones) as a NIC would (rte_softrss). Requires: a key of at least 40 bytes and a table that is
// not empty.
[[nodiscard]] SpreadCheck check_spread(std::span<const uint8_t> key,
                                       std::span<const uint16_t> table);

// What became of the plan on one port.
struct RssResult {
  RssMethod method = RssMethod::OneQueue;
  std::string text;  // one line for the user
};

// What a started device says of its spreading; where it says nothing, what it was told.
struct RssInUse {
  uint64_t hashes = 0;          // RTE_ETH_RSS_*
  std::vector<uint8_t> key;     // of Toeplitz
  std::vector<uint16_t> table;  // queues; never empty
  bool has_table = false;       // the device has one of its own
  bool is_table_ours = false;   // and it is the one that it was told
};

// Whether a device that hashes by Toeplitz brings both directions of each flow to one queue, found
// by sample flows: SymmetricKey, or Software with the reason. Requires: as check_spread, for the
// table.
[[nodiscard]] RssResult judge_toeplitz(const RssInUse& in_use);

// Settles RSS on a started port that was configured with the plan's key and hashes: asks for the
// symmetric function, fills the redirection table, reads hashes, key and table back and checks that
// both directions of sample flows land on one queue. Thread rule: control thread.
[[nodiscard]] RssResult settle_rss(uint16_t port, std::string_view driver, uint16_t queues,
                                   const RssPlan& plan);

}  // namespace flowscope
