#include "dataplane/app/signals.h"

#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdint>
#include <ctime>

namespace flowscope {

namespace {

// A signal's only way to speak to the program; lock-free, so safe inside a signal handler.
constinit std::atomic<int> g_stop_signal{0};
static_assert(std::atomic<int>::is_always_lock_free);

// When it came first, by the clock of signal_time_ns(); the same rules.
constinit std::atomic<uint64_t> g_stop_ns{0};

// SIGUSR1 came; the same rules.
constinit std::atomic<bool> g_flows_wanted{false};
static_assert(std::atomic<bool>::is_always_lock_free);

// SIGHUP came; the same rules.
constinit std::atomic<bool> g_reload_wanted{false};

// Relaxed: orders nothing, partner of take_reload_request().
void on_hangup(int) { g_reload_wanted.store(true, std::memory_order_relaxed); }

// Relaxed: orders nothing, partner of take_flows_request().
void on_user_signal(int) { g_flows_wanted.store(true, std::memory_order_relaxed); }

// Safe inside a signal handler.
uint64_t signal_time_ns() {
  timespec now = {};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
}

void on_signal(int signal) {
  constexpr uint64_t kSameWishNs = 200'000'000;
  const uint64_t now_ns = signal_time_ns();
  // Relaxed: a time that orders nothing; only this function reads it.
  uint64_t first_ns = 0;
  if (!g_stop_ns.compare_exchange_strong(first_ns, now_ns, std::memory_order_relaxed)
      && now_ns > first_ns + kSameWishNs)
    _exit(128 + signal);
  // Relaxed: a flag that orders nothing, partner of stop_signal().
  g_stop_signal.store(signal, std::memory_order_relaxed);
}

}  // namespace

void catch_signals() {
  struct sigaction action {};
  action.sa_handler = on_signal;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  action.sa_handler = on_user_signal;
  action.sa_flags = SA_RESTART;
  sigaction(SIGUSR1, &action, nullptr);
  action.sa_flags = 0;
  action.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &action, nullptr);
}

void catch_reload() {
  struct sigaction action {};
  action.sa_handler = on_hangup;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  sigaction(SIGHUP, &action, nullptr);
}

bool take_reload_request() {
  // Relaxed: partner of on_hangup().
  return g_reload_wanted.exchange(false, std::memory_order_relaxed);
}

bool take_flows_request() {
  // Relaxed: partner of on_user_signal().
  return g_flows_wanted.exchange(false, std::memory_order_relaxed);
}

int stop_signal() { return g_stop_signal.load(std::memory_order_relaxed); }

}  // namespace flowscope
