#include "dataplane/app/telemetry_client.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <system_error>

namespace flowscope {

namespace {

constexpr std::string_view kSocketName = "dpdk_telemetry.v2";

Error fault(const std::string& path, const std::string& what) { return Error{path + ": " + what}; }

Error fault(const std::string& path, int error) {
  return fault(path, std::generic_category().message(error));
}

// Waits until the socket may be used for `events`; an errno otherwise.
int wait_for(int socket, short events) {
  pollfd waiting{.fd = socket, .events = events, .revents = 0};
  const int ready = poll(&waiting, 1, TelemetryClient::kWaitMs);
  if (ready < 0) return errno;
  return ready == 0 ? ETIMEDOUT : 0;
}

// Nothing where the folder cannot be read.
std::vector<std::filesystem::path> entries(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> paths;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error))
    paths.push_back(entry->path());
  return paths;
}

std::string environment(const char* name) {
  const char* const value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody sets it
  return value == nullptr ? "" : value;
}

}  // namespace

Result<TelemetryClient> TelemetryClient::open(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof(address.sun_path))
    return fault(path, "a socket's path has 1 to 107 characters");
  std::memcpy(address.sun_path, path.data(), path.size());
  const int socket = ::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (socket < 0) return fault(path, errno);
  TelemetryClient client(path, socket);
  // A unix socket connects at once or not at all.
  const auto* const generic = static_cast<const sockaddr*>(static_cast<const void*>(&address));
  if (connect(socket, generic, sizeof(address)) != 0) return fault(path, errno);
  auto greeting = client.receive();
  if (!greeting.ok()) return greeting.error();
  client.greeting_ = std::move(greeting.value());
  return client;
}

TelemetryClient::~TelemetryClient() {
  if (socket_ >= 0) close(socket_);
}

TelemetryClient::TelemetryClient(TelemetryClient&& other) noexcept
    : path_(std::move(other.path_)),
      greeting_(std::move(other.greeting_)),
      socket_(std::exchange(other.socket_, -1)) {}

TelemetryClient& TelemetryClient::operator=(TelemetryClient&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(greeting_, other.greeting_);
  std::swap(socket_, other.socket_);
  return *this;
}

Result<std::string> TelemetryClient::ask(std::string_view command) {
  if (socket_ < 0) return fault(path_, ENOTCONN);
  if (const int error = wait_for(socket_, POLLOUT); error != 0) return fault(path_, error);
  if (send(socket_, command.data(), command.size(), MSG_NOSIGNAL) < 0) return fault(path_, errno);
  return receive();
}

Result<std::string> TelemetryClient::receive() {
  if (const int error = wait_for(socket_, POLLIN); error != 0) return fault(path_, error);
  std::string text(kAnswerBytesMax, '\0');
  const ssize_t bytes = recv(socket_, text.data(), text.size(), MSG_TRUNC);
  if (bytes < 0) return fault(path_, errno);
  if (bytes == 0) return fault(path_, "the program has closed its telemetry socket");
  if (static_cast<size_t>(bytes) > text.size())
    return fault(path_, "an answer is longer than any telemetry answer");
  text.resize(static_cast<size_t>(bytes));
  return text;
}

std::vector<std::string> telemetry_folders() {
  std::vector<std::string> folders;
  // The order in which the EAL picks one, and where a service of systemd has its own.
  if (const auto folder = environment("RUNTIME_DIRECTORY"); !folder.empty())
    folders.push_back(folder + "/dpdk");
  folders.emplace_back("/var/run/dpdk");
  folders.emplace_back("/run/flowscope/dpdk");
  if (const auto folder = environment("XDG_RUNTIME_DIR"); !folder.empty())
    folders.push_back(folder + "/dpdk");
  folders.emplace_back("/tmp/dpdk");
  return folders;
}

std::vector<std::string> telemetry_sockets(const std::vector<std::string>& folders,
                                           const std::string& file_prefix) {
  std::vector<std::string> found;
  for (const std::string& folder : folders) {
    for (const auto& program : entries(folder)) {
      if (!file_prefix.empty() && program.filename() != file_prefix) continue;
      for (const auto& file : entries(program)) {
        // Further programs with the same prefix have ":1" and so on behind the name.
        if (file.filename().string().starts_with(kSocketName)) found.push_back(file.string());
      }
    }
  }
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

}  // namespace flowscope
