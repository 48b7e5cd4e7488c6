// The functions of flowscope.h. Every one that could allocate catches what may be thrown: no
// exception crosses into the caller's language.
#include <algorithm>
#include <array>
#include <cstring>
#include <exception>
#include <memory>
#include <string_view>
#include <utility>

#include "dataplane/capi/engine_options.h"
#include "dataplane/capi/flowscope.h"
#include "dataplane/export/eve_writer.h"
#include "dataplane/export/text_buffer.h"
#include "dataplane/pipeline/pipeline.h"
#include "dataplane/pipeline/record_reader.h"
#include "flowcore/base/check.h"
#include "flowcore/packet/link_number.h"

using flowscope::Address;
using flowscope::Arena;
using flowscope::Burst;
using flowscope::Bytes;
using flowscope::EndReason;
using flowscope::EngineOptions;
using flowscope::EveWriter;
using flowscope::Fate;
using flowscope::FlowHeads;
using flowscope::FlowRecord;
using flowscope::FlowSide;
using flowscope::FlowState;
using flowscope::Ledger;
using flowscope::PacketView;
using flowscope::Pipeline;
using flowscope::RecordHead;
using flowscope::RecordKind;
using flowscope::RecordReader;
using flowscope::Result;
using flowscope::TextBuffer;

// What stands behind the C handle. The one record that is lent out lies here.
struct fs_engine {
  fs_engine(const EngineOptions& options, std::unique_ptr<Pipeline> made)
      : pipeline(std::move(made)), ring_bytes(options.pipeline.ring_bytes), eve(options.eve) {}

  // Nearly every line fits; a longer one lets the buffer grow, once.
  static constexpr size_t kTextBytes = size_t{128} << 10;
  // The bursts of decision 3.
  static constexpr size_t kPacketsPerBurst = 64;

  std::unique_ptr<Pipeline> pipeline;
  size_t ring_bytes;
  std::unique_ptr<Burst> burst = std::make_unique<Burst>();
  FlowHeads heads;
  EveWriter eve;
  TextBuffer text{kTextBytes};
  fs_record record{};
  fs_flow flow{};
  bool finishing = false;  // no packet will come
  bool finished = false;   // and every flow has ended
};

namespace {

void set_error(fs_error* error, std::string_view message) {
  if (error == nullptr) return;
  const size_t bytes = std::min(message.size(), sizeof error->message - 1);
  std::memcpy(error->message, message.data(), bytes);
  error->message[bytes] = '\0';
}

bool has_room(const fs_engine& engine) {
  return engine.pipeline->ring().bytes_free() >= engine.ring_bytes / 2;
}

// As readers of files have it: no frame is longer, and the rest of one counts as cut off.
constexpr uint32_t kFrameBytesMax = 16U << 20;

PacketView view_of(const fs_packet& packet) {
  const size_t captured =
      packet.frame != nullptr ? std::min(packet.captured_bytes, kFrameBytesMax) : 0;
  return {.frame = {packet.frame, captured},
          .time = {packet.time_ns},
          .wire_bytes = std::max(packet.wire_bytes, packet.captured_bytes),
          .link = flowscope::link_type_of(packet.link_type)};
}

// Ends flows until one of them has told something.
void finish_on(fs_engine& engine) {
  // What a set of 16 flows may say at its end, with room to spare.
  constexpr size_t kBytesPerSet = size_t{16} * 8192;
  const auto sets =
      static_cast<uint32_t>(std::max<size_t>(1, engine.ring_bytes / 2 / kBytesPerSet));
  while (!engine.finished && engine.pipeline->ring().front().empty()) {
    engine.finished = !engine.pipeline->finish_part(sets);
  }
}

uint32_t end_of(EndReason reason) {
  switch (reason) {
    case EndReason::Fin:
      return FS_END_FIN;
    case EndReason::Rst:
      return FS_END_RST;
    case EndReason::IdleTimeout:
      return FS_END_IDLE;
    case EndReason::Evicted:
      return FS_END_EVICTED;
    case EndReason::Reopened:
      return FS_END_REOPENED;
    case EndReason::Forgotten:
    case EndReason::Shutdown:
      return FS_END_SHUTDOWN;
  }
  return FS_END_NONE;
}

uint32_t state_of(FlowState state) {
  switch (state) {
    case FlowState::New:
      return FS_STATE_NEW;
    case FlowState::Established:
      return FS_STATE_ESTABLISHED;
    case FlowState::Closed:
      return FS_STATE_CLOSED;
  }
  return FS_STATE_NEW;
}

void put_type(const RecordHead& head, fs_record& record) {
  switch (head.kind) {
    case RecordKind::Flow:
      record.type = FS_RECORD_FLOW;
      record.event = "flow";
      return;
    case RecordKind::Message:
      record.type = FS_RECORD_MESSAGE;
      record.event = head.event;
      return;
    case RecordKind::Anomaly:
      record.type = FS_RECORD_ANOMALY;
      record.event = head.event;
      return;
    case RecordKind::Interim:
      record.type = FS_RECORD_INTERIM;
      record.event = "flow_interim";
      return;
  }
}

void put_head(const RecordHead& head, fs_record& record) {
  put_type(head, record);
  record.flow_id = head.flow_id;
  record.time_ns = head.time.ns;
  record.app_proto = head.app_proto;
  std::copy(head.source.address.begin(), head.source.address.end(), record.source_address);
  std::copy(head.destination.address.begin(), head.destination.address.end(),
            record.destination_address);
  record.source_port = head.source.port;
  record.destination_port = head.destination.port;
  record.ip_version = head.ip_version;
  record.protocol = head.protocol;
  record.vlan_id = head.vlan_id;
  record.inner_vlan_id = head.inner_vlan_id;
}

void put_flow(const FlowRecord& record, fs_flow& flow) {
  flow = {.start_ns = record.start.ns,
          .end_ns = record.end.ns,
          .end_reason = record.lives_on ? uint32_t{FS_END_NONE} : end_of(record.reason),
          .state = state_of(record.state)};
  static_assert(index_of(FlowSide::Initiator) == FS_INITIATOR);
  for (size_t side = 0; side < record.sides.size(); ++side) {
    flow.packets[side] = record.sides[side].packets;
    flow.bytes[side] = record.sides[side].bytes;
    flow.gap_bytes[side] = record.sides[side].gap_bytes;
    flow.tcp_flags[side] = record.sides[side].tcp_flags;
  }
}

// Writes the line with a zero where its newline was.
void put_json(const RecordReader& reader, fs_engine& engine) {
  engine.text.clear();
  engine.eve.write(reader, engine.text);
  *(engine.text.cursor() - 1) = '\0';
  engine.record.json = engine.text.text().data();
  engine.record.json_bytes = static_cast<uint32_t>(engine.text.size() - 1);
}

fs_counters counters_of(const Pipeline& pipeline, const flowscope::RecordCounts& records) {
  // Untracked has none: an engine always tracks.
  static_assert(flowscope::kFates == 10, "a fate without a figure breaks the sum");
  const Ledger& ledger = pipeline.ledger();
  fs_counters counters{.packets_received = ledger.received(),
                       .packets_tracked = ledger.of(Fate::Tracked),
                       .packets_not_ip = ledger.of(Fate::NotIp),
                       .packets_truncated = ledger.of(Fate::Truncated),
                       .packets_malformed = ledger.of(Fate::Malformed),
                       .packets_unknown_link = ledger.of(Fate::UnknownLink),
                       .packets_fragment = ledger.of(Fate::Fragment),
                       .packets_bad_checksum = ledger.of(Fate::BadChecksum),
                       .packets_duplicate = ledger.of(Fate::Duplicate),
                       .flows_created = pipeline.tracker().created(),
                       .flows_ended = pipeline.tracker().ended(),
                       .flows_evicted = pipeline.tracker().evicted(),
                       .parse_errors = pipeline.streams().parse_errors.value(),
                       .gap_bytes = pipeline.streams().gap_bytes.value(),
                       .packets_resteer_full = ledger.of(Fate::ResteerFull)};
  for (size_t kind = 0; kind < flowscope::kRecordKinds; ++kind) {
    counters.records_written += records.pushed[kind];
    counters.records_shed += records.shed[kind];
  }
  return counters;
}

}  // namespace

