#pragma once

#include <array>
#include <concepts>
#include <cstdint>

#include "flowcore/base/counter.h"
#include "flowcore/base/histogram.h"
#include "flowcore/base/prefetch.h"
#include "flowcore/packet/burst.h"
#include "flowcore/track/burst_tracker.h"
#include "flowcore/track/flow_burst.h"
#include "l7/app_id.h"
#include "l7/digest/digest_memo.h"
#include "l7/parser_list.h"
#include "l7/parser_set.h"
#include "l7/signatures/signature_scan.h"
#include "l7/tcp_session.h"

namespace flowscope {

// Sizes of the streams stage; all memory is reserved from them at the start.
struct StreamsOptions {
  uint32_t datagrams_max = 1 << 18;  // UDP flows with a parser; as many as the table has flows is
                                     // safe, for these parsers are small
  uint32_t streams_max = 1 << 16;    // flows with a parser or a stream at the same time; less than
                                     // 2^26
  size_t buffers_bytes = 64 << 20;   // bytes kept past their packet, of all flows
  SegmentStore::Options segments;    // with the policies of overlaps and of overflow
  uint64_t depth_bytes = 0;          // how far each side of a TCP flow is followed; 0: to its end
  uint32_t stream_parsers = UINT32_MAX;    // bit i: parser i of AllStreamParsers is on
  uint32_t datagram_parsers = UINT32_MAX;  // the same for AllDatagramParsers
  bool hash_bodies = false;                // ParserSetup::hash_bodies
  ScanOptions signatures;
};

// What one side of the TCP flows brought to reassembly, all flows together.
struct SideStreamsCounters {
  static constexpr std::array<uint64_t, 6> kHeldBounds = {0,      1'500,   16'384,
                                                          65'536, 262'144, 1'048'576};
  Counter strays;         // segments refused because they lie outside any window
  Counter dropped_bytes;  // what the caps on early segments cost, see TcpStream
  // The most that a side ever held behind a gap, counted when its session ends.
  Histogram<kHeldBounds> held_bytes_most;
};

// Counters of the streams stage; any thread may read them.
struct StreamsCounters {
  Counter sessions;          // TCP sessions opened
  Counter sessions_refused;  // flows left unparsed because every place was taken
  Counter identified;        // flows whose protocol was found, with a parser or without
  Counter parse_errors;      // parsers that gave up on a broken stream
  Counter gap_bytes;         // bytes that parsers did not get
  Counter strays;            // segments refused because they lie outside any window
  Counter retransmitted;     // segments by what they brought, see TcpStream
  Counter overlapping;
  Counter out_of_order;
  Counter keep_alives;    // with a byte
  Counter conflicts;      // segments with other bytes than those held at their place
  Counter dropped_bytes;  // what the caps on early segments cost, see TcpStream
  Counter poisoned;       // flows given up because a side would hold too much
  Counter depth_reached;  // sides that were followed as far as depth_bytes
  Counter gaps_untold;    // flows whose record lacks the bytes they missed, for want of a place
  std::array<SideStreamsCounters, 2> side;  // by index_of(FlowSide)
  // By FlowEntry::app: flows in which the protocol was found (a flow counts for each protocol that
  // is found in it), and messages of its parser, whether or not records are made of them.
  static constexpr size_t kApps = 256;
  std::array<Counter, kApps> flows_of_app;
  std::array<Counter, kApps> messages_of_app;
};

// Hop 6 and 7: takes each packet's payload through reassembly to the parser of its flow. A flow
// that no parser fits, or whose parser is done, costs one comparison from then on. `Out` takes what
// parsers find; entry and message are valid during the call:
//   template <class M> void message(const FlowEntry&, FlowSide from, Timestamp, const M& message);
//   void anomaly(const FlowEntry&, FlowSide from, Timestamp, const char* kind);
//   void stream_anomaly(const FlowEntry&, FlowSide from, Timestamp, const char* event);
// The last tells of the streams themselves, each event once for a side, in Suricata's words:
//   stream.reassembly_overlap_different_data   copies of the same bytes differ
//   stream.reassembly_overflow                 a side would hold too much (ours; DropFlow only)
// Thread rule: one worker; counters may be read by any thread. No allocation after construction.
template <class Out>
class Streams {
 public:
  static size_t cost(const StreamsOptions& options) {
    return Slab<TcpSession>::cost(options.streams_max) + StreamSet::cost(options.streams_max)
           + DatagramSet::cost(options.datagrams_max) + BufferPool::cost(options.buffers_bytes)
           + DigestMemo::cost() + SegmentStore::cost(options.segments)
           + Slab<GapBytes>::cost(options.streams_max) + SignatureScan::cost(options.signatures);
  }
  Streams(Arena& arena, const StreamsOptions& options, Out& out)
      : options_(options),
        out_(out),
        buffers_(arena, options.buffers_bytes),
        digests_(arena),
        store_(arena, buffers_, options.segments),
        sessions_(arena, options.streams_max),
        gaps_(arena, options.streams_max),
        stream_parsers_(arena, options.streams_max),
        datagram_parsers_(arena, options.datagrams_max),
        signatures_(arena, options.signatures) {}

