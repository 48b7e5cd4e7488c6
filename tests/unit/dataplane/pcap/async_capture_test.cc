#include "dataplane/pcap/async_capture.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "flowcore/extract/five_tuple.h"
#include "flowcore/track/flow_tracker.h"

namespace flowscope {
namespace {

using namespace std::chrono_literals;

// Nothing here takes as long when it works.
constexpr auto kPatience = 20s;

TEST(AsyncCapture, NamesAnInterfaceThatIsNotThere) {
  asio::io_context loop;
  const auto capture = AsyncCapture::open(loop.get_executor(), {.interface = "nosuch0"});
  ASSERT_FALSE(capture.ok());
  EXPECT_TRUE(capture.error().message.starts_with("nosuch0: ")) << capture.error().message;
}

class AsyncCaptureOnLoopback : public testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "capturing needs root";
  }

  // Of datagrams to `port` of this host only, so that other tests are not heard.
  AsyncCapture capture_of(uint16_t port) {
    auto capture =
        AsyncCapture::open(loop_.get_executor(),
                           {.interface = "lo", .filter = "udp dst port " + std::to_string(port)});
    EXPECT_TRUE(capture.ok()) << capture.error().message;
    return std::move(capture.value());
  }
  static void send_datagram(uint16_t port, std::string_view text) {
    const int descriptor = socket(AF_INET, SOCK_DGRAM, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    (void)sendto(descriptor, text.data(), text.size(), 0, reinterpret_cast<const sockaddr*>(&to),
                 sizeof to);
    close(descriptor);
  }

  // Runs `work` to its end, which is at most kPatience away.
  void run(asio::awaitable<void> work) {
    bool done = false;
    asio::co_spawn(loop_, std::move(work), [&](const std::exception_ptr& thrown) {
      EXPECT_EQ(thrown, nullptr);
      done = true;
      loop_.stop();
    });
    loop_.run_for(kPatience);
    EXPECT_TRUE(done) << "nothing came for " << kPatience.count() << " s";
  }

  asio::io_context loop_;
};

TEST_F(AsyncCaptureOnLoopback, AwaitsPackets) {
  AsyncCapture capture = capture_of(10'401);
  std::string text;
  run([](AsyncCapture& own, std::string& heard) -> asio::awaitable<void> {
    for (const char* word : {"one", "two"}) {
      send_datagram(10'401, word);
      Burst* const burst = co_await own.next_burst();
      EXPECT_NE(burst, nullptr);
      if (burst == nullptr) co_return;
      EXPECT_EQ(burst->packet[0].link, LinkType::Ethernet);
      heard += burst->packet[0].frame.after(42).as_text();
    }
  }(capture, text));
  EXPECT_EQ(text, "onetwo") << "behind Ethernet, IPv4 and UDP headers";
  EXPECT_TRUE(capture.fault().message.empty());
  EXPECT_GE(capture.counters().received, 2U);
}

TEST_F(AsyncCaptureOnLoopback, GivesAnEmptyBurstAfterQuietTime) {
  AsyncCapture capture = capture_of(10'402);
  run([](AsyncCapture& own) -> asio::awaitable<void> {
    const Burst* const burst = co_await own.next_burst_within(1ms);
    EXPECT_EQ(burst != nullptr ? burst->count : 1, 0U);
  }(capture));
}

TEST_F(AsyncCaptureOnLoopback, LetsOthersHaveTheirTurnBetweenBursts) {
  auto capture = AsyncCapture::open(
      loop_.get_executor(), {.interface = "lo", .filter = "udp dst port 10408", .packets_max = 1});
  ASSERT_TRUE(capture.ok()) << capture.error().message;
  constexpr int kPackets = 50;
  for (int i = 0; i < kPackets; ++i) send_datagram(10'408, "x");
  uint64_t turns = 0;
  std::function<void()> take_turn = [&] {
    ++turns;
    asio::post(loop_, take_turn);
  };
  asio::post(loop_, take_turn);
  std::vector<uint64_t> turns_before;
  run([](AsyncCapture& own, const uint64_t& count,
         std::vector<uint64_t>& counts) -> asio::awaitable<void> {
    for (int i = 0; i < kPackets; ++i) {
      const Burst* const burst = co_await own.next_burst();
      EXPECT_NE(burst, nullptr);
      counts.push_back(count);
    }
  }(capture.value(), turns, turns_before));
  EXPECT_EQ(turns_before.size(), size_t{kPackets}) << turns << " turns";
  EXPECT_EQ(std::adjacent_find(turns_before.begin(), turns_before.end()), turns_before.end());
}

TEST_F(AsyncCaptureOnLoopback, EndsWhenCancelled) {
  AsyncCapture capture = capture_of(10'403);
  asio::post(loop_, [&] { capture.cancel(); });
  run([](AsyncCapture& own) -> asio::awaitable<void> {
    EXPECT_EQ(co_await own.next_burst(), nullptr);
    EXPECT_EQ(co_await own.next_burst(), nullptr) << "and stays so";
  }(capture));
  EXPECT_TRUE(capture.fault().message.empty());
}

TEST_F(AsyncCaptureOnLoopback, EndsWhenItsCoroutineIsCancelled) {
  AsyncCapture capture = capture_of(10'404);
  asio::cancellation_signal signal;
  bool got_null = false;
  bool done = false;
  asio::co_spawn(
      loop_,
      [](AsyncCapture& own, bool& is_null) -> asio::awaitable<void> {
        is_null = co_await own.next_burst() == nullptr;
      }(capture, got_null),
      asio::bind_cancellation_slot(signal.slot(), [&](const std::exception_ptr& thrown) {
        EXPECT_EQ(thrown, nullptr);
        done = true;
        loop_.stop();
      }));
  asio::post(loop_, [&] { signal.emit(asio::cancellation_type::terminal); });
  loop_.run_for(kPatience);
  EXPECT_TRUE(done);
  EXPECT_TRUE(got_null);
}

TEST_F(AsyncCaptureOnLoopback, MayGoAwayWithTheLoopWhileAwaited) {
  auto capture = std::make_unique<AsyncCapture>(capture_of(10'405));
  asio::co_spawn(
      loop_,
      [](AsyncCapture& own) -> asio::awaitable<void> { (void)co_await own.next_burst(); }(*capture),
      asio::detached);
  loop_.run_for(5ms);
  SUCCEED();
}

TEST_F(AsyncCaptureOnLoopback, TellsADriversEventsAndFinishesIt) {
  AsyncCapture capture = capture_of(10'406);
  auto tracker = FlowTracker<FiveTuple>::create({}, FiveTuple::bidirectional());
  ASSERT_TRUE(tracker.ok());
  std::vector<EventKind> kinds;
  send_datagram(10'406, "hello");
  run(capture.for_each_event(tracker.value(), [&](const FlowEvent& event) {
    kinds.push_back(kind_of(event));
    if (kinds.back() == EventKind::Packet) capture.cancel();
  }));
  EXPECT_EQ(kinds, (std::vector{EventKind::Started, EventKind::Packet, EventKind::Ended}));
}

// Tells of the time it hears in quiet moments.
class QuietDriver {
 public:
  template <class S>
  void track(const PacketView& packet, S&& sink) {
    sink(packet.time);
  }
  template <class S>
  void sweep(Timestamp now, S&& sink) {
    sink(now);
  }
  template <class S>
  void finish(S&& /*sink*/) {}
};

TEST_F(AsyncCaptureOnLoopback, TellsADriverTheTimeWhileNothingComes) {
  AsyncCapture capture = capture_of(10'407);
  QuietDriver driver;
  std::vector<Timestamp> times;
  run(capture.for_each_event(driver, [&](Timestamp now) {
    times.push_back(now);
    if (times.size() == 2) capture.cancel();
  }));
  ASSERT_EQ(times.size(), 2U);
  EXPECT_LT(times[0], times[1]);
  EXPECT_GT(times[0].seconds(), 1'700'000'000U);
}

}  // namespace
}  // namespace flowscope
