#pragma once

#include <cstdint>
#include <span>

#include "dataplane/export/community_id.h"
#include "dataplane/export/json_writer.h"
#include "dataplane/export/stats_snapshot.h"
#include "dataplane/export/text_buffer.h"
#include "dataplane/pipeline/record.h"
#include "dataplane/pipeline/record_reader.h"

namespace flowscope {

struct EveOptions {
  bool community_id = true;
  uint16_t community_id_seed = 0;
};

// Formats records as EVE JSON lines, with the names of Suricata 8 (README.md lists where we say
// more). Thread rule: one thread. Cost: one pass over the record, and the Community ID, which is
// cheap where kCommunityIdsAtOnce records come at a time.
class EveWriter {
 public:
  explicit EveWriter(EveOptions options) : options_(options) {}

  // Appends one line for each record to `out`.
  void write(std::span<const RecordReader> records, TextBuffer& out);
  void write(const RecordReader& record, TextBuffer& out) { write({&record, 1}, out); }
  void write_flow(const RecordHead& head, const FlowRecord& flow, TextBuffer& out);
  void write_stats(const StatsSnapshot& snapshot, TextBuffer& out);

 private:
  // `id` is null where the line has none.
  void put_flow(const RecordHead& head, const FlowRecord& flow, const CommunityIdText* id,
                TextBuffer& out);
  void put_other(const RecordReader& record, const CommunityIdText* id, TextBuffer& out);

  EveOptions options_;
  LineTexts texts_;
};

}  // namespace flowscope