extern "C" {

const char* fs_version(void) noexcept { return FS_VERSION; }

uint32_t fs_abi(void) noexcept { return FS_ABI; }

fs_engine* fs_engine_create(const fs_options* options, fs_error* error) noexcept {
  try {
    const Result<EngineOptions> made = flowscope::engine_options_of(options);
    if (!made.ok()) {
      set_error(error, made.error().message);
      return nullptr;
    }
    auto pipeline = Pipeline::create(made.value().pipeline, Arena::Populate::Lazily);
    if (!pipeline.ok()) {
      set_error(error, pipeline.error().message);
      return nullptr;
    }
    return std::make_unique<fs_engine>(made.value(), std::move(pipeline.value())).release();
  } catch (const std::exception& thrown) {
    set_error(error, thrown.what());
  }
  return nullptr;
}

void fs_engine_destroy(fs_engine* engine) noexcept { delete engine; }

size_t fs_engine_feed(fs_engine* engine, const fs_packet* packets, size_t count) noexcept {
  if (engine->finishing) return 0;
  size_t taken = 0;
  while (taken < count && has_room(*engine)) {
    Burst& burst = *engine->burst;
    const size_t packets_now = std::min(fs_engine::kPacketsPerBurst, count - taken);
    for (size_t i = 0; i < packets_now; ++i) burst.packet[i] = view_of(packets[taken + i]);
    burst.count = static_cast<uint32_t>(packets_now);
    engine->pipeline->run(burst);
    taken += packets_now;
  }
  return taken;
}

void fs_engine_sweep(fs_engine* engine, uint64_t now_ns) noexcept {
  if (!engine->finishing && has_room(*engine)) engine->pipeline->sweep(now_ns);
}

void fs_engine_finish(fs_engine* engine) noexcept { engine->finishing = true; }

const fs_record* fs_engine_poll(fs_engine* engine) noexcept {
  if (engine->finishing) finish_on(*engine);
  flowscope::RecordRing& ring = engine->pipeline->ring();
  const Bytes bytes = ring.front();
  if (bytes.empty()) return nullptr;
  const RecordReader reader(bytes, engine->heads);
  fs_record& record = engine->record;
  record = {};
  put_head(reader.head(), record);
  if (record.type == FS_RECORD_FLOW || record.type == FS_RECORD_INTERIM) {
    put_flow(reader.flow(), engine->flow);
    record.flow = &engine->flow;
  }
  try {
    put_json(reader, *engine);
  } catch (const std::exception&) {
    record.json = nullptr;
    record.json_bytes = 0;
  }
  ring.pop();
  ring.release();
  return &record;
}

void fs_engine_counters(const fs_engine* engine, fs_counters* counters) noexcept {
  const size_t size = counters->size;
  fs_counters known = counters_of(*engine->pipeline, engine->pipeline->ring().counts());
  known.size = size;
  std::memcpy(counters, &known, std::min(size, sizeof known));
}

}  // extern "C"
