// flowscope for C and for whatever calls C: packets in, records out.
//
//   fs_error error;
//   fs_engine* engine = fs_engine_create(NULL, &error);
//   while (more packets) {
//     // May take fewer: poll, then feed the others.
//     size_t taken = fs_engine_feed(engine, packets, count);
//     for (const fs_record* record; (record = fs_engine_poll(engine)) != NULL;)
//       use(record->json);
//   }
//   fs_engine_finish(engine);
//   for (const fs_record* record; (record = fs_engine_poll(engine)) != NULL;)
//     use(record->json);
//   fs_engine_destroy(engine);
//
// An engine follows flows, reassembles TCP, reads the protocols inside and tells of them in
// records, the same as the program flowscope writes: EVE JSON, one object a line.
//
// Threads: an engine is used by one thread at a time; engines know nothing of each other, so that
// each thread may have its own. No engine starts a thread, reads a clock or a file, or prints.
// Memory: reserved by fs_engine_create and freed by fs_engine_destroy; pages are touched as they
// are needed. Time is the packets' own.
// Stability: no function and no field changes its meaning or place within one major version of the
// shared library. What is added stands at the end of structs: those of the caller begin with their
// size; those that the library lends may be larger than the caller's header knows.
// No C++ exception leaves a function. A library that runs on a processor older than the one it was
// built for (meson option cpu) ends the program.
#pragma once

#include <stddef.h>  // NOLINT(modernize-deprecated-headers): C includes this header too
#include <stdint.h>  // NOLINT(modernize-deprecated-headers)

