#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>
#include <thread>

#include "dataplane/export/descriptor.h"
#include "tests/unit/dataplane/export/output_rig.h"

namespace flowscope {
namespace {

using testing::Contains;
using testing::HasSubstr;

constexpr int kWaitMs = 5'000;

template <class Address>
const sockaddr* as_sockaddr(const Address& address) {
  return static_cast<const sockaddr*>(static_cast<const void*>(&address));
}

bool is_readable(int descriptor, int wait_ms) {
  pollfd look = {.fd = descriptor, .events = POLLIN, .revents = 0};
  return poll(&look, 1, wait_ms) > 0;
}

// One accepted session of a listener.
class Session {
 public:
  explicit Session(int number) : socket_(number) {}

  // Reads until `bytes` are there, or the other side has ended.
  std::string read(size_t bytes) {
    std::string text;
    std::array<char, 4096> piece;
    while (text.size() < bytes && is_readable(socket_.number(), kWaitMs)) {
      const ssize_t size = ::recv(socket_.number(), piece.data(), piece.size(), 0);
      if (size <= 0) break;
      text.append(piece.data(), static_cast<size_t>(size));
    }
    return text;
  }
  void close() { socket_.close(); }
  void say(const std::string& text) {
    EXPECT_GT(::send(socket_.number(), text.data(), text.size(), MSG_NOSIGNAL), 0);
  }

