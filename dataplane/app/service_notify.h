#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace flowscope {

// Tells the service supervisor how the program is: ready, reloading, stopping, what it does, and
// that it lives. The protocol of sd_notify(3): datagrams to the socket that NOTIFY_SOCKET names, a
// path or, behind '@', an abstract name. Without a supervisor every call does nothing. A message
// that the supervisor does not take is lost: nobody ever waits for it.
// Thread rule: one thread. Cost: a system call for each message.
class ServiceNotify {
 public:
  using Clock = std::chrono::steady_clock;

  // Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID.
  [[nodiscard]] static ServiceNotify from_environment();
  // For a socket of this name; `watchdog` is how long the supervisor waits for a sign of life, 0
  // when it does not.
  ServiceNotify(std::string_view socket_name, std::chrono::microseconds watchdog);
  ~ServiceNotify();
  ServiceNotify(ServiceNotify&& other) noexcept;
  ServiceNotify& operator=(ServiceNotify&&) = delete;
  ServiceNotify(const ServiceNotify&) = delete;
  ServiceNotify& operator=(const ServiceNotify&) = delete;

  // Whether somebody listens.
  [[nodiscard]] bool is_used() const { return socket_ >= 0; }

  // Packets are received from now on; also after reloading().
  void ready();
  // The configuration or the rules are read again.
  void reloading();
  // The end has begun: no more packets are received, records are still written.
  void stopping();
  // One line for `systemctl status`.
  void status(std::string_view line);

  // Whether the workers get on: a run whose workers hang must not look alive.
  enum class Workers : uint8_t { Move, Hang };
  // To be called some times a second. Sends a sign of life when half the time of the watchdog is
  // over and the workers move.
  void beat(Clock::time_point now, Workers workers);
  // Whether it is time for another status line; true at most once in kStatusPeriod.
  [[nodiscard]] bool wants_status(Clock::time_point now);

  static constexpr auto kStatusPeriod = std::chrono::seconds(5);

 private:
  void send(std::string_view message) const;

  int socket_ = -1;
  std::chrono::microseconds watchdog_{0};
  std::optional<Clock::time_point> last_beat_;
  std::optional<Clock::time_point> last_status_;
};

}  // namespace flowscope