#ifdef __cplusplus
#define FS_NOEXCEPT noexcept
extern "C" {
#else
#define FS_NOEXCEPT
#endif

// What this header offers; grows with each addition. fs_abi() tells what the library has.
#define FS_ABI 2

typedef struct fs_engine fs_engine;

// Why a call failed: one line, ended by a zero, that names the option and the mend.
typedef struct fs_error {
  char message[256];
} fs_error;

// What fs_options.tunnels says: packets are tracked by their outermost IP header, or everything
// that flowscope knows is taken off down to the innermost (VXLAN, Geneve, GTP-U, GRE, MPLS, ...).
enum { FS_TUNNELS_LEAVE = 0, FS_TUNNELS_TAKE_OFF = 1 };
// What fs_options.checksums says of IP, TCP, UDP, ICMP and SCTP checksums. Drop: packets with a
// wrong one belong to no flow.
enum { FS_CHECKSUMS_OFF = 0, FS_CHECKSUMS_COUNT = 1, FS_CHECKSUMS_DROP = 2 };
// Bits of fs_options.mute: records that are not written.
enum { FS_MUTE_FLOW = 1, FS_MUTE_ANOMALY = 2 };
// Bits of fs_options.flags.
enum {
  FS_NO_COMMUNITY_ID = 1,  // saves one SHA-1 a record
  FS_FULL_COUNTERS = 2     // extended counters of each flow, in the records of flows
};

// What an engine is made with. Set everything to zero, which stands for the default, then `size`
// and what should be otherwise:
//
//   fs_options options = {.size = sizeof options, .flows_max = 10000};
typedef struct fs_options {
  size_t size;             // sizeof(fs_options)
  uint32_t flows_max;      // at the same time; default 262,144
  uint32_t streams_max;    // TCP flows that are parsed at the same time; default 65,536
  uint64_t buffers_bytes;  // bytes kept past their packet, of all flows; default 64 MiB
  uint64_t ring_bytes;     // records that wait for fs_engine_poll; a power of two, default 8 MiB
  // How long a flow may be silent before it ends; by default 60 s, 300 s, 60 s, 10 s, 60 s, 30 s.
  uint64_t tcp_new_ns;
  uint64_t tcp_established_ns;
  uint64_t tcp_closing_ns;
  uint64_t tcp_closed_ns;
  uint64_t udp_ns;
  uint64_t other_ns;
  uint64_t interim_ns;       // a record of each live flow once in this time; default: none
  uint64_t dedup_window_ns;  // equal frames within this time count once; default: each counts
  // Secret and random where strangers choose the traffic: they could crowd the flow table else.
  uint64_t hash_seed_low;
  uint64_t hash_seed_high;
  const char* parsers;  // names with commas between, "http,dns", or "none"; default (null): all
  uint32_t tunnels;     // FS_TUNNELS_*
  uint32_t checksums;   // FS_CHECKSUMS_*
  uint32_t mute;        // FS_MUTE_* bits
  uint32_t flags;       // FS_NO_COMMUNITY_ID, ...
  // Whose bytes stay where TCP segments claim the same place with others: as the system that is
  // watched would: "first" (default), "last", "bsd", "linux", "windows", ...; a wrong name tells
  // all.
  const char* overlap;
  uint64_t depth_bytes;  // how far each side of a TCP flow is parsed; default: to its end
} fs_options;

// One captured packet. The engine looks at it during fs_engine_feed only. This struct never
// changes.
typedef struct fs_packet {
  const uint8_t* frame;     // from the link-layer header on
  uint32_t captured_bytes;  // of frame; those behind the first 16 MiB count as not captured
  uint32_t wire_bytes;  // what it had on the wire; 0, or anything below captured_bytes: the same
  uint64_t time_ns;     // since the Unix epoch
  uint32_t link_type;   // LINKTYPE_* number of https://www.tcpdump.org/linktypes.html; 1: Ethernet
  uint32_t reserved;    // 0
} fs_packet;

// What a record tells.
enum {
  FS_RECORD_FLOW = 1,     // a flow ended
  FS_RECORD_MESSAGE = 2,  // a parser read something: `event` says what, "http", "tls", "dns"
  FS_RECORD_ANOMALY = 3,  // something should not be: `event` is its name
  FS_RECORD_INTERIM = 4   // a flow lives on (fs_options.interim_ns)
};
// Why a flow ended.
enum {
  FS_END_NONE = 0,  // it lives on
  FS_END_FIN = 1,
  FS_END_RST = 2,
  FS_END_IDLE = 3,
  FS_END_EVICTED = 4,   // pushed out of a full table
  FS_END_REOPENED = 5,  // by a new SYN between the same endpoints
  FS_END_SHUTDOWN = 6   // by fs_engine_finish
};
// How far a flow came.
enum { FS_STATE_NEW = 0, FS_STATE_ESTABLISHED = 1, FS_STATE_CLOSED = 2 };
// The sides of a flow, places in the arrays below.
enum { FS_INITIATOR = 0, FS_RESPONDER = 1 };

// The counters of a flow.
typedef struct fs_flow {
  uint64_t start_ns;
  uint64_t end_ns;
  uint64_t packets[2];
  uint64_t bytes[2];      // whole frames, as on the wire
  uint64_t gap_bytes[2];  // of TCP streams: never came
  uint32_t end_reason;    // FS_END_*
  uint32_t state;         // FS_STATE_*
  uint8_t tcp_flags[2];   // all flags seen: FIN 1, SYN 2, RST 4, PSH 8, ACK 16, URG 32
} fs_flow;

typedef struct fs_record {
  uint32_t type;  // FS_RECORD_*
  uint32_t json_bytes;
  const char* json;  // EVE JSON object; a zero and no newline behind it. Null: no memory for it
  uint64_t flow_id;  // the same for all records of a flow, in every run; 0: of no flow
  uint64_t time_ns;
  const char* event;      // see FS_RECORD_*; never null
  const char* app_proto;  // "http", ...; null when not identified
  const fs_flow* flow;    // of FS_RECORD_FLOW and FS_RECORD_INTERIM, else null
  // Who sent what the record tells, of flows the initiator, and to whom. IPv4 addresses are the
  // first four bytes. Ports are 0 where the protocol has none.
  uint8_t source_address[16];
  uint8_t destination_address[16];
  uint16_t source_port;
  uint16_t destination_port;
  uint8_t ip_version;  // 4 or 6; 0: of no flow, and the addresses mean nothing
  uint8_t protocol;    // IP protocol number
  uint16_t vlan_id;    // 0 when untagged
  uint16_t inner_vlan_id;
} fs_record;

// Sums since the engine was made. Each packet received has one fate, so that packets_received is
// the sum of the other figures that begin with packets_.
typedef struct fs_counters {
  size_t size;  // sizeof(fs_counters)
  uint64_t packets_received;
  uint64_t packets_tracked;
  uint64_t packets_not_ip;
  uint64_t packets_truncated;
  uint64_t packets_malformed;
  uint64_t packets_unknown_link;
  uint64_t packets_fragment;  // the one that makes its datagram whole is tracked
  uint64_t packets_bad_checksum;
  uint64_t packets_duplicate;
  uint64_t flows_created;
  uint64_t flows_ended;
  uint64_t flows_evicted;  // part of flows_ended
  uint64_t parse_errors;   // parsers that gave up on a broken stream
  uint64_t gap_bytes;      // stream bytes that parsers did not get
  uint64_t records_written;
  uint64_t records_shed;  // lost because the ring was full
  // Since FS_ABI 2. Of another worker's flow, and the way there was full: always 0, an engine has
  // one worker.
  uint64_t packets_resteer_full;
} fs_counters;

// The library's version, "0.1.0", and its FS_ABI.
const char* fs_version(void) FS_NOEXCEPT;
uint32_t fs_abi(void) FS_NOEXCEPT;

// Makes an engine; null and, where `error` is not null, the reason when it cannot be. Null options
// are the default ones.
fs_engine* fs_engine_create(const fs_options* options, fs_error* error) FS_NOEXCEPT;
// Frees the engine and all that it lent. Null is allowed.
void fs_engine_destroy(fs_engine* engine) FS_NOEXCEPT;

// Takes packets in order and returns how many. Fewer than `count`: half of the ring is full of
// records, so poll until there are none and feed the others. Best in bursts of 64 and more. None
// are taken after fs_engine_finish. Records that do not fit into the ring, because one burst told
// more than the other half holds, are lost and counted in records_shed.
size_t fs_engine_feed(fs_engine* engine, const fs_packet* packets, size_t count) FS_NOEXCEPT;
// For live traffic when no packet comes, every 10 ms or so: ends flows that are silent for too long
// at `now_ns`. Packets do the same by their own times.
void fs_engine_sweep(fs_engine* engine, uint64_t now_ns) FS_NOEXCEPT;
// No packet will come: ends every flow, while the records are polled.
void fs_engine_finish(fs_engine* engine) FS_NOEXCEPT;

// The oldest record, or null when there is none now; after fs_engine_finish, null means that there
// will be none any more. The record and all that it points to are good until the next
// fs_engine_poll; `event` and `app_proto` stay good as long as the library is loaded.
const fs_record* fs_engine_poll(fs_engine* engine) FS_NOEXCEPT;

// Fills as much of the counters as `counters->size` says; that must be set.
void fs_engine_counters(const fs_engine* engine, fs_counters* counters) FS_NOEXCEPT;

#ifdef __cplusplus
}
#endif
