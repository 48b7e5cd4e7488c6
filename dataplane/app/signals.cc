#include "dataplane/app/signals.h"

#include <unistd.h>

#include <atomic>
#include <csignal>

namespace flowscope {

namespace {

// A signal's only way to speak to the program; lock-free, so safe inside a signal handler.
constinit std::atomic<int> g_stop_signal{0};
static_assert(std::atomic<int>::is_always_lock_free);

// SIGUSR1 came; the same rules.
constinit std::atomic<bool> g_flows_wanted{false};
static_assert(std::atomic<bool>::is_always_lock_free);

// SIGHUP came; the same rules.
constinit std::atomic<bool> g_reload_wanted{false};

// Relaxed: orders nothing, partner of take_reload_request().
void on_hangup(int) { g_reload_wanted.store(true, std::memory_order_relaxed); }

// Relaxed: orders nothing, partner of take_flows_request().
void on_user_signal(int) { g_flows_wanted.store(true, std::memory_order_relaxed); }

void on_signal(int signal) {
  // Relaxed: a flag that orders nothing, partner of stop_signal().
  if (g_stop_signal.exchange(signal, std::memory_order_relaxed) != 0) _exit(128 + signal);
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
