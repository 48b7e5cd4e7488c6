#include "dataplane/app/top_sample.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace flowscope {

namespace {

using Json = nlohmann::ordered_json;  // keeps the program's order of rows

const Json* member(const Json& object, const std::string& key) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(key);
  return found == object.end() ? nullptr : &*found;
}

uint64_t as_number(const Json& value) {
  if (value.is_boolean()) return value.get<bool>() ? 1 : 0;
  if (value.is_number_unsigned()) return value.get<uint64_t>();
  if (value.is_number_integer())
    return static_cast<uint64_t>(std::max<int64_t>(value.get<int64_t>(), 0));
  return 0;
}

uint64_t number(const Json& object, const std::string& key, uint64_t otherwise = 0) {
  const Json* const found = member(object, key);
  return found == nullptr ? otherwise : as_number(*found);
}

std::string text(const Json& object, const std::string& key) {
  const Json* const found = member(object, key);
  return found != nullptr && found->is_string() ? found->get<std::string>() : std::string();
}

// The sum of an object's figures, or the one figure that stands in its place.
uint64_t sum(const Json& object, const std::string& key) {
  const Json* const found = member(object, key);
  if (found == nullptr) return 0;
  if (!found->is_object()) return as_number(*found);
  uint64_t all = 0;
  for (const Json& value : *found) all += as_number(value);
  return all;
}

// Rows of a table: an array of objects, or an object of them whose keys are their names; DPDK's
// writer can only do the latter.
template <class Row, class Read>
std::vector<Row> rows(const Json& object, const std::string& key, Read read) {
  std::vector<Row> all;
  const Json* const table = member(object, key);
  if (table == nullptr) return all;
  for (const auto& [name, row] : table->items()) {
    if (row.is_object()) all.push_back(read(name, row));
  }
  return all;
}

TopPort port_of(const std::string& name, const Json& row) {
  TopPort port{.name = text(row, "name"),
               .packets = number(row, "packets"),
               .bytes = number(row, "bytes"),
               .missed = number(row, "missed"),
               .loss_known = number(row, "loss_known", 1) != 0};
  if (port.name.empty()) port.name = name;
  return port;
}

TopTalker talker_of(const std::string& /*name*/, const Json& row) {
  return {.src_ip = text(row, "src_ip"),
          .dest_ip = text(row, "dest_ip"),
          .proto = text(row, "proto"),
          .app_proto = text(row, "app_proto"),
          .src_port = number(row, "src_port"),
          .dest_port = number(row, "dest_port"),
          .bytes = number(row, "bytes"),
          .packets = number(row, "packets"),
          .age_s = number(row, "age_s")};
}

void read_program(const Json& answer, TopSample& sample) {
  sample.program = {.version = text(answer, "version"),
                    .verb = text(answer, "verb"),
                    .destination = text(answer, "destination"),
                    .pid = number(answer, "pid"),
                    .uptime_s = number(answer, "uptime_s"),
                    .workers = number(answer, "workers")};
}

void read_workers(const Json& answer, TopSample& sample) {
  sample.workers = rows<TopWorker>(
      answer, "workers", [&, next = uint64_t{0}](const std::string&, const Json& row) mutable {
        const uint64_t worker = number(row, "worker", next);
        next = worker + 1;
        return TopWorker{.worker = worker,
                         .packets = number(row, "packets"),
                         .flows_live = number(row, "flows_live"),
                         .records = number(row, "records"),
                         .shed = number(row, "shed")};
      });
}

void read_flows(const Json& answer, TopSample& sample) {
  sample.flows = {.live = number(answer, "live"),
                  .created = number(answer, "created"),
                  .ended = number(answer, "ended"),
                  .evicted = number(answer, "evicted"),
                  .sessions = number(answer, "sessions")};
  sample.talkers = rows<TopTalker>(answer, "top", talker_of);
}

void read_ledger(const Json& answer, TopSample& sample) {
  sample.ledger.received = number(answer, "received");
  sample.ledger.missed = number(answer, "missed");
  sample.ledger.balanced = number(answer, "balanced", 1) != 0;
  for (size_t fate = 0; fate < kFates; ++fate) {
    sample.ledger.fates.at(fate) = number(answer, std::string(name_of(static_cast<Fate>(fate))));
  }
}

void read_protocols(const Json& answer, TopSample& sample) {
  sample.parse_errors = number(answer, "parse_errors");
  sample.protocols =
      rows<TopProtocol>(answer, "protocols", [](const std::string& name, const Json& row) {
        TopProtocol protocol{.name = text(row, "name"),
                             .flows = number(row, "flows"),
                             .records = number(row, "records")};
        if (protocol.name.empty()) protocol.name = name;
        return protocol;
      });
}

void read_export(const Json& answer, TopSample& sample) {
  sample.written = {.bytes_written = number(answer, "bytes_written"),
                    .lines_lost = number(answer, "lines_lost"),
                    .records = sum(answer, "records"),
                    .shed = sum(answer, "shed"),
                    .error = text(answer, "error")};
}

}  // namespace

bool read_answer(std::string_view command, std::string_view text, TopSample& sample) {
  const Json reply = Json::parse(text, nullptr, false);
  // {"/flowscope/flows": {...}}: the only member, whatever becomes of the command's argument.
  if (!reply.is_object() || reply.size() != 1) return false;
  const Json& answer = *reply.begin();
  // A program that begins or ends says {"running":0}.
  if (!answer.is_object() || number(answer, "running", 1) == 0) return false;
  using Read = void (*)(const Json&, TopSample&);
  constexpr std::array<Read, kTopCommands.size()> kReads = {
      read_program,
      [](const Json& ports, TopSample& of) { of.ports = rows<TopPort>(ports, "ports", port_of); },
      read_workers,
      read_flows,
      read_ledger,
      read_protocols,
      read_export};
  const auto found = std::find(kTopCommands.begin(), kTopCommands.end(), command);
  if (found == kTopCommands.end()) return false;
  kReads.at(static_cast<size_t>(found - kTopCommands.begin()))(answer, sample);
  return true;
}

}  // namespace flowscope
