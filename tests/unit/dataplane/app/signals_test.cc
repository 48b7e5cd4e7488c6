#include "dataplane/app/signals.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <ctime>

namespace flowscope {
namespace {

// Sends itself `times` signals with a pause after each, in a process of its
// own; gives how that ended.
int ending_after(int times, long pause_ns) {
  const pid_t child = fork();
  if (child == 0) {
    catch_signals();
    for (int i = 0; i < times; ++i) {
      raise(SIGTERM);
      const timespec pause = {.tv_sec = 0, .tv_nsec = pause_ns};
      if (pause_ns != 0) nanosleep(&pause, nullptr);
    }
    _exit(stop_signal());
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(Signals, AskToStopOnceHoweverOftenTheyAreToldAtATime) {
  EXPECT_EQ(SIGTERM, ending_after(1, 0));
  EXPECT_EQ(SIGTERM, ending_after(2, 0));
}

TEST(Signals, EndTheProgramWhereTheyGoOnComing) {
  EXPECT_EQ(128 + SIGTERM, ending_after(1000, 10'000'000));
}

}  // namespace
}  // namespace flowscope
