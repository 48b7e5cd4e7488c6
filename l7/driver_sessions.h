#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <type_traits>

#include "flowcore/base/arena.h"
#include "flowcore/base/buffer_pool.h"
#include "flowcore/base/counter.h"
#include "flowcore/base/slab.h"
#include "flowcore/stream/segment_store.h"
#include "l7/driver_routing.h"
#include "l7/hosted_parser.h"
#include "l7/parser_set.h"
#include "l7/session_event.h"
#include "l7/tcp_session.h"

namespace flowscope {

// Sizes of what drivers keep beside the flows; all of it is reserved at create().
struct SessionOptions {
  uint32_t streams_max = 0;    // TCP flows with payload at the same time; 0: flows_max
  uint32_t datagrams_max = 0;  // UDP flows with a parser at the same time; 0: flows_max
  uint32_t parsers_max = 0;    // of each type at the same time; 0: as many as may be asked for
  size_t buffers_bytes = 64U << 20U;  // bytes kept past their packet, of all flows
  SegmentStore::Options segments;
};

// What one parser type did; any thread may read it.
struct ParserCounters {
  Counter flows;  // parsers begun
  Counter messages;
  Counter poisoned;  // parsers that gave up
};

// What became of flows with payload; any thread may read it.
struct SessionCounters {
  Counter sessions;  // flows whose payload was looked at
  Counter refused;   // flows left unparsed because every place was taken
  Counter gap_bytes;
  Counter strays;     // segments refused because they lie outside any window
  Counter overflows;  // flows that are parsed no more because a side would hold too much (DropFlow)
};

// A TCP flow with payload, until the flow ends: both sides' streams and the parser while they are
// of interest, then what they came to.
struct StreamSession {
  TcpSession tcp;
  std::array<StreamStats, 2> side;  // gaps; the rest once it is over
  std::string_view parser;          // name of the last one
  bool over = false;  // nothing is parsed any more; streams and parser gave back their memory
  bool parse_error = false;
  bool handed_over = false;  // the first protocol was a way to another: ports say no more
};

// What a stream counts itself.
inline void count_stream(StreamStats& stats, const TcpStream& stream) {
  stats.bytes = stream.offset() - stream.gap_bytes();
  stats.gap_bytes = stream.gap_bytes();
  count_own(stats, stream);
}

// A UDP flow with a parser, until the flow ends.
// PERF: one line.
struct alignas(64) DatagramSession {
  std::array<uint64_t, 2> bytes{};  // of each side
  std::string_view parser;
  uint32_t handle = 0;  // of the parser, 0 when it is done
  uint8_t index = 0;    // its type
  bool parse_error = false;
};

// The set of a list without parsers.
struct NoParsers {
  static constexpr uint32_t kCount = 0;
  static size_t cost(uint32_t /*instances_each*/) { return 0; }
  NoParsers(Arena& /*arena*/, uint32_t /*instances_each*/) {}
  template <class F>
  void with(uint32_t /*index*/, uint32_t /*handle*/, F&& /*f*/) {}
};

template <class List>
struct DriverParserSet {
  using Type = ParserSet<List>;
};
template <>
struct DriverParserSet<TypeList<>> {
  using Type = NoParsers;
};

// What the sessions of a driver with parsers P live in. SessionTurn works on it.
// Thread rule: one thread; counters may be read by any.
template <DriverParser... P>
struct DriverSessions {
  static constexpr uint32_t kParsers = sizeof...(P);
  template <bool kIn, class T>
  using ListIf = std::conditional_t<kIn, TypeList<HostedParser<T>>, TypeList<>>;
  using Streams =
      typename DriverParserSet<typename JoinLists<ListIf<DriverStreamParser<P>, P>...>::Type>::Type;
  using Datagrams = typename DriverParserSet<
      typename JoinLists<ListIf<DriverDatagramParser<P>, P>...>::Type>::Type;
  static_assert(kParsers > 0 && Streams::kCount <= 32 && Datagrams::kCount <= 32,
                "parsers are named by the bits of a word");

  // Positions in P of the stream parsers, and of the datagram parsers.
  template <uint32_t kCount>
  static constexpr std::array<uint32_t, kCount> positions(std::array<bool, kParsers> in) {
    std::array<uint32_t, kCount> found{};
    uint32_t next = 0;
    for (uint32_t i = 0; i < kParsers; ++i) {
      if (in[i]) found[next++] = i;
    }
    return found;
  }
  static constexpr auto kStreamPosition = positions<Streams::kCount>({DriverStreamParser<P>...});
  static constexpr auto kDatagramPosition =
      positions<Datagrams::kCount>({DriverDatagramParser<P>...});
  static constexpr bool kTicks = (HostedParser<P>::kTicks || ...);

