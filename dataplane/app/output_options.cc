#include "dataplane/app/output_options.h"

#include <optional>
#include <string>

namespace flowscope {

namespace {

std::string type_names() {
  std::string names;
  for (size_t i = 0; i < kRecordTypes; ++i)
    names.append(names.empty() ? "" : ", ").append(name_of(static_cast<RecordType>(i)));
  return names;
}

}  // namespace

Result<std::vector<RecordType>> shed_first_of(const Config& config) {
  std::vector<RecordType> types;
  for (const std::string& name : config.output.shed) {
    const std::optional<RecordType> type = record_type_named(name);
    if (!type) {
      return Error{"output.shed: no record is of type \"" + name + "\"; expected some of "
                   + type_names()};
    }
    types.push_back(*type);
  }
  return types;
}

OutputOptions output_options(const Config& config, InputKind input) {
  const OutputConfig& output = config.output;
  return {.destination = output.destination,
          // A sensor has to come up before its collector may; a file is read for its records alone.
          .unreachable = input == InputKind::Live ? Unreachable::GoOn : Unreachable::Refuse,
          .append = output.append,
          .rotation = rotation_of(config)};
}

Rotation rotation_of(const Config& config) {
  return {.bytes = config.output.rotate_bytes,
          .every_ns = config.output.rotate_every_ns,
          .keep = config.output.rotate_keep};
}

}  // namespace flowscope
