#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "l7/known/known.h"

namespace flowscope {

// What FlowEntry::app means: one byte for the protocol of a flow, and for the one it began with
// where another came behind it. 0: unknown. Then, in this order: the parsers of streams, those of
// datagrams, the known protocols of streams, of datagrams, and every pair of a parser that may be
// found later and a protocol that it may be found behind.
template <class StreamSet, class DatagramSet>
class AppId {
 public:
  static constexpr uint8_t of_stream(uint32_t parser) { return id(parser); }
  static constexpr uint8_t of_datagram(uint32_t parser) { return id(kDatagramParsers + parser); }
  static constexpr uint8_t of_known_stream(size_t position) { return id(kKnownStreams + position); }
  static constexpr uint8_t of_known_datagram(size_t position) {
    return id(kKnownDatagrams + position);
  }
  // Requires: `app` is of_datagram() of it.
  static constexpr uint32_t datagram_parser(uint8_t app) {
    return app - 1U - static_cast<uint32_t>(kDatagramParsers);
  }
  // Parser `parser` of streams, on a flow that was `app` before.
  static constexpr uint8_t of_stream_behind(uint32_t parser, uint8_t app) {
    if (app == 0 || (StreamSet::kFoundLaterMask >> parser & 1) == 0) return of_stream(parser);
    const uint8_t first = first_of(app);
    if (first == of_stream(parser)) return first;
    for (size_t i = 0; i < kFirsts.size(); ++i) {
      if (kFirsts[i] != first) continue;
      const auto later = std::popcount(StreamSet::kFoundLaterMask & ((uint32_t{1} << parser) - 1U));
      return id(kPairs + static_cast<size_t>(later) * kFirsts.size() + i);
    }
    return of_stream(parser);
  }

  // The name of the protocol: a literal, null when unknown.
  static constexpr const char* name(uint8_t app) { return name_of_single(later_of(app)); }
  // That of the protocol the flow began with, null where that is name().
  static constexpr const char* first_name(uint8_t app) {
    return app > kPairs ? name_of_single(first_of(app)) : nullptr;
  }

 private:
  static constexpr size_t kDatagramParsers = StreamSet::kCount;
  static constexpr size_t kKnownStreams = kDatagramParsers + DatagramSet::kCount;
  static constexpr size_t kKnownDatagrams = kKnownStreams + known::kStreams.size();
  static constexpr size_t kPairs = kKnownDatagrams + known::kDatagrams.size();

  static constexpr uint8_t id(size_t index) { return static_cast<uint8_t>(index + 1); }

  static constexpr size_t kFirstsCount = [] {
    auto count = static_cast<size_t>(std::popcount(StreamSet::kFoundLaterMask));
    for (size_t i = 0; i < known::kStreams.size(); ++i)
      count += static_cast<size_t>(known::stream_may_turn(i));
    return count;
  }();
  // What a flow may begin with and turn from.
  static constexpr std::array<uint8_t, kFirstsCount> kFirsts = [] {
    std::array<uint8_t, kFirstsCount> firsts{};
    size_t next = 0;
    for (uint32_t i = 0; i < StreamSet::kCount; ++i) {
      if ((StreamSet::kFoundLaterMask >> i & 1) != 0) firsts[next++] = of_stream(i);
    }
    for (size_t i = 0; i < known::kStreams.size(); ++i) {
      if (known::stream_may_turn(i)) firsts[next++] = of_known_stream(i);
    }
    return firsts;
  }();
  static_assert(kPairs
                        + kFirstsCount
                              * static_cast<size_t>(std::popcount(StreamSet::kFoundLaterMask))
                    <= UINT8_MAX,
                "FlowEntry::app has no room for more protocols");

  static constexpr uint8_t first_of(uint8_t app) {
    return app > kPairs ? kFirsts[(app - 1U - kPairs) % kFirsts.size()] : app;
  }
  static constexpr uint8_t later_of(uint8_t app) {
    if (app <= kPairs) return app;
    size_t left = (app - 1U - kPairs) / kFirsts.size();
    uint32_t mask = StreamSet::kFoundLaterMask;
    for (; left != 0; --left) mask &= mask - 1;
    return of_stream(static_cast<uint32_t>(std::countr_zero(mask)));
  }
  static constexpr const char* name_of_single(uint8_t app) {
    if (app == 0) return nullptr;
    const size_t index = app - 1U;
    if (index < kDatagramParsers) return StreamSet::kNames[index].data();
    if (index < kKnownStreams) return DatagramSet::kNames[index - kDatagramParsers].data();
    if (index < kKnownDatagrams) return kStreamNames[index - kKnownStreams];
    return kDatagramNames[index - kKnownDatagrams];
  }
  template <size_t kCount>
  static constexpr std::array<const char*, kCount> names_of(
      const std::array<known::KnownProtocol, kCount>& protocols) {
    std::array<const char*, kCount> names{};
    for (size_t i = 0; i < kCount; ++i) names[i] = protocols[i].name;
    return names;
  }
  static constexpr auto kStreamNames = names_of(known::kStreams);
  static constexpr auto kDatagramNames = names_of(known::kDatagrams);

 public:
  // The largest number that a flow may have.
  static constexpr uint8_t kLast = static_cast<uint8_t>(
      kPairs + kFirstsCount * static_cast<size_t>(std::popcount(StreamSet::kFoundLaterMask)));
};

}  // namespace flowscope
