#include "perf/traffic/world.h"

#include "flowcore/base/check.h"
#include "perf/traffic/certificate.h"
#include "perf/traffic/wire_text.h"

namespace flowscope::traffic {
namespace {

constexpr uint32_t kServers = 200;
constexpr std::array<std::string_view, 8> kServices = {"www",  "api",    "cdn",    "mail",
                                                       "auth", "images", "static", "login"};
constexpr std::array<std::string_view, 16> kFirstWords = {
    "amber",  "birch",   "cedar",   "delta",  "ember",  "fjord", "grove", "harbor",
    "indigo", "juniper", "kestrel", "lagoon", "meadow", "north", "opal",  "prairie"};
constexpr std::array<std::string_view, 16> kLastWords = {
    "bank",  "books", "cloud", "foods", "games",  "health", "labs",  "media",
    "music", "news",  "parts", "shop",  "sports", "travel", "video", "works"};
constexpr std::array<std::string_view, 4> kTopLevels = {"example", "test", "example.com",
                                                        "example.org"};
constexpr std::array<std::string_view, 8> kFolders = {"products", "articles", "assets", "users",
                                                      "search",   "v2/items", "img",    "feed"};

template <size_t kCount>
[[nodiscard]] std::string_view pick(Random& random,
                                    const std::array<std::string_view, kCount>& words) {
  return words[random.below(kCount)];
}

}  // namespace

World::World(uint64_t seed) {
  Random random(seed);
  constexpr size_t kPoolBytes = 2 * kFillBytesMax;
  constexpr std::string_view kLetters = "etaoinshrdlucmfwypvbgkjqxz     \n";
  for (size_t i = 0; i < kPoolBytes; ++i) text_ += kLetters[random.below(kLetters.size())];
  WireText opaque(opaque_);
  while (opaque_.size() < kPoolBytes) opaque.u32(random.next());

  constexpr std::string_view kRoot = "Flowscope Test Root";
  constexpr std::string_view kIssuer = "Flowscope Test Issuer";
  const std::string root = make_certificate(random, kRoot, kRoot);
  const std::string issuer = make_certificate(random, kRoot, kIssuer);
  for (uint32_t i = 0; i < kServers; ++i) {
    const std::string leaf = make_certificate(random, kIssuer, host(random));
    std::string list;
    WireText wire(list);
    for (const std::string_view certificate :
         {std::string_view(leaf), std::string_view(issuer), std::string_view(root)}) {
      wire.prefixed(3, [&] { wire.bytes(certificate); });
    }
    certificate_lists_.push_back(std::move(list));
  }
}

std::string World::host(Random& random) const {
  std::string name(pick(random, kServices));
  (name += '.') += pick(random, kFirstWords);
  (name += '-') += pick(random, kLastWords);
  return (name += '.') += pick(random, kTopLevels);
}

std::string World::target(Random& random) const {
  std::string path = "/";
  path += pick(random, kFolders);
  path += '/';
  path += std::to_string(random.below(100'000));
  if (random.one_in(3)) path += "?q=" + std::to_string(random.below(1'000'000)) + "&lang=en";
  return path;
}

std::string_view World::text(Random& random, size_t bytes) const {
  FS_CHECK(bytes <= kFillBytesMax);
  return std::string_view(text_).substr(random.below(kFillBytesMax), bytes);
}

std::string_view World::opaque(Random& random, size_t bytes) const {
  FS_CHECK(bytes <= kFillBytesMax);
  return std::string_view(opaque_).substr(random.below(kFillBytesMax), bytes);
}

std::string_view World::certificate_list(Random& random) const {
  return certificate_lists_[random.below(kServers)];
}

Route World::route(Random& random, Transport transport, uint16_t port, uint8_t ip_version) {
  // An odd factor makes every client address of 10.0.0.0/8 come once in 2^24 sessions, in no order.
  const uint32_t client = (++sessions_ * 0x9e3779b1U) & 0xffffff;
  const uint32_t server = random.below(kServers);
  const auto low = [](uint32_t value, unsigned place) {
    return static_cast<uint8_t>(value >> (8 * place));
  };
  Route route{.transport = transport, .ip_version = ip_version};
  if (ip_version == 4) {
    route.address[0] = {10, low(client, 2), low(client, 1), low(client, 0)};
    route.address[1] = {198, 18, low(server, 0), 1};
  } else {
    route.address[0] = {0x20, 0x01, 0x0d, 0xb8, 0, 1, low(client, 2), low(client, 1)};
    route.address[0][15] = low(client, 0);
    route.address[1] = {0x20, 0x01, 0x0d, 0xb8, 0, 2};
    route.address[1][15] = low(server, 0);
  }
  route.port = {static_cast<uint16_t>(random.between(32768, 60999)), port};
  if (transport == Transport::Icmp) route.port[1] = route.port[0];
  return route;
}

}  // namespace flowscope::traffic
