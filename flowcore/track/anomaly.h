#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace flowscope {

enum class Severity : uint8_t { Note, Warning, Critical };

[[nodiscard]] constexpr std::string_view name_of(Severity severity) {
  switch (severity) {
    case Severity::Note:
      return "note";
    case Severity::Warning:
      return "warning";
    case Severity::Critical:
      return "critical";
  }
  return {};
}

// Something about one flow that should not be, told with the flow and the side that sent it. Told
// once per flow and kind, since who forges one packet forges many; counters have them all.
enum class FlowAnomaly : uint8_t {
  None,
  ResetOutOfWindow,   // an RST that its receiver would not take up (RFC 5961 section 3)
  FinOutOfWindow,     // a FIN outside the window, or before bytes that were sent already
  InconsistentFlags,  // SYN together with FIN or RST
};
inline constexpr size_t kFlowAnomalies = 4;

[[nodiscard]] constexpr std::string_view name_of(FlowAnomaly anomaly) {
  switch (anomaly) {
    case FlowAnomaly::None:
      return "none";
    case FlowAnomaly::ResetOutOfWindow:
      return "reset_out_of_window";
    case FlowAnomaly::FinOutOfWindow:
      return "fin_out_of_window";
    case FlowAnomaly::InconsistentFlags:
      return "inconsistent_flags";
  }
  return {};
}

[[nodiscard]] constexpr Severity severity_of(FlowAnomaly anomaly) {
  switch (anomaly) {
    case FlowAnomaly::None:
      return Severity::Note;
    case FlowAnomaly::FinOutOfWindow:
    case FlowAnomaly::InconsistentFlags:
    case FlowAnomaly::ResetOutOfWindow:
      return Severity::Warning;
  }
  return Severity::Note;
}

// Something about the tracker as a whole.
enum class TrackerAnomaly : uint8_t {
  EvictionPressure,  // flows were evicted: the first, then those of a second and more together
  EmergencyBegan,    // the table is nearly full: shorter time-outs for what is worth least
  EmergencyOver,     // there is room again
};

[[nodiscard]] constexpr std::string_view name_of(TrackerAnomaly anomaly) {
  switch (anomaly) {
    case TrackerAnomaly::EvictionPressure:
      return "eviction_pressure";
    case TrackerAnomaly::EmergencyBegan:
      return "emergency_began";
    case TrackerAnomaly::EmergencyOver:
      return "emergency_over";
  }
  return {};
}

[[nodiscard]] constexpr Severity severity_of(TrackerAnomaly anomaly) {
  switch (anomaly) {
    case TrackerAnomaly::EvictionPressure:
      return Severity::Warning;
    case TrackerAnomaly::EmergencyBegan:
      return Severity::Critical;
    case TrackerAnomaly::EmergencyOver:
      return Severity::Note;
  }
  return Severity::Note;
}

}  // namespace flowscope
