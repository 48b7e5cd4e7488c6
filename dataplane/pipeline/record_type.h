#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "dataplane/pipeline/record.h"

namespace flowscope {

// What tells records apart where not all of them can be kept: the kind, and of messages the event.
// Other: messages of parsers that have no type of their own here.
enum class RecordType : uint8_t {
  Flow,
  Interim,
  Anomaly,
  Alert,
  Http,
  Tls,
  Dns,
  Ssh,
  Quic,
  Other,
};
inline constexpr size_t kRecordTypes = 10;

[[nodiscard]] constexpr std::string_view name_of(RecordType type) {
  constexpr std::array<std::string_view, kRecordTypes> kNames = {
      "flow", "interim", "anomaly", "alert", "http", "tls", "dns", "ssh", "quic", "other"};
  return kNames[static_cast<size_t>(type)];
}

// The type with this name; nothing when there is none.
[[nodiscard]] constexpr std::optional<RecordType> record_type_named(std::string_view name) {
  for (size_t i = 0; i < kRecordTypes; ++i) {
    if (name_of(static_cast<RecordType>(i)) == name) return static_cast<RecordType>(i);
  }
  return std::nullopt;
}

// The type of a message with this event.
[[nodiscard]] constexpr RecordType message_type(std::string_view event) {
  for (auto i = static_cast<size_t>(RecordType::Alert); i < kRecordTypes; ++i) {
    if (name_of(static_cast<RecordType>(i)) == event) return static_cast<RecordType>(i);
  }
  return RecordType::Other;
}

[[nodiscard]] constexpr RecordKind kind_of(RecordType type) {
  switch (type) {
    case RecordType::Flow:
      return RecordKind::Flow;
    case RecordType::Interim:
      return RecordKind::Interim;
    case RecordType::Anomaly:
      return RecordKind::Anomaly;
    case RecordType::Alert:
    case RecordType::Http:
    case RecordType::Tls:
    case RecordType::Dns:
    case RecordType::Ssh:
    case RecordType::Quic:
    case RecordType::Other:
      return RecordKind::Message;
  }
  return RecordKind::Message;
}

}  // namespace flowscope
