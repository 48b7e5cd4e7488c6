#include "l7/known/known.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <string>

#include "l7/known/rules.h"
#include "tests/unit/l7/known/samples.h"

namespace flowscope::known {
namespace {

enum class Transport : uint8_t { Stream, Datagram };

constexpr uint16_t kOtherPort = 50'000;  // that no protocol has

Sighting look(Transport transport, const std::string& run, uint16_t port) {
  const Ports ports{port != 0 ? port : kOtherPort, kOtherPort};
  return transport == Transport::Stream ? look_at_stream(Bytes::of(run), ports)
                                        : look_at_datagram(Bytes::of(run), ports);
}

std::string name_of(Transport transport, uint8_t position) {
  if (position == Sighting::kNone) return "nothing";
  return transport == Transport::Stream ? kStreams.at(position).name : kDatagrams.at(position).name;
}

// The name that both sides of a sample come to.
std::string named(Transport transport, const Sample& sample) {
  const Sighting client = look(transport, sample.client, sample.port);
  if (client.found != Sighting::kNone || sample.server.empty())
    return name_of(transport, client.found);
  const Sighting server = look(transport, sample.server, sample.port);
  if (server.found != Sighting::kNone) return name_of(transport, server.found);
  const uint64_t both = client.paired.with(server.paired);
  return both == 0 ? "nothing" : name_of(transport, static_cast<uint8_t>(std::countr_zero(both)));
}

void expect_named(Transport transport, const std::vector<Sample>& samples) {
  for (const Sample& sample : samples) EXPECT_EQ(named(transport, sample), sample.name);
}

TEST(Known, NamesTheStreamsOfEveryProtocol) { expect_named(Transport::Stream, stream_samples()); }

TEST(Known, NamesTheDatagramsOfEveryProtocol) {
  expect_named(Transport::Datagram, datagram_samples());
}

template <class Protocols>
void expect_all_sampled(const Protocols& protocols, const std::vector<Sample>& samples) {
  for (const KnownProtocol& protocol : protocols) {
    EXPECT_TRUE(std::any_of(samples.begin(), samples.end(),
                            [&](const Sample& sample) { return sample.name == protocol.name; }))
        << protocol.name << " has no sample";
  }
}

TEST(Known, EveryProtocolHasASample) {
  expect_all_sampled(kStreams, stream_samples());
  expect_all_sampled(kDatagrams, datagram_samples());
}

TEST(Known, EveryProtocolIsDeclaredOnce) {
  std::set<std::string> streams;
  std::set<std::string> datagrams;
  for (const KnownProtocol& protocol : kStreams) EXPECT_TRUE(streams.insert(protocol.name).second);
  for (const KnownProtocol& protocol : kDatagrams)
    EXPECT_TRUE(datagrams.insert(protocol.name).second);
}

TEST(Known, APortNamesNothingWhoseBytesDoNotFit) {
  const std::string junk = "\xa7\x93\xfe\xc1\x88\xdd\xee\x99 junk that no protocol begins with";
  for (const KnownProtocol& protocol : kStreams) {
    for (const uint16_t port : protocol.ports)
      EXPECT_EQ(look(Transport::Stream, junk, port).found, Sighting::kNone) << protocol.name;
  }
}

TEST(Known, WeakBytesNameNothingAwayFromTheirPort) {
  for (const Sample& sample : stream_samples()) {
    if (sample.port == 0) continue;
    EXPECT_EQ(look(Transport::Stream, sample.client, 0).found, Sighting::kNone) << sample.name;
  }
  for (const Sample& sample : datagram_samples()) {
    if (sample.port == 0) continue;
    EXPECT_EQ(look(Transport::Datagram, sample.client, 0).found, Sighting::kNone) << sample.name;
  }
}

TEST(Known, OneSideOfAPairNamesNothing) {
  for (const Sample& sample : stream_samples()) {
    if (sample.server.empty()) continue;
    const Sighting client = look(Transport::Stream, sample.client, 0);
    EXPECT_EQ(client.found, Sighting::kNone) << sample.name;
    EXPECT_TRUE(client.paired.any()) << sample.name;
    EXPECT_EQ(client.paired.with(client.paired)
                  & ~look(Transport::Stream, sample.server, 0).paired.with(client.paired),
              0)
        << sample.name;
  }
}

// A byte of a distinctive run that comes alone is no other protocol either.
TEST(Known, APrefixOfASampleNamesNoOtherProtocol) {
  for (const Sample& sample : stream_samples()) {
    for (size_t size = 1; size < sample.client.size() && size < 64; ++size) {
      const Sighting seen = look(Transport::Stream, sample.client.substr(0, size), sample.port);
      if (seen.found == Sighting::kNone) continue;
      EXPECT_EQ(name_of(Transport::Stream, seen.found), sample.name) << "after " << size;
    }
  }
}

TEST(Known, RandomBytesNameNothing) {
  constexpr uint64_t kSeed = 20'260'701;
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  std::mt19937_64 random(kSeed);
  for (int round = 0; round < 200'000; ++round) {
    std::string run(1 + random() % 96, '\0');
    for (char& c : run) c = static_cast<char>(random());
    const Transport transport = round % 2 == 0 ? Transport::Stream : Transport::Datagram;
    ASSERT_EQ(look(transport, run, 0).found, Sighting::kNone)
        << name_of(transport, look(transport, run, 0).found);
  }
}

TEST(Known, ALengthThatTheMessageDoesNotHaveNamesNothing) {
  const std::string startup = filled({"\0\0\0\x29\0\x03\0\0user", 12}, 41);
  EXPECT_EQ(name_of(Transport::Stream, look(Transport::Stream, startup, 0).found), "pgsql");
  // More follows than the message has.
  EXPECT_EQ(look(Transport::Stream, startup + "x", 0).found, Sighting::kNone);
  // The rest of it is still to come.
  EXPECT_EQ(name_of(Transport::Stream, look(Transport::Stream, startup.substr(0, 20), 0).found),
            "pgsql");
  const std::string binding = filled({"\x01\x01\0\x0c\x21\x12\xa4\x42", 8}, 32);
  EXPECT_EQ(look(Transport::Datagram, binding.substr(0, 31), 0).found, Sighting::kNone);
}

TEST(Known, AGreetingInPiecesNeedsMore) {
  EXPECT_TRUE(look(Transport::Stream, "220 mail.example.com ES", 0).maybe);
  EXPECT_FALSE(look(Transport::Stream, "220 no mail here\r\n", 0).maybe);
}

}  // namespace
}  // namespace flowscope::known