  // Delivers the payloads of packets [begin, end).
  void deliver(const Burst& burst, const FlowBurst& flows, uint32_t begin, uint32_t end,
               BurstTracker& tracker);
  // The flow is over: what is held is handed on, the parser says its last, all memory comes back.
  // Gives what was missed of it.
  GapBytes end(FlowEntry& entry, EndReason reason);
  // What was missed of a live flow up to now.
  [[nodiscard]] GapBytes gap_bytes_of(const FlowEntry& entry) const;

  // The EVE name of the flow's protocol, or null while unknown: that of its parser, or of a known
  // protocol that has none.
  static const char* app_name(const FlowEntry& entry) { return App::name(entry.app); }
  // The same by the number alone; null for numbers that no flow has.
  static const char* name_of_app(uint8_t app) {
    return app <= App::kLast ? App::name(app) : nullptr;
  }
  // That of the protocol it began with, where another came behind it (STARTTLS); else null.
  static const char* first_app_name(const FlowEntry& entry) { return App::first_name(entry.app); }
  [[nodiscard]] const StreamsCounters& counters() const { return counters_; }
  // The search for signatures; whoever runs the worker changes them between bursts.
  [[nodiscard]] SignatureScan& signatures() { return signatures_; }
  [[nodiscard]] const SignatureScan& signatures() const { return signatures_; }
  // Memory that parsers and streams have borrowed, and flows with a session, at this moment.
  [[nodiscard]] size_t bytes_in_use() const { return buffers_.bytes_in_use(); }
  [[nodiscard]] uint32_t sessions_open() const { return sessions_.live(); }

 private:
  using StreamSet = ParserSet<AllStreamParsers>;
  using DatagramSet = ParserSet<AllDatagramParsers>;
  using App = AppId<StreamSet, DatagramSet>;
  static constexpr uint8_t kDatagramProbesMax = 4;
  // A TCP flow that is no longer followed but has missed bytes to tell of: its `stream` is this and
  // the handle of its GapBytes. Sessions have lower numbers.
  static constexpr uint32_t kGapsKept = 3U << 26;
  static constexpr uint32_t kSessionsMax = 1U << 26;
  static_assert(kGapsKept + kSessionsMax - 1 == FlowEntry::kStreamOff);

  // What parsers see of us: everything they say is about one flow at one time.
  struct ParserSink {
    Out& out;
    StreamsCounters& counters;
    const FlowEntry& entry;
    Timestamp time;
    template <class M>
    void message(FlowSide from, const M& message) {
      counters.messages_of_app[entry.app].add(1);
      out.message(entry, from, time, message);
    }
    void anomaly(FlowSide from, const char* kind) { out.anomaly(entry, from, time, kind); }
  };
  // What a TcpStream of one side hands its bytes to.
  struct SideSink {
    Streams& streams;
    FlowEntry& entry;
    TcpSession& session;
    FlowSide side;
    Timestamp time;
    void on_bytes(Bytes bytes) {
      const bool is_scanned = streams.signatures_.scans_streams();
      if (session.is_over(side) || (session.finished && !is_scanned)) return;
      const Bytes wanted = streams.up_to_depth(*this, bytes);
      if (!session.finished) streams.on_bytes(*this, wanted);
      if (is_scanned) streams.scan(*this, wanted);
    }
    void on_gap(uint32_t missing_bytes) {
      streams.counters_.gap_bytes.add(missing_bytes);
      if (!session.finished && !session.is_over(side)) streams.on_gap(*this, missing_bytes);
      streams.signatures_.on_gap(session.scan, side);
    }
  };

