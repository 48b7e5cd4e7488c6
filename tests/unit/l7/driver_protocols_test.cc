// The parsers that are built in, all of them over one table, on sessions in tunnels.
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "flowcore/extract/five_tuple.h"
#include "l7/driver.h"
#include "l7/owned_message.h"
#include "l7/parser_list.h"
#include "tests/support/tunnel_traffic.h"

namespace flowscope {
namespace {

using BuiltIn = DriverOf<FiveTuple, AllStreamParsers, AllDatagramParsers>;

std::vector<OwnedMessage> messages_of(const Decap* decap, size_t burst_size) {
  auto made = BuiltIn::create(
      {.tracker = {.flows_max = 1000, .decap = decap}, .sessions = {.buffers_bytes = 4 << 20}},
      FiveTuple::bidirectional());
  EXPECT_TRUE(made.ok());
  std::vector<OwnedMessage> kept;
  // One sink for the messages of all parsers.
  const auto sink = [&]<class M>(const Application<M>& event) {
    EXPECT_NE(made.value().get(event.key()), nullptr);
    kept.push_back(OwnedMessage::of(event.message));
  };
  const std::vector<testing::TimedPacket> packets = testing::tunnel_traffic();
  const auto burst = std::make_unique<Burst>();
  for (const testing::TimedPacket& packet : packets) {
    burst->packet[burst->count++] = {.frame = {packet.frame.data(), packet.frame.size()},
                                     .time = {packet.time_ns},
                                     .wire_bytes = static_cast<uint32_t>(packet.frame.size())};
    if (burst->count < burst_size) continue;
    made.value().track_burst(*burst, sink);
    burst->count = 0;
  }
  made.value().track_burst(*burst, sink);
  made.value().finish(sink);
  return kept;
}

std::map<std::string, int> by_kind(const std::vector<OwnedMessage>& messages) {
  std::map<std::string, int> kinds;
  for (const OwnedMessage& message : messages) ++kinds[message.kind()];
  return kinds;
}

TEST(BuiltInDriver, ReadsTheSessionsInsideOfTunnels) {
  const Decap all = Decap::all();
  const std::vector<OwnedMessage> inside = messages_of(&all, 64);
  EXPECT_EQ(by_kind(inside)["http"], 5);
  for (const OwnedMessage& message : inside) {
    if (message.kind() != "http") continue;
    EXPECT_EQ(message.text("http_method"), "GET");
    EXPECT_TRUE(message.text("url").has_value());
  }
  EXPECT_GT(by_kind(inside)["dns"], 0);
}

TEST(BuiltInDriver, SaysTheSameOfBurstsOfAnySize) {
  const Decap all = Decap::all();
  const std::vector<OwnedMessage> one_by_one = messages_of(&all, 1);
  EXPECT_EQ(messages_of(&all, 3), one_by_one);
  EXPECT_EQ(messages_of(&all, 256), one_by_one);
}

}  // namespace
}  // namespace flowscope
