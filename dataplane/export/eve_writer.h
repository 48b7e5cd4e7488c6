#pragma once

#include <cstdint>
#include <string_view>

#include "dataplane/export/json_writer.h"
#include "dataplane/export/stats_snapshot.h"
#include "dataplane/export/text_buffer.h"
#include "dataplane/export/timestamp_text.h"
#include "dataplane/pipeline/record.h"
#include "dataplane/pipeline/record_reader.h"

namespace flowscope {

struct EveOptions {
  bool community_id = true;
  uint16_t community_id_seed = 0;
};

// Formats records as EVE JSON lines, with the names of Suricata 8 (README.md lists where we say
// more). Thread rule: one thread. Cost: one pass over the record, one SHA-1 block for the Community
// ID.
class EveWriter {
 public:
  explicit EveWriter(EveOptions options) : options_(options) {}

  // Appends one line to `out`.
  void write(const RecordReader& record, TextBuffer& out);
  void write_flow(const RecordHead& head, const FlowRecord& flow, TextBuffer& out);
  void write_stats(const StatsSnapshot& snapshot, TextBuffer& out);

 private:
  EveOptions options_;
  DayText day_;
};

}  // namespace flowscope
