#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "flowcore/base/result.h"

namespace flowscope {

struct TelemetryField;

// A JSON object as DPDK's telemetry can say it. Lists are objects with the keys "0", "1", ...:
// DPDK 22.11 knows no list of objects inside an object.
using TelemetryObject = std::vector<TelemetryField>;

struct TelemetryField {
  std::string name;
  std::variant<uint64_t, std::string, TelemetryObject> value;
};

// DPDK cuts longer texts, and larger objects, and answers with nothing beyond so many bytes of
// JSON.
inline constexpr size_t kTelemetryTextBytesMax = 127;
inline constexpr size_t kTelemetryFieldsMax = 256;
inline constexpr size_t kTelemetryReplyBytesMax = size_t{16} << 10;

struct TelemetryCommand {
  const char* name;  // begins with a slash
  const char* help;  // which parameters it takes, what it gives
};

// Commands of DPDK's telemetry socket, as dpdk-telemetry.py speaks to it, for the time of this
// object. DPDK forgets no command: before and afterwards they answer {"running":0}. At most one
// object at a time. Thread rule: the main lcore; the answer is asked for on threads of DPDK's, by
// several at a time.
class Telemetry {
 public:
  // Gives what `command` has to say, with what stood behind its comma; nothing where that makes no
  // sense, which DPDK tells as null.
  using Answer = std::function<std::optional<TelemetryObject>(std::string_view command,
                                                              std::string_view parameters)>;

  // Requires: the EAL is started; the commands live for ever.
  static Result<Telemetry> open(std::span<const TelemetryCommand> commands, Answer answer);
  // Waits for answers that are being made.
  ~Telemetry();
  Telemetry(Telemetry&& other) noexcept : is_open_(std::exchange(other.is_open_, false)) {}
  Telemetry& operator=(Telemetry&&) = delete;
  Telemetry(const Telemetry&) = delete;
  Telemetry& operator=(const Telemetry&) = delete;

 private:
  Telemetry() = default;
  bool is_open_ = true;
};

}  // namespace flowscope
