#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "config/config.h"
#include "flowcore/base/result.h"

namespace flowscope {

// The order is that of weight. Notice is written as "info".
enum class LogLevel : uint8_t { Debug, Notice, Warning, Error };
enum class LogFormat : uint8_t { Text, Json };

struct LogOptions {
  LogLevel level = LogLevel::Notice;  // what weighs less is not written
  LogFormat format = LogFormat::Text;
  std::string file = "-";  // "-": standard error
  bool times = false;      // before each line of text; JSON always has them
};

// The options that the settings log.* name. The error names the setting.
Result<LogOptions> log_options(const LogConfig& config);

// What the program tells people: one line for each message, on standard error until open_log() says
// otherwise. As text a message is "flowscope: MESSAGE". Control threads only: never the packet
// path. Each message is written through to the end before the call returns.
//
// From here on as the options say; a file is opened, again where it was open already. On an error,
// which names the file, nothing changes. Thread rule: any.
Result<void> open_log(const LogOptions& options);

void log_message(LogLevel level, std::string_view message);
// A table or the summary, which people read as a whole: on standard error as it is, whatever the
// level; in the file, where there is one, as well, line by line as a message's. Where standard
// error has JSON, its lines are JSON too. `lines` end with a line end.
void print_report(std::string_view lines);
// What was written by others, or is a table: each line as it is, at its own level. In JSON `source`
// says whose it is.
void log_lines(LogLevel level, std::string_view source, std::string_view lines);

template <class... Values>
void log_info(fmt::format_string<Values...> format, Values&&... values) {
  log_message(LogLevel::Notice, fmt::format(format, std::forward<Values>(values)...));
}
template <class... Values>
void log_warning(fmt::format_string<Values...> format, Values&&... values) {
  log_message(LogLevel::Warning, fmt::format(format, std::forward<Values>(values)...));
}
template <class... Values>
void log_error(fmt::format_string<Values...> format, Values&&... values) {
  log_message(LogLevel::Error, fmt::format(format, std::forward<Values>(values)...));
}

}  // namespace flowscope
