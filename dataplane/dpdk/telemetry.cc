#include "dataplane/dpdk/telemetry.h"

#include <rte_telemetry.h>

#include <cstring>
#include <mutex>
#include <set>
#include <shared_mutex>

#include "flowcore/base/check.h"

namespace flowscope {

namespace {

// What DPDK's callbacks can reach: they get no pointer of ours.
struct Registry {
  std::shared_mutex mutex;  // shared by answers, exclusive for who changes what gives them
  Telemetry::Answer answer;
  std::set<std::string> known;  // to DPDK, for ever
};

Registry& registry() {
  static Registry only;
  return only;
}

void put(rte_tel_data* reply, const TelemetryObject& object) {
  for (const TelemetryField& field : object) {
    const char* const name = field.name.c_str();
    if (const auto* number = std::get_if<uint64_t>(&field.value)) {
      rte_tel_data_add_dict_u64(reply, name, *number);
    } else if (const auto* text = std::get_if<std::string>(&field.value)) {
      rte_tel_data_add_dict_string(reply, name, text->substr(0, kTelemetryTextBytesMax).c_str());
    } else {
      rte_tel_data* const inner = rte_tel_data_alloc();
      if (inner == nullptr) return;
      rte_tel_data_start_dict(inner);
      put(inner, std::get<TelemetryObject>(field.value));
      // DPDK frees it when it has written the reply, unless it did not take it.
      if (rte_tel_data_add_dict_container(reply, name, inner, 0) != 0) rte_tel_data_free(inner);
    }
  }
}

int on_command(const char* command, const char* parameters, rte_tel_data* reply) {
  Registry& registered = registry();
  const std::shared_lock lock(registered.mutex);
  rte_tel_data_start_dict(reply);
  if (!registered.answer) return rte_tel_data_add_dict_u64(reply, "running", 0);
  const std::optional<TelemetryObject> answer =
      registered.answer(command, parameters != nullptr ? parameters : "");
  if (!answer.has_value()) return -EINVAL;
  put(reply, *answer);
  return 0;
}

}  // namespace

Result<Telemetry> Telemetry::open(std::span<const TelemetryCommand> commands, Answer answer) {
  Registry& registered = registry();
  const std::unique_lock lock(registered.mutex);
  FS_CHECK(!registered.answer);
  for (const TelemetryCommand& command : commands) {
    if (registered.known.contains(command.name)) continue;
    const int status = rte_telemetry_register_cmd(command.name, on_command, command.help);
    if (status != 0) {
      return Error{std::string("DPDK's telemetry does not take the command ") + command.name + ": "
                   + std::strerror(-status)};
    }
    registered.known.insert(command.name);
  }
  registered.answer = std::move(answer);
  return Telemetry();
}

Telemetry::~Telemetry() {
  if (!is_open_) return;
  Registry& registered = registry();
  const std::unique_lock lock(registered.mutex);
  registered.answer = nullptr;
}

}  // namespace flowscope
