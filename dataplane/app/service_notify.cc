#include "dataplane/app/service_notify.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace flowscope {

namespace {

// The value of an environment variable, or an empty text. Set-up only: no other thread changes the
// environment.
std::string_view variable(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe)
  return value != nullptr ? value : std::string_view();
}

uint64_t number_in(std::string_view text) {
  uint64_t number = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  return fault == std::errc() && end == text.data() + text.size() ? number : 0;
}

// A datagram socket whose messages go to `name`, or -1.
int connected_to(std::string_view name) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (name.size() < 2 || name.size() >= sizeof(address.sun_path)) return -1;
  if (name.front() != '/' && name.front() != '@') return -1;
  std::memcpy(address.sun_path, name.data(), name.size());
  if (name.front() == '@') address.sun_path[0] = '\0';
  // An abstract name is as long as the address says, a path ends with its zero byte.
  const size_t length =
      offsetof(sockaddr_un, sun_path) + name.size() + (name.front() == '/' ? 1 : 0);
  const int made = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (made < 0) return -1;
  // The interface of sockets takes every kind of address as sockaddr.
  const auto* target = reinterpret_cast<const sockaddr*>(&address);
  if (connect(made, target, static_cast<socklen_t>(length)) == 0) return made;
  close(made);
  return -1;
}

}  // namespace

ServiceNotify ServiceNotify::from_environment() {
  const std::string_view pid = variable("WATCHDOG_PID");
  const bool is_watched = pid.empty() || number_in(pid) == static_cast<uint64_t>(getpid());
  const uint64_t usec = is_watched ? number_in(variable("WATCHDOG_USEC")) : 0;
  return {variable("NOTIFY_SOCKET"), std::chrono::microseconds(static_cast<int64_t>(usec))};
}

ServiceNotify::ServiceNotify(std::string_view socket_name, std::chrono::microseconds watchdog)
    : socket_(connected_to(socket_name)), watchdog_(watchdog) {}

ServiceNotify::ServiceNotify(ServiceNotify&& other) noexcept
    : socket_(std::exchange(other.socket_, -1)),
      watchdog_(other.watchdog_),
      last_beat_(other.last_beat_),
      last_status_(other.last_status_) {}

ServiceNotify::~ServiceNotify() {
  if (socket_ >= 0) close(socket_);
}

void ServiceNotify::send(std::string_view message) const {
  if (socket_ < 0) return;
  // Best effort: without a sign of life the supervisor acts by itself.
  [[maybe_unused]] const ssize_t sent =
      ::send(socket_, message.data(), message.size(), MSG_NOSIGNAL);
}

void ServiceNotify::ready() { send("READY=1"); }

void ServiceNotify::reloading() {
  timespec now = {};
  clock_gettime(CLOCK_MONOTONIC, &now);
  // The time lets the supervisor tell this reload from one before.
  send(fmt::format("RELOADING=1\nMONOTONIC_USEC={}", now.tv_sec * 1'000'000 + now.tv_nsec / 1'000));
}

void ServiceNotify::stopping() { send("STOPPING=1"); }

void ServiceNotify::status(std::string_view line) {
  // A line end would begin another assignment.
  send(fmt::format("STATUS={}", line.substr(0, line.find('\n'))));
}

void ServiceNotify::beat(Clock::time_point now, Workers workers) {
  if (socket_ < 0 || watchdog_.count() == 0 || workers == Workers::Hang) return;
  if (last_beat_.has_value() && now - *last_beat_ < watchdog_ / 2) return;
  last_beat_ = now;
  send("WATCHDOG=1");
}

bool ServiceNotify::wants_status(Clock::time_point now) {
  if (socket_ < 0) return false;
  if (last_status_.has_value() && now - *last_status_ < kStatusPeriod) return false;
  last_status_ = now;
  return true;
}

}  // namespace flowscope
