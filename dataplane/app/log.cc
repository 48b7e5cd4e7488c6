#include "dataplane/app/log.h"

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <memory>
#include <mutex>

#include "dataplane/export/json_text.h"
#include "dataplane/export/timestamp_text.h"

namespace flowscope {

namespace {

constexpr std::string_view kOwnSource = "flowscope";
// Of tables and the summary, which have no "flowscope: " before their lines.
constexpr std::string_view kReportSource = "report";

template <class Take>
void for_each_line(std::string_view lines, Take&& take) {
  while (!lines.empty()) {
    const size_t end = lines.find('\n');
    take(lines.substr(0, end));
    lines.remove_prefix(end == std::string_view::npos ? lines.size() : end + 1);
  }
}

spdlog::level::level_enum spdlog_level(LogLevel level) {
  switch (level) {
    case LogLevel::Debug:
      return spdlog::level::debug;
    case LogLevel::Notice:
      return spdlog::level::info;
    case LogLevel::Warning:
      return spdlog::level::warn;
    case LogLevel::Error:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

std::string_view level_name(spdlog::level::level_enum level) {
  if (level >= spdlog::level::err) return "error";
  if (level == spdlog::level::warn) return "warning";
  return level == spdlog::level::debug ? "debug" : "info";
}

// Makes a line of a message. The name of spdlog's logger is the source.
class LineFormatter final : public spdlog::formatter {
 public:
  LineFormatter(LogFormat format, bool times) : format_(format), times_(times) {}

  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& line) override {
    const std::string_view source(message.logger_name.data(), message.logger_name.size());
    const std::string_view text(message.payload.data(), message.payload.size());
    if (format_ == LogFormat::Json) {
      append(line, R"({"timestamp":")");
      append_time(line, message.time);
      append(line, R"(","level":")");
      append(line, level_name(message.level));
      append(line, R"(","source":")");
      append_escaped(line, source);
      append(line, R"(","message":")");
      append_escaped(line, text);
      append(line, "\"}\n");
      return;
    }
    if (times_) {
      append_time(line, message.time);
      append(line, " ");
    }
    if (source == kOwnSource) append(line, "flowscope: ");
    append(line, text);
    append(line, "\n");
  }
  [[nodiscard]] std::unique_ptr<spdlog::formatter> clone() const override {
    return std::make_unique<LineFormatter>(format_, times_);
  }

 private:
  static void append(spdlog::memory_buf_t& line, std::string_view text) {
    line.append(text.data(), text.data() + text.size());
  }
  static void append_escaped(spdlog::memory_buf_t& line, std::string_view text) {
    std::string escaped(text.size() * kEscapedCharsMax, '\0');
    const char* const end = put_escaped(escaped.data(), text);
    append(line, {escaped.data(), static_cast<size_t>(end - escaped.data())});
  }
  void append_time(spdlog::memory_buf_t& line, spdlog::log_clock::time_point time) {
    const auto ns = std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch());
    std::array<char, kTimestampChars> text{};
    timestamp_.put(text.data(), Timestamp{static_cast<uint64_t>(ns.count())});
    append(line, {text.data(), text.size()});
  }

  LogFormat format_;
  bool times_;
  TimestampText timestamp_;
};

// Where lines go, and which. One for the program; made at the first message.
class LogSink {
 public:
  LogSink() { use(std::make_shared<spdlog::sinks::stderr_sink_st>(), {}); }

  void use(spdlog::sink_ptr sink, const LogOptions& options) {
    sink->set_formatter(std::make_unique<LineFormatter>(options.format, options.times));
    const std::lock_guard lock(mutex_);
    sink_ = std::move(sink);
    level_ = options.level;
    format_ = options.format;
    to_file_ = options.file != "-";
  }
  void write(LogLevel level, std::string_view source, std::string_view text) {
    const std::lock_guard lock(mutex_);
    if (level < level_) return;
    sink_->log({spdlog::string_view_t(source.data(), source.size()), spdlog_level(level),
                spdlog::string_view_t(text.data(), text.size())});
    sink_->flush();
  }
  void report(std::string_view lines) {
    const bool is_plain = to_file_ || format_ == LogFormat::Text;
    if (is_plain) (void)std::fwrite(lines.data(), 1, lines.size(), stderr);
    if (is_plain && !to_file_) return;
    for_each_line(lines, [this](std::string_view line) {
      sink_->log({spdlog::string_view_t(kReportSource.data(), kReportSource.size()),
                  spdlog::level::info, spdlog::string_view_t(line.data(), line.size())});
    });
    sink_->flush();
  }

 private:
  std::mutex mutex_;  // of both, and of the sink
  spdlog::sink_ptr sink_;
  LogLevel level_ = LogLevel::Notice;
  LogFormat format_ = LogFormat::Text;
  bool to_file_ = false;
};

LogSink& log_sink() {
  static LogSink only;
  return only;
}

}  // namespace

Result<LogOptions> log_options(const LogConfig& config) {
  LogOptions options{.file = config.file, .times = config.times};
  constexpr std::array<std::pair<std::string_view, LogLevel>, 4> kLevels = {
      {{"debug", LogLevel::Debug},
       {"info", LogLevel::Notice},
       {"warning", LogLevel::Warning},
       {"error", LogLevel::Error}}};
  bool is_known = false;
  for (const auto& [name, level] : kLevels) {
    if (name != config.level) continue;
    options.level = level;
    is_known = true;
  }
  if (!is_known)
    return Error{"log.level: no level '" + config.level
                 + "'; expected debug, info, warning or error"};
  if (config.format == "json") {
    options.format = LogFormat::Json;
  } else if (config.format != "text") {
    return Error{"log.format: no format '" + config.format + "'; expected text or json"};
  }
  return options;
}

Result<void> open_log(const LogOptions& options) {
  try {
    if (options.file == "-") {
      log_sink().use(std::make_shared<spdlog::sinks::stderr_sink_st>(), options);
    } else {
      log_sink().use(std::make_shared<spdlog::sinks::basic_file_sink_st>(options.file), options);
    }
  } catch (const spdlog::spdlog_ex& fault) {
    return Error{"log.file: " + std::string(fault.what())};
  }
  return {};
}

void log_message(LogLevel level, std::string_view message) {
  log_sink().write(level, kOwnSource, message);
}

void log_lines(LogLevel level, std::string_view source, std::string_view lines) {
  for_each_line(lines, [&](std::string_view line) { log_sink().write(level, source, line); });
}

void print_report(std::string_view lines) { log_sink().report(lines); }

}  // namespace flowscope