  static size_t cost(const SessionOptions& options, uint32_t flows_max) {
    const Sizes sizes(options, flows_max);
    return Slab<StreamSession>::cost(sizes.streams) + Slab<DatagramSession>::cost(sizes.datagrams)
           + Streams::cost(sizes.stream_parsers) + Datagrams::cost(sizes.datagram_parsers)
           + BufferPool::cost(options.buffers_bytes) + SegmentStore::cost(options.segments);
  }
  DriverSessions(Arena& arena, const SessionOptions& options, uint32_t flows_max,
                 const std::array<Routing, kParsers>& routing)
      : DriverSessions(arena, options, Sizes(options, flows_max), routing) {}
  DriverSessions(const DriverSessions&) = delete;
  DriverSessions& operator=(const DriverSessions&) = delete;
  ~DriverSessions() = default;

  // The session of a flow; null where it has none.
  [[nodiscard]] StreamSession* stream_of(const FlowEntry& entry) {
    return entry.is_tcp() && is_open(entry) ? &streams.get(entry.stream) : nullptr;
  }
  [[nodiscard]] DatagramSession* datagrams_of(const FlowEntry& entry) {
    return !entry.is_tcp() && is_open(entry) ? &datagrams.get(entry.stream) : nullptr;
  }
  [[nodiscard]] SessionStats stats_of(const FlowEntry& entry) {
    SessionStats stats{.flow = FlowStats::of(entry), .side = {}};
    if (const StreamSession* const session = stream_of(entry)) {
      stats.side = session->side;
      if (session->over) return stats;
      for (size_t i = 0; i < 2; ++i) count_stream(stats.side[i], session->tcp.stream[i]);
    } else if (const DatagramSession* const payloads = datagrams_of(entry)) {
      for (size_t i = 0; i < 2; ++i) stats.side[i].bytes = payloads->bytes[i];
    }
    return stats;
  }
  [[nodiscard]] static bool is_open(const FlowEntry& entry) {
    return entry.stream != FlowEntry::kNoStream && entry.stream != FlowEntry::kStreamOff;
  }

  BufferPool buffers;
  SegmentStore store;
  Slab<StreamSession> streams;
  Slab<DatagramSession> datagrams;
  Streams stream_parsers;
  Datagrams datagram_parsers;
  DriverRoutes stream_routes;
  DriverRoutes datagram_routes;
  SessionCounters counters;
  std::array<ParserCounters, kParsers> by_parser;

 private:
  // What the options come to.
  struct Sizes {
    Sizes(const SessionOptions& options, uint32_t flows_max)
        : streams(Streams::kCount == 0 ? 0 : or_else(options.streams_max, flows_max)),
          datagrams(Datagrams::kCount == 0 ? 0 : or_else(options.datagrams_max, flows_max)),
          stream_parsers(or_else(options.parsers_max, streams)),
          datagram_parsers(or_else(options.parsers_max, datagrams)) {}
    static uint32_t or_else(uint32_t asked, uint32_t otherwise) {
      return asked != 0 ? asked : otherwise;
    }
    uint32_t streams;
    uint32_t datagrams;
    uint32_t stream_parsers;
    uint32_t datagram_parsers;
  };

  DriverSessions(Arena& arena, const SessionOptions& options, const Sizes& sizes,
                 const std::array<Routing, kParsers>& routing)
      : buffers(arena, options.buffers_bytes),
        store(arena, buffers, options.segments),
        streams(arena, sizes.streams),
        datagrams(arena, sizes.datagrams),
        stream_parsers(arena, sizes.stream_parsers),
        datagram_parsers(arena, sizes.datagram_parsers) {
    using Probes = DriverRoutes::Probes;
    constexpr std::array<bool, kParsers> kProbe = {HostedParser<P>::kProbes...};
    constexpr std::array<bool, kParsers> kProbeDatagrams = {HostedParser<P>::kProbesDatagrams...};
    for (uint32_t i = 0; i < Streams::kCount; ++i) {
      const uint32_t at = kStreamPosition[i];
      stream_routes.add(i, kProbe[at] ? Probes::Yes : Probes::No, routing[at]);
    }
    for (uint32_t i = 0; i < Datagrams::kCount; ++i) {
      const uint32_t at = kDatagramPosition[i];
      datagram_routes.add(i, kProbeDatagrams[at] ? Probes::Yes : Probes::No, routing[at]);
    }
  }
};

}  // namespace flowscope
