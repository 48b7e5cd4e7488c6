#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/pipeline/ledger.h"

namespace flowscope {

// What the running program says of itself.
struct TopProgram {
  std::string version;
  std::string verb;
  std::string destination;
  uint64_t pid = 0;
  uint64_t uptime_s = 0;
  uint64_t workers = 0;
};

struct TopPort {
  std::string name;
  uint64_t packets = 0;
  uint64_t bytes = 0;
  uint64_t missed = 0;
  bool loss_known = true;
};

struct TopWorker {
  uint64_t worker = 0;
  uint64_t packets = 0;
  uint64_t flows_live = 0;
  uint64_t records = 0;
  uint64_t shed = 0;
};

struct TopFlows {
  uint64_t live = 0;
  uint64_t created = 0;
  uint64_t ended = 0;
  uint64_t evicted = 0;
  uint64_t sessions = 0;
};

// One of the flows with most bytes.
struct TopTalker {
  std::string src_ip;
  std::string dest_ip;
  std::string proto;
  std::string app_proto;
  uint64_t src_port = 0;
  uint64_t dest_port = 0;
  uint64_t bytes = 0;
  uint64_t packets = 0;
  uint64_t age_s = 0;
};

struct TopLedger {
  uint64_t received = 0;
  uint64_t missed = 0;
  std::array<uint64_t, kFates> fates{};
  bool balanced = true;
};

struct TopProtocol {
  std::string name;
  uint64_t flows = 0;
  uint64_t records = 0;
};

struct TopExport {
  uint64_t bytes_written = 0;
  uint64_t lines_lost = 0;
  uint64_t records = 0;  // of all kinds
  uint64_t shed = 0;
  std::string error;
};

// The totals of one moment, read from the answers of the program's telemetry. What was not
// answered, or answered in another shape, is empty or zero. Texts are as the program sent them:
// they are made safe where they are shown.
struct TopSample {
  double seconds = 0;  // of a clock that only goes forwards
  TopProgram program;
  TopFlows flows;
  TopLedger ledger;
  TopExport written;
  uint64_t parse_errors = 0;
  std::vector<TopPort> ports;
  std::vector<TopWorker> workers;
  std::vector<TopProtocol> protocols;
  std::vector<TopTalker> talkers;
};

// The commands whose answers make a sample; the first one tells flowscope from other programs.
inline constexpr std::array<std::string_view, 7> kTopCommands = {
    "/flowscope/info",   "/flowscope/ports", "/flowscope/workers", "/flowscope/flows,40",
    "/flowscope/ledger", "/flowscope/l7",    "/flowscope/export"};

// Adds the answer to one of kTopCommands. False when the program knows no such command or the text
// is no answer to it; the sample is unchanged then.
[[nodiscard]] bool read_answer(std::string_view command, std::string_view text, TopSample& sample);

}  // namespace flowscope