 private:
  Descriptor socket_;
};

// Listens on TCP or on a local socket.
class Listener {
 public:
  // On loopback; port 0 takes a free one.
  static Listener tcp(uint16_t port = 0) {
    Listener listener(AF_INET);
    const int on = 1;
    setsockopt(listener.socket_.number(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    listener.listen_on(address);
    sockaddr_storage bound = {};
    socklen_t bytes = sizeof bound;
    getsockname(listener.socket_.number(), static_cast<sockaddr*>(static_cast<void*>(&bound)),
                &bytes);
    std::memcpy(&address, &bound, sizeof address);
    listener.port_ = ntohs(address.sin_port);
    return listener;
  }
  static Listener local(const std::string& path) {
    Listener listener(AF_UNIX);
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    std::copy(path.begin(), path.end(), address.sun_path);
    listener.listen_on(address);
    return listener;
  }

  [[nodiscard]] uint16_t port() const { return port_; }
  [[nodiscard]] bool is_called() const { return is_readable(socket_.number(), 0); }
  Session accept() {
    EXPECT_TRUE(is_readable(socket_.number(), kWaitMs)) << "nobody has called";
    return Session(::accept(socket_.number(), nullptr, nullptr));
  }

 private:
  explicit Listener(int family) : socket_(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0)) {}
  template <class Address>
  void listen_on(const Address& address) {
    const int small = 4096;  // of the sessions: a peer that does not read is noticed soon
    setsockopt(socket_.number(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    ASSERT_EQ(bind(socket_.number(), as_sockaddr(address), sizeof address), 0);
    ASSERT_EQ(listen(socket_.number(), 4), 0);
  }

  Descriptor socket_;
  uint16_t port_ = 0;
};

std::string tcp_name(uint16_t port) { return "tcp://127.0.0.1:" + std::to_string(port); }

class OutputSocketTest : public OutputTest {
 protected:
  std::string local_ = folder_ / "eve.sock";
};

TEST_F(OutputSocketTest, WritesToATcpPeer) {
  Listener listener = Listener::tcp();
  auto output = opened({.destination = tcp_name(listener.port())});
  Session session = listener.accept();
  write(*output, "one\ntwo\n");
  EXPECT_EQ(session.read(8), "one\ntwo\n");
  EXPECT_EQ(output->counts().bytes_written, 8U);
}

TEST_F(OutputSocketTest, WritesToALocalPeer) {
  Listener listener = Listener::local(local_);
  auto output = opened({.destination = "unix:" + local_});
  Session session = listener.accept();
  write(*output, "one\n");
  EXPECT_EQ(session.read(4), "one\n");
}

TEST_F(OutputSocketTest, SaysWhatIsWrongWithADestination) {
  const auto fault = [](const std::string& destination) {
    auto output = Output::open({.destination = destination});
    return output.ok() ? "" : output.error().message;
  };
  EXPECT_THAT(fault("tcp://nowhere"), HasSubstr("expected tcp://HOST:PORT"));
  EXPECT_THAT(fault("tcp://:5140"), HasSubstr("expected tcp://HOST:PORT"));
  EXPECT_THAT(fault("tcp://127.0.0.1:no-such-service"), HasSubstr("no-such-service"));
  EXPECT_THAT(fault("unix:"), HasSubstr("expected unix:PATH"));
  EXPECT_THAT(fault("unix:" + std::string(200, 'x')), HasSubstr("at most 107 bytes"));
  EXPECT_THAT(fault("unix:" + local_), HasSubstr("No such file"));
  const uint16_t closed = Listener::tcp().port();
  EXPECT_THAT(fault(tcp_name(closed)), HasSubstr("refused"));
}

TEST_F(OutputSocketTest, GoesOnWithoutAPeerWhereThatIsAskedFor) {
  const uint16_t port = Listener::tcp().port();
  auto output = opened({.destination = tcp_name(port), .unreachable = Unreachable::GoOn});
  EXPECT_THAT(output->take_notices(), Contains(HasSubstr("cannot be reached: Connection refused")));
  const uint64_t now = 1ULL << 62;  // the start is on the real clock
  write(*output, "lost\n", now);
  EXPECT_EQ(output->counts().lines_lost, 1U);
  EXPECT_EQ(output->counts().error, ECONNREFUSED);
  Listener listener = Listener::tcp(port);
  // It is called when it is time, with or without something to write.
  output->idle(now + 60 * kOneSecond);
  Session session = listener.accept();
  write(*output, "taken\n", now + 60 * kOneSecond);
  EXPECT_EQ(session.read(6), "taken\n");
}

TEST_F(OutputSocketTest, CallsAgainAfterPausesThatGrow) {
  Listener listener = Listener::local(local_);
  auto output = opened({.destination = "unix:" + local_});
  listener.accept().close();
  uint64_t now = kNow;
  write(*output, "lost\n", now);
  EXPECT_EQ(output->counts().error, EPIPE);
  for (const uint64_t pause : {1, 2, 4, 8, 16, 30, 30}) {
    ::unlink(local_.c_str());
    Listener other = Listener::local(local_);
    output->idle(now + pause * kOneSecond - 1);
    EXPECT_FALSE(other.is_called()) << "within " << pause << " s";
    ::unlink(local_.c_str());  // nobody to be found when it calls
    now += pause * kOneSecond;
    output->idle(now);
    EXPECT_FALSE(other.is_called());
  }
  Listener last = Listener::local(local_);
  output->idle(now + 30 * kOneSecond);
  EXPECT_TRUE(last.is_called());
}

TEST_F(OutputSocketTest, NoticesAPeerThatLeftBeforeAnythingIsLostToIt) {
  Listener listener = Listener::tcp();
  auto output = opened({.destination = tcp_name(listener.port())});
  Session first = listener.accept();
  write(*output, "one\n");
  EXPECT_EQ(first.read(4), "one\n");
  first.close();
  // Loopback delivers the end in the call above.
  write(*output, "two\n");
  EXPECT_EQ(output->counts().lines_lost, 1U);
  write(*output, "three\n", kNow + kOneSecond);
  Session second = listener.accept();
  EXPECT_EQ(second.read(6), "three\n");
  EXPECT_EQ(output->counts().outages, 1U);
}

TEST_F(OutputSocketTest, BeginsANewSessionWithAWholeLineAndCountsTheHalfOne) {
  constexpr uint64_t kLines = 60'000;
  Listener listener = Listener::local(local_);
  auto output = opened({.destination = "unix:" + local_});
  Session first = listener.accept();
  output->hurry();
  for (uint64_t i = 0; i < kLines; ++i) add(*output, std::string(98, 'x') + "\n");
  output->flush(kNow);
  EXPECT_EQ(output->counts().error, ETIMEDOUT) << "the peer reads nothing";
  const std::string taken = first.read(SIZE_MAX);
  const auto lines = static_cast<uint64_t>(std::count(taken.begin(), taken.end(), '\n'));
  ASSERT_NE(taken.back(), '\n') << "the session broke between two lines";
  write(*output, "whole\n", kNow + kOneSecond);
  Session second = listener.accept();
  EXPECT_EQ(second.read(6), "whole\n");
  EXPECT_EQ(lines + output->counts().lines_lost, kLines);
}

TEST_F(OutputSocketTest, LetsGoOfAPeerThatReadsNothingWhenToldToOpenAgain) {
  constexpr uint64_t kLines = 60'000;
  Listener listener = Listener::local(local_);
  auto output = opened({.destination = "unix:" + local_});
  Session stalled = listener.accept();
  for (uint64_t i = 0; i < kLines; ++i) add(*output, std::string(98, 'x') + "\n");
  std::thread exporter([&] { output->flush(kNow); });
  std::string taken_later;
  std::thread reader([&] {
    Session fresh = listener.accept();
    taken_later = fresh.read(SIZE_MAX);
  });
  // The flush stands in the stalled session, sooner or later.
  while (output->counts().bytes_written == 0) std::this_thread::yield();
  output->reopen();
  exporter.join();
  EXPECT_EQ(output->counts().error, 0);
  const std::string taken_first = stalled.read(SIZE_MAX);
  const uint64_t lost = output->counts().lines_lost;
  output.reset();
  reader.join();
  EXPECT_EQ(taken_later.substr(0, 99), std::string(98, 'x') + "\n");
  const auto lines = [](const std::string& text) {
    return static_cast<uint64_t>(std::count(text.begin(), text.end(), '\n'));
  };
  EXPECT_EQ(lines(taken_first) + lines(taken_later) + lost, kLines);
  EXPECT_LE(lost, 1U);
}

TEST_F(OutputSocketTest, DeliversTheLastLinesToAPeerThatTalks) {
  Listener listener = Listener::tcp();
  auto output = opened({.destination = tcp_name(listener.port())});
  Session session = listener.accept();
  session.say("hello\n");
  write(*output, "one\n");
  output->finish(kNow);
  output.reset();
  EXPECT_EQ(session.read(SIZE_MAX), "one\n") << "closing must not take it back";
}

}  // namespace
}  // namespace flowscope
