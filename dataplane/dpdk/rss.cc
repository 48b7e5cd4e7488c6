#include "dataplane/dpdk/rss.h"

#include <fmt/format.h>
#include <rte_ethdev.h>
#include <rte_flow.h>
#include <rte_thash.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <random>

namespace flowscope {

namespace {

constexpr uint8_t kSymmetricHigh = 0x6d;
constexpr uint8_t kSymmetricLow = 0x5a;
constexpr uint8_t kKeyBytesUsual = 40;
constexpr size_t kTableMax = RTE_ETH_RSS_RETA_SIZE_512;
constexpr uint16_t kTableUsual = RTE_ETH_RSS_RETA_SIZE_128;

// One rte_flow rule: packets of this shape are spread by these fields.
struct Shape {
  uint64_t hashes;
  rte_flow_item_type network;
  rte_flow_item_type transport;  // END: none
};
constexpr std::array kShapes = {
    Shape{RTE_ETH_RSS_NONFRAG_IPV4_TCP, RTE_FLOW_ITEM_TYPE_IPV4, RTE_FLOW_ITEM_TYPE_TCP},
    Shape{RTE_ETH_RSS_NONFRAG_IPV4_UDP, RTE_FLOW_ITEM_TYPE_IPV4, RTE_FLOW_ITEM_TYPE_UDP},
    Shape{RTE_ETH_RSS_NONFRAG_IPV6_TCP, RTE_FLOW_ITEM_TYPE_IPV6, RTE_FLOW_ITEM_TYPE_TCP},
    Shape{RTE_ETH_RSS_NONFRAG_IPV6_UDP, RTE_FLOW_ITEM_TYPE_IPV6, RTE_FLOW_ITEM_TYPE_UDP},
    Shape{RTE_ETH_RSS_IPV4, RTE_FLOW_ITEM_TYPE_IPV4, RTE_FLOW_ITEM_TYPE_END},
    Shape{RTE_ETH_RSS_IPV6, RTE_FLOW_ITEM_TYPE_IPV6, RTE_FLOW_ITEM_TYPE_END}};

// Spreads packets of one shape by symmetric Toeplitz; null where the device refuses.
rte_flow* make_symmetric(uint16_t port, const Shape& shape, std::span<const uint16_t> queues) {
  const rte_flow_attr attributes = [] {
    rte_flow_attr ingress{};
    ingress.ingress = 1;
    return ingress;
  }();
  std::array<rte_flow_item, 4> pattern{};
  pattern[0].type = RTE_FLOW_ITEM_TYPE_ETH;
  pattern[1].type = shape.network;
  pattern[2].type = shape.transport;
  pattern[3].type = RTE_FLOW_ITEM_TYPE_END;
  rte_flow_action_rss spread{};
  spread.func = RTE_ETH_HASH_FUNCTION_SYMMETRIC_TOEPLITZ;
  spread.types = shape.hashes;
  spread.queue_num = static_cast<uint32_t>(queues.size());
  spread.queue = queues.data();
  std::array<rte_flow_action, 2> actions{};
  actions[0].type = RTE_FLOW_ACTION_TYPE_RSS;
  actions[0].conf = &spread;
  actions[1].type = RTE_FLOW_ACTION_TYPE_END;
  rte_flow_error error{};
  if (rte_flow_validate(port, &attributes, pattern.data(), actions.data(), &error) != 0)
    return nullptr;
  return rte_flow_create(port, &attributes, pattern.data(), actions.data(), &error);
}

// All shapes or none: a port that is symmetric for some packets only would not be believed.
bool ask_symmetric_function(uint16_t port, uint16_t queue_count, uint64_t hashes) {
  std::vector<uint16_t> queues(queue_count);
  std::iota(queues.begin(), queues.end(), uint16_t{0});
  std::vector<rte_flow*> made;
  rte_flow_error error{};
  for (const Shape& shape : kShapes) {
    if ((shape.hashes & hashes) == 0) continue;
    rte_flow* const rule = make_symmetric(port, shape, queues);
    if (rule == nullptr) {
      for (rte_flow* each : made) (void)rte_flow_destroy(port, each, &error);
      return false;
    }
    made.push_back(rule);
  }
  return !made.empty();
}

// Writes the table into the device; false where it has none to write.
bool write_table(uint16_t port, std::span<const uint16_t> table) {
  std::array<rte_eth_rss_reta_entry64, kTableMax / RTE_ETH_RETA_GROUP_SIZE> groups{};
  for (size_t i = 0; i < table.size(); ++i) {
    rte_eth_rss_reta_entry64& group = groups.at(i / RTE_ETH_RETA_GROUP_SIZE);
    group.mask |= uint64_t{1} << (i % RTE_ETH_RETA_GROUP_SIZE);
    group.reta[i % RTE_ETH_RETA_GROUP_SIZE] = table[i];
  }
  return rte_eth_dev_rss_reta_update(port, groups.data(), static_cast<uint16_t>(table.size())) == 0;
}

// Reads the device's table; false where it does not say.
bool read_table(uint16_t port, std::span<uint16_t> table) {
  std::array<rte_eth_rss_reta_entry64, kTableMax / RTE_ETH_RETA_GROUP_SIZE> groups{};
  for (rte_eth_rss_reta_entry64& group : groups) group.mask = UINT64_MAX;
  if (rte_eth_dev_rss_reta_query(port, groups.data(), static_cast<uint16_t>(table.size())) != 0)
    return false;
  for (size_t i = 0; i < table.size(); ++i)
    table[i] = groups.at(i / RTE_ETH_RETA_GROUP_SIZE).reta[i % RTE_ETH_RETA_GROUP_SIZE];
  return true;
}

// What the device says it uses, or what it was given where it does not say.
RssInUse read_back(uint16_t port, uint16_t queues, const RssPlan& plan) {
  rte_eth_dev_info device{};
  RssInUse in_use{.hashes = plan.hashes, .key = plan.key};
  in_use.has_table = rte_eth_dev_info_get(port, &device) == 0 && device.reta_size != 0
                     && device.reta_size <= kTableMax;
  in_use.table = even_table(in_use.has_table ? device.reta_size : kTableUsual, queues);
  if (in_use.has_table) {
    const bool written = write_table(port, in_use.table);
    std::vector<uint16_t> table(in_use.table.size());
    if (read_table(port, table)) {
      in_use.is_table_ours = table == in_use.table;
      in_use.table = std::move(table);
    } else {
      in_use.is_table_ours = written;
    }
  }
  std::vector<uint8_t> key(plan.key.size());
  rte_eth_rss_conf conf{};
  conf.rss_key = key.data();
  conf.rss_key_len = static_cast<uint8_t>(key.size());
  if (rte_eth_dev_rss_hash_conf_get(port, &conf) != 0) return in_use;
  in_use.hashes = conf.rss_hf;
  if (std::any_of(key.begin(), key.end(), [](uint8_t byte) { return byte != 0; }))
    in_use.key = std::move(key);
  return in_use;
}

RssResult in_software(std::string_view reason) {
  return {.method = RssMethod::Software,
          .text = fmt::format("{}: software re-steer has to bring both directions of a flow to one "
                              "worker",
                              reason)};
}

std::string where_text(const RssInUse& in_use) {
  return fmt::format("hash functions {:#x}, table of {} {}", in_use.hashes,
                     in_use.has_table ? in_use.table.size() : 0,
                     in_use.is_table_ours ? "filled evenly" : "the driver's own");
}

// Drivers that name hash functions but spread by none of them: whoever fills their queues chooses.
bool spreads_by_hash(std::string_view driver) {
  constexpr std::array<std::string_view, 5> kNot = {"net_null", "net_pcap", "net_ring", "net_memif",
                                                    "net_tap"};
  return std::find(kNot.begin(), kNot.end(), driver) == kNot.end();
}

// The words of one flow as Toeplitz reads them, and those of its other direction.
struct Tuple {
  std::array<uint32_t, 9> forward{};
  std::array<uint32_t, 9> reverse{};
  uint32_t words = 0;
};

// `address_words`: 1 for IPv4, 4 for IPv6. `port_words`: 1 with ports, 0 without.
Tuple sample_tuple(std::mt19937& random, uint32_t address_words, uint32_t port_words) {
  Tuple tuple;
  tuple.words = 2 * address_words + port_words;
  for (uint32_t i = 0; i < 2 * address_words; ++i) {
    const auto word = static_cast<uint32_t>(random());
    tuple.forward.at(i) = word;
    tuple.reverse.at((i + address_words) % (2 * address_words)) = word;
  }
  const auto ports = static_cast<uint32_t>(random());
  tuple.forward.at(2 * address_words) = ports;
  tuple.reverse.at(2 * address_words) = ports << 16 | ports >> 16;
  return tuple;
}

}  // namespace

std::string_view name_of(RssMethod method) {
  switch (method) {
    case RssMethod::OneQueue:
      return "one queue";
    case RssMethod::KernelHash:
      return "the kernel's symmetric hash";
    case RssMethod::SymmetricFunction:
      return "symmetric Toeplitz";
    case RssMethod::SymmetricKey:
      return "Toeplitz with a symmetric key";
    case RssMethod::Software:
      return "software re-steer";
  }
  return {};
}

RssPlan rss_plan(uint64_t offloads, uint8_t key_bytes, RssFieldsUse use) {
  const uint64_t ports = RTE_ETH_RSS_TCP | RTE_ETH_RSS_UDP | RTE_ETH_RSS_SCTP;
  const uint64_t wanted = RTE_ETH_RSS_IP | (use == RssFieldsUse::AddressesAndPorts ? ports : 0);
  RssPlan plan{.hashes = wanted & offloads,
               .key = std::vector<uint8_t>(key_bytes != 0 ? key_bytes : kKeyBytesUsual)};
  for (size_t i = 0; i < plan.key.size(); ++i)
    plan.key[i] = i % 2 == 0 ? kSymmetricHigh : kSymmetricLow;
  return plan;
}

std::vector<uint16_t> even_table(uint16_t size, uint16_t queues) {
  std::vector<uint16_t> table(size);
  for (size_t i = 0; i < table.size(); ++i) table[i] = static_cast<uint16_t>(i % queues);
  return table;
}

SpreadCheck check_spread(std::span<const uint8_t> key, std::span<const uint16_t> table) {
  FS_CHECK(key.size() >= kKeyBytesUsual);
  FS_CHECK(!table.empty());
  constexpr uint32_t kFlows = 2'000;
  std::mt19937 random(1);  // the same samples at every start
  std::vector<uint32_t> load(*std::max_element(table.begin(), table.end()) + size_t{1});
  SpreadCheck check{.flows = kFlows};
  for (uint32_t flow = 0; flow < kFlows; ++flow) {
    Tuple tuple = sample_tuple(random, flow % 2 == 0 ? 1 : 4, flow / 2 % 2);
    const uint16_t there =
        table[rte_softrss(tuple.forward.data(), tuple.words, key.data()) % table.size()];
    const uint16_t back =
        table[rte_softrss(tuple.reverse.data(), tuple.words, key.data()) % table.size()];
    check.split += there != back ? 1 : 0;
    ++load[there];
    ++load[back];
  }
  check.busiest_share =
      static_cast<double>(*std::max_element(load.begin(), load.end())) / (2.0 * kFlows);
  return check;
}

RssResult judge_toeplitz(const RssInUse& in_use) {
  if (in_use.hashes == 0) return in_software("it says that it uses no hash function");
  if (in_use.key.size() < kKeyBytesUsual)
    return in_software(fmt::format("its key of {} bytes is too short", in_use.key.size()));
  const SpreadCheck check = check_spread(in_use.key, in_use.table);
  if (check.split != 0) {
    return in_software(
        fmt::format("its key splits {} of {} sample flows", check.split, check.flows));
  }
  return {.method = RssMethod::SymmetricKey,
          .text = fmt::format("spread by Toeplitz with the symmetric key, {}; both directions of "
                              "{} sample flows land on one queue, the busiest gets {:.0f} %",
                              where_text(in_use), check.flows, check.busiest_share * 100)};
}

RssResult settle_rss(uint16_t port, std::string_view driver, uint16_t queues, const RssPlan& plan) {
  if (queues == 1) return {};
  if (driver == "net_af_packet")
    return {.method = RssMethod::KernelHash, .text = "spread by the kernel's symmetric hash"};
  if (plan.hashes == 0 || !spreads_by_hash(driver))
    return in_software(fmt::format("{} spreads by no hash", driver));
  const RssInUse in_use = read_back(port, queues, plan);
  if (ask_symmetric_function(port, queues, plan.hashes)) {
    return {.method = RssMethod::SymmetricFunction,
            .text = "spread by symmetric Toeplitz (rte_flow), " + where_text(in_use)};
  }
  return judge_toeplitz(in_use);
}

}  // namespace flowscope
