#include "dataplane/app/service_notify.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string>

namespace flowscope {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using Workers = ServiceNotify::Workers;

// A supervisor's end of the socket. A name that begins with '@' is abstract.
class Supervisor {
 public:
  explicit Supervisor(std::string name)
      : name_(std::move(name)), socket_(socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0)) {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name_.data(), name_.size());
    if (is_abstract()) address.sun_path[0] = '\0';
    const size_t length = offsetof(sockaddr_un, sun_path) + name_.size() + (is_abstract() ? 0 : 1);
    is_bound_ =
        bind(socket_, reinterpret_cast<const sockaddr*>(&address), static_cast<socklen_t>(length))
        == 0;
  }
  ~Supervisor() {
    close(socket_);
    if (!is_abstract()) unlink(name_.c_str());
  }
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;

  [[nodiscard]] bool is_bound() const { return is_bound_; }
  [[nodiscard]] const std::string& name() const { return name_; }
  // The oldest message that has not been read, or an empty text.
  std::string message() const {
    std::array<char, 512> text;
    const ssize_t bytes = recv(socket_, text.data(), text.size(), 0);
    return bytes > 0 ? std::string(text.data(), static_cast<size_t>(bytes)) : std::string();
  }

 private:
  [[nodiscard]] bool is_abstract() const { return name_.front() == '@'; }

  std::string name_;
  int socket_;
  bool is_bound_ = false;
};

Supervisor abstract_supervisor() {
  return Supervisor(fmt::format("@flowscope-notify-test-{}", getpid()));
}

TEST(ServiceNotify, SpeaksToAnAbstractSocket) {
  const Supervisor supervisor = abstract_supervisor();
  ASSERT_TRUE(supervisor.is_bound());
  ServiceNotify notify(supervisor.name(), microseconds(0));
  ASSERT_TRUE(notify.is_used());
  notify.ready();
  EXPECT_EQ("READY=1", supervisor.message());
  notify.stopping();
  EXPECT_EQ("STOPPING=1", supervisor.message());
}

TEST(ServiceNotify, SpeaksToASocketInTheFileSystem) {
  const Supervisor supervisor(fmt::format("/tmp/flowscope-notify-test-{}", getpid()));
  ASSERT_TRUE(supervisor.is_bound());
  ServiceNotify notify(supervisor.name(), microseconds(0));
  notify.ready();
  EXPECT_EQ("READY=1", supervisor.message());
}

TEST(ServiceNotify, DoesNothingWithoutASupervisor) {
  for (const std::string_view name : {"", "@", "no-path", "/no/such/folder/socket",
                                      "/a/name/that/is/longer/than/the/address/of/a/socket/of/the/"
                                      "unix/family/can/ever/hold/which/"
                                      "ends/after/one/hundred/and/eight/bytes"}) {
    ServiceNotify notify(name, microseconds(1'000));
    EXPECT_FALSE(notify.is_used()) << name;
    notify.ready();
    notify.beat(ServiceNotify::Clock::now(), Workers::Move);
    EXPECT_FALSE(notify.wants_status(ServiceNotify::Clock::now()));
  }
}

TEST(ServiceNotify, SaysWhenAReloadBegan) {
  const Supervisor supervisor = abstract_supervisor();
  ServiceNotify notify(supervisor.name(), microseconds(0));
  notify.reloading();
  const std::string message = supervisor.message();
  EXPECT_TRUE(message.starts_with("RELOADING=1\nMONOTONIC_USEC=")) << message;
}

TEST(ServiceNotify, KeepsAStatusToOneLine) {
  const Supervisor supervisor = abstract_supervisor();
  ServiceNotify notify(supervisor.name(), microseconds(0));
  notify.status("5 packets\nWATCHDOG=trigger");
  EXPECT_EQ("STATUS=5 packets", supervisor.message());
}

TEST(ServiceNotify, BeatsTwiceInTheTimeOfTheWatchdog) {
  const Supervisor supervisor = abstract_supervisor();
  ServiceNotify notify(supervisor.name(), milliseconds(1'000));
  const auto start = ServiceNotify::Clock::now();
  notify.beat(start, Workers::Move);
  EXPECT_EQ("WATCHDOG=1", supervisor.message());
  notify.beat(start + milliseconds(499), Workers::Move);
  EXPECT_EQ("", supervisor.message());
  notify.beat(start + milliseconds(500), Workers::Move);
  EXPECT_EQ("WATCHDOG=1", supervisor.message());
}

TEST(ServiceNotify, DoesNotBeatWhileWorkersHang) {
  const Supervisor supervisor = abstract_supervisor();
  ServiceNotify notify(supervisor.name(), milliseconds(1'000));
  notify.beat(ServiceNotify::Clock::now(), Workers::Hang);
  EXPECT_EQ("", supervisor.message());
}

TEST(ServiceNotify, NeverWaitsForASupervisorThatDoesNotRead) {
  const Supervisor supervisor = abstract_supervisor();
  ServiceNotify notify(supervisor.name(), microseconds(0));
  for (int i = 0; i < 10'000; ++i) notify.status("full");
  EXPECT_EQ("STATUS=full", supervisor.message());
}

TEST(ServiceNotify, WantsAStatusNowAndThen) {
  const Supervisor supervisor = abstract_supervisor();
  ServiceNotify notify(supervisor.name(), microseconds(0));
  const auto start = ServiceNotify::Clock::now();
  EXPECT_TRUE(notify.wants_status(start));
  EXPECT_FALSE(notify.wants_status(start + milliseconds(4'999)));
  EXPECT_TRUE(notify.wants_status(start + ServiceNotify::kStatusPeriod));
}

TEST(ServiceNotify, IgnoresTheWatchdogOfAnotherProgram) {
  const Supervisor supervisor = abstract_supervisor();
  setenv("NOTIFY_SOCKET", supervisor.name().c_str(), 1);
  setenv("WATCHDOG_USEC", "1000000", 1);
  for (const auto& [pid, expected] :
       {std::pair(std::string("1"), std::string()), {std::to_string(getpid()), "WATCHDOG=1"}}) {
    setenv("WATCHDOG_PID", pid.c_str(), 1);
    ServiceNotify notify = ServiceNotify::from_environment();
    notify.beat(ServiceNotify::Clock::now(), Workers::Move);
    EXPECT_EQ(expected, supervisor.message());
  }
  unsetenv("NOTIFY_SOCKET");
  unsetenv("WATCHDOG_USEC");
  unsetenv("WATCHDOG_PID");
}

}  // namespace
}  // namespace flowscope
