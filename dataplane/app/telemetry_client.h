#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "flowcore/base/result.h"

namespace flowscope {

// A visit at the telemetry socket of a DPDK program (a unix socket that keeps the borders of
// messages): one command, one answer, both text. Needs no DPDK. One thread; each wait ends after
// kWaitMs.
class TelemetryClient {
 public:
  static constexpr int kWaitMs = 2'000;
  static constexpr size_t kAnswerBytesMax = size_t{64} << 10;  // DPDK promises at most 16 KiB

  // Connects and takes the greeting. The error says why nobody answers at this path.
  static Result<TelemetryClient> open(const std::string& path);

  ~TelemetryClient();
  TelemetryClient(TelemetryClient&& other) noexcept;
  TelemetryClient& operator=(TelemetryClient&& other) noexcept;
  TelemetryClient(const TelemetryClient&) = delete;
  TelemetryClient& operator=(const TelemetryClient&) = delete;

  // The answer to a command such as "/flowscope/ports". After an error the visit is over.
  Result<std::string> ask(std::string_view command);

  [[nodiscard]] const std::string& path() const { return path_; }
  // What the program said first: its DPDK version, process and longest answer, as JSON.
  [[nodiscard]] const std::string& greeting() const { return greeting_; }

 private:
  TelemetryClient(std::string path, int socket) : path_(std::move(path)), socket_(socket) {}
  Result<std::string> receive();

  std::string path_;
  std::string greeting_;
  int socket_ = -1;
};

// Folders below which DPDK programs keep their sockets, for this user and this environment.
[[nodiscard]] std::vector<std::string> telemetry_folders();

// Telemetry sockets below the folders, of the program with this file prefix, or of any when it is
// empty. Some may belong to programs that have ended.
[[nodiscard]] std::vector<std::string> telemetry_sockets(const std::vector<std::string>& folders,
                                                         const std::string& file_prefix);

}  // namespace flowscope