  // Whether a segment of TCP is one for which segment() does nothing. PERF: half of all packets,
  // and every other instruction that they cost this stage.
  static bool brings_nothing(const FlowEntry& entry, const Layers& layers, TcpSignal signal) {
    return entry.stream >= kGapsKept
           || (entry.stream == FlowEntry::kNoStream && layers.payload_bytes == 0
               && signal == TcpSignal::Plain);
  }
  void segment(FlowEntry& entry, FlowSide side, const PacketView& packet, const Layers& layers,
               TcpSignal signal, uint64_t clock_ns);
  void datagram(FlowEntry& entry, FlowSide side, const PacketView& packet, const Layers& layers);
  // Requires: the flow has a datagram parser.
  static uint32_t datagram_parser_of(const FlowEntry& entry) {
    return App::datagram_parser(entry.app);
  }
  bool open_datagrams(FlowEntry& entry, Bytes payload, const Layers& layers);
  // The flow is found to be `app`, perhaps after something else.
  void identify(FlowEntry& entry, uint8_t app) {
    if (entry.app == 0) counters_.identified.add(1);
    if (entry.app != app) counters_.flows_of_app[app].add(1);
    entry.app = app;
  }
  void name_datagrams(FlowEntry& entry, Bytes payload, const Layers& layers);
  void close_datagrams(FlowEntry& entry, StreamEnd end);
  void drop_datagrams(FlowEntry& entry);
  void take_payload(SideSink& from, const PacketView& packet, const Layers& layers, uint32_t seq,
                    uint64_t clock_ns);
  void anchor(const FlowEntry& entry, FlowSide side);
  void tell_conflict(SideSink& from);
  void give_up_poisoned(SideSink& from);
  Bytes up_to_depth(SideSink& from, Bytes bytes);
  uint32_t open_session(FlowEntry& entry);
  void close_session(FlowEntry& entry, TcpSession& session, StreamEnd end, Timestamp time);
  void drop_session(FlowEntry& entry, TcpSession& session);
  void keep_gaps(FlowEntry& entry, const GapBytes& gap_bytes);
  void on_bytes(SideSink& from, Bytes bytes);
  void on_gap(SideSink& from, uint32_t missing_bytes);
  void probe(SideSink& from, Bytes bytes);
  void name(SideSink& from, uint8_t known_position);
  bool contradict(SideSink& from, Bytes bytes);
  void forget_parser(TcpSession& session);
  void adopt(SideSink& from, uint32_t parser_index, Bytes bytes);
  void feed(SideSink& from, Bytes bytes);
  // The search for signatures: streams_scan.h.
  [[nodiscard]] bool still_scans(const TcpSession& session) const;
  [[nodiscard]] static bool is_datagram_flow(const FlowEntry& entry) {
    return entry.key.protocol == static_cast<uint8_t>(IpProtocol::Udp);
  }
  static auto scanned_flow(const FlowEntry& entry) {
    return [&entry] {
      const bool is_forward = entry.initiator == Orientation::Forward;
      return ScannedFlow{.responder_port = is_forward ? entry.key.b_port : entry.key.a_port,
                         .app_proto = app_name(entry)};
    };
  }
  auto alert_out(FlowEntry& entry, Timestamp time) {
    return [this, &entry, time](FlowSide from, const Alert& alert) {
      entry.alerted = 1;
      out_.message(entry, from, time, alert);
    };
  }
  void scan(SideSink& from, Bytes bytes);
  void scan_datagram(FlowEntry& entry, FlowSide side, const PacketView& packet,
                     const Layers& layers);
  void end_scan(FlowEntry& entry, SignatureScan::Handle& handle, Timestamp time);
  void heed(SideSink& from, ParseStatus status);

  StreamsOptions options_;
  Out& out_;
  BufferPool buffers_;
  DigestMemo digests_;
  SegmentStore store_;
  Slab<TcpSession> sessions_;
  Slab<GapBytes> gaps_;
  StreamSet stream_parsers_;
  DatagramSet datagram_parsers_;
  SignatureScan signatures_;
  StreamsCounters counters_;
};

template <class Out>
void Streams<Out>::deliver(const Burst& burst, const FlowBurst& flows, uint32_t begin, uint32_t end,
                           BurstTracker& tracker) {
  constexpr uint32_t kAhead =
      6;  // packets whose session is asked for while earlier ones are served
  for (uint32_t i = begin; i < end; ++i) {
    if (i + kAhead < end && flows.slot[i + kAhead] != FlowBurst::kNoFlow) {
      const FlowEntry& later = tracker.entry(flows.slot[i + kAhead]);
      if (later.stream != FlowEntry::kNoStream && later.stream < kSessionsMax && later.is_tcp()) {
        const TcpSession& session = sessions_.get(later.stream);
        prefetch_write(&session.stream[0]);
        prefetch_write(&session.stream[1]);
      }
    }
    if (flows.slot[i] == FlowBurst::kNoFlow || !burst.layers[i].has_l4) continue;
    FlowEntry& entry = tracker.entry(flows.slot[i]);
    if (entry.stream == FlowEntry::kStreamOff && !signatures_.scans_datagrams()) continue;
    if (entry.is_tcp()) {
      if (brings_nothing(entry, burst.layers[i], flows.signal[i])) continue;
      segment(entry, flows.side[i], burst.packet[i], burst.layers[i], flows.signal[i],
              flows.clock_ns[i]);
    } else if (is_datagram_flow(entry)) {
      datagram(entry, flows.side[i], burst.packet[i], burst.layers[i]);
      if (signatures_.scans_datagrams())
        scan_datagram(entry, flows.side[i], burst.packet[i], burst.layers[i]);
    }
  }
}

}  // namespace flowscope

#include "l7/streams_datagram.h"  // IWYU pragma: keep
#include "l7/streams_feed.h"      // IWYU pragma: keep
#include "l7/streams_scan.h"      // IWYU pragma: keep
#include "l7/streams_tcp.h"       // IWYU pragma: keep
