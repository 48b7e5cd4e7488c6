#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <optional>
#include <type_traits>

#include "flowcore/base/arena.h"
#include "flowcore/base/buffer_pool.h"
#include "flowcore/base/counter.h"
#include "flowcore/base/slab.h"
#include "flowcore/stream/tcp_stream.h"
#include "flowcore/track/flow_entry.h"
#include "l7/session_event.h"

namespace flowscope {

// The next bytes of one side of a flow. Borrowed for the call, as are all of these.
struct StreamBytes {
  const FlowEntry& flow;
  FlowSide side;
  Timestamp time;
  Bytes bytes;
};

// Bytes of one side that will never come; what follows is in order again.
struct StreamGap {
  const FlowEntry& flow;
  FlowSide side;
  Timestamp time;
  uint32_t missing_bytes;
};

// A side's reassembler gave up, as is_poisoned() says; it gets no more.
struct StreamPoisoned {
  const FlowEntry& flow;
  FlowSide side;
  Timestamp time;
};

// The flow is over: what each side came to, after the last of its bytes.
struct StreamsEnded {
  const FlowEntry& flow;
  EndReason reason;
  SessionStats stats;
};

// A reassembler of one side's stream: TcpStream, or a type of your own that is made by R() or by
// R(SegmentStore&), the driver's store, and has one of these, for each segment with payload as it
// comes; the last hands bytes on through the driver:
//   void segment(uint32_t seq, Bytes payload, uint64_t clock_ns);
//   void segment(uint32_t seq, Bytes payload);
//   template <StreamSink S> void segment(uint32_t seq, Bytes payload, S& sink);
// and may have
//   void syn(uint32_t seq);     // before the first segment, where the side's SYN was seen
//   void peer_acknowledged(uint32_t ack, uint64_t clock_ns);
//   void fin();  void rst();    // the flow ended in order (FIN, time-out, end of input); otherwise
//   bool is_poisoned() const;   // asked after each segment
// and what count_own() takes for StreamStats.
template <class R>
concept MadeForASide = std::default_initializable<R> || std::constructible_from<R, SegmentStore&>;
template <class R>
concept OwnReassembler = MadeForASide<R> && requires(R& reassembler, uint32_t seq, Bytes payload) {
  reassembler.segment(seq, payload);
};
template <class R>
concept TimedReassembler = MadeForASide<R> && requires(R& reassembler, uint32_t seq, Bytes payload,
                                                       uint64_t clock_ns) {
  reassembler.segment(seq, payload, clock_ns);
};
template <class R, class Sink>
concept PassingReassembler = MadeForASide<R> && requires(R& reassembler, uint32_t seq,
                                                         Bytes payload, Sink& sink) {
  reassembler.segment(seq, payload, sink);
};
// Stands for any sink where a reassembler is checked.
struct AnyStreamSink {
  void on_bytes(Bytes /*bytes*/) {}
  void on_gap(uint32_t /*missing_bytes*/) {}
};
template <class R>
concept SideReassembler = std::same_as<R, TcpStream> || OwnReassembler<R> || TimedReassembler<
    R> || PassingReassembler<R, AnyStreamSink>;

// What became of flows with payload; any thread may read it.
struct FlowSidesCounters {
  Counter streams;   // flows whose payload was put in order
  Counter refused;   // flows left out because every place was taken
  Counter poisoned;  // sides whose reassembler gave up
  Counter strays;    // segments with payload that their receiver would not take up
  Counter gap_bytes;
};

// Both sides of the TCP flows with payload, each in a place that its flow's entry names.
// Thread rule: one thread; counters may be read by any.
template <SideReassembler R>
class FlowSides {
 public:
  static constexpr bool kIsTcpStream = std::is_same_v<R, TcpStream>;
  static constexpr bool kIsMadeOfStore = std::constructible_from<R, SegmentStore&>;
  static constexpr bool kHasStore = kIsTcpStream || kIsMadeOfStore;

  // A flow's; a reassembler is made at its side's first payload.
  struct Pair {
    std::array<std::optional<R>, 2> reassembler;
    std::array<StreamStats, 2> side;
    std::array<bool, 2> poisoned{};
    bool over = false;
  };

  static size_t cost(uint32_t streams_max, size_t buffers_bytes,
                     const SegmentStore::Options& segments) {
    return Slab<Pair>::cost(streams_max)
           + (kHasStore ? BufferPool::cost(buffers_bytes) + SegmentStore::cost(segments) : 0);
  }
  FlowSides(Arena& arena, uint32_t streams_max, size_t buffers_bytes,
            const SegmentStore::Options& segments)
      : pairs(arena, streams_max),
        buffers(kHasStore ? BufferPool(arena, buffers_bytes) : BufferPool()),
        store(kHasStore ? std::make_optional<SegmentStore>(arena, buffers, segments)
                        : std::nullopt) {}
  FlowSides(const FlowSides&) = delete;
  FlowSides& operator=(const FlowSides&) = delete;
  ~FlowSides() = default;

  [[nodiscard]] static bool is_open(const FlowEntry& entry) {
    return entry.stream != FlowEntry::kNoStream && entry.stream != FlowEntry::kStreamOff;
  }
  // Null for a flow without payload.
  [[nodiscard]] Pair* pair_of(const FlowEntry& entry) {
    return is_open(entry) ? &pairs.get(entry.stream) : nullptr;
  }
  [[nodiscard]] R* reassembler(const FlowEntry& entry, FlowSide side) {
    Pair* const pair = pair_of(entry);
    if (pair == nullptr || !pair->reassembler[index_of(side)].has_value()) return nullptr;
    return &*pair->reassembler[index_of(side)];
  }
  [[nodiscard]] SessionStats stats_of(const FlowEntry& entry) {
    SessionStats stats{.flow = FlowStats::of(entry), .side = {}};
    const Pair* const pair = pair_of(entry);
    if (pair == nullptr) return stats;
    for (size_t i = 0; i < 2; ++i) {
      stats.side[i] = pair->side[i];
      if (pair->reassembler[i].has_value()) count_own(stats.side[i], *pair->reassembler[i]);
    }
    return stats;
  }
  // A TcpStream gives back what it holds.
  void release(Pair& pair) {
    pair.over = true;
    if constexpr (kIsTcpStream) {
      for (size_t i = 0; i < 2; ++i) {
        if (!pair.reassembler[i].has_value()) continue;
        count_own(pair.side[i], *pair.reassembler[i]);
        pair.reassembler[i]->drop(*store);
        pair.reassembler[i].reset();
      }
    }
  }
  // Forgets what the flow holds.
  void drop(FlowEntry& entry) {
    if (Pair* const pair = pair_of(entry)) {
      release(*pair);
      pairs.destroy(entry.stream);
    }
    entry.stream = FlowEntry::kNoStream;
  }

  Slab<Pair> pairs;
  BufferPool buffers;
  std::optional<SegmentStore> store;
  FlowSidesCounters counters;
};

}  // namespace flowscope
