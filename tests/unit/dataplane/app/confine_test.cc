#include "dataplane/app/confine.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <string>
#include <thread>

#include "dataplane/app/sandbox.h"

namespace flowscope {
namespace {

constexpr int kFine = 42;

// Runs `body` in a process of its own, because what is given up never comes back; gives its exit
// code.
int in_another_process(const std::function<int()>& body) {
  const pid_t child = fork();
  if (child == 0) _exit(body());
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// errno of opening a path, 0 when it could be opened.
int open_fault(const std::string& path, int flags) {
  const int descriptor = open(path.c_str(), flags, 0600);
  if (descriptor < 0) return errno;
  close(descriptor);
  return 0;
}

// Two folders with a file each: one stays open to the process, one does not.
class Confine : public testing::Test {
 protected:
  void SetUp() override {
    if (FileRules::kernel_version() == 0) GTEST_SKIP() << "this kernel has no Landlock";
    std::string pattern = testing::TempDir() + "flowscope-confine-XXXXXX";
    ASSERT_NE(nullptr, mkdtemp(pattern.data()));
    folder_ = pattern;
    for (const char* name : {"inside", "outside"}) {
      ASSERT_EQ(0, mkdir((folder_ + "/" + name).c_str(), 0700));
      std::ofstream(folder_ + "/" + name + "/file") << "text";
    }
  }
  void TearDown() override {
    if (folder_.empty()) return;
    for (const char* name : {"inside", "outside"}) {
      for (const char* file : {"/file", "/new", "/renamed"})
        unlink((folder_ + "/" + name + file).c_str());
      rmdir((folder_ + "/" + name).c_str());
    }
    rmdir(folder_.c_str());
  }
  [[nodiscard]] std::string inside() const { return folder_ + "/inside"; }
  [[nodiscard]] std::string outside() const { return folder_ + "/outside"; }
  [[nodiscard]] ConfineOptions options() const {
    return {.use = ConfineUse::On, .user = {}, .readable = {}, .writable = {inside()}};
  }

 private:
  std::string folder_;
};

TEST_F(Confine, LeavesOnlyTheFilesThatWereNamed) {
  EXPECT_EQ(kFine, in_another_process([&] {
              if (!confine(options()).ok()) return 1;
              if (open_fault(inside() + "/file", O_RDONLY) != 0) return 2;
              if (open_fault(inside() + "/new", O_WRONLY | O_CREAT | O_TRUNC) != 0) return 3;
              if (rename((inside() + "/new").c_str(), (inside() + "/renamed").c_str()) != 0)
                return 4;
              if (open_fault(outside() + "/file", O_RDONLY) != EACCES) return 5;
              if (open_fault(outside() + "/new", O_WRONLY | O_CREAT) != EACCES) return 6;
              if (open_fault("/dev/null", O_RDWR) != 0) return 7;
              return kFine;
            }));
}

TEST_F(Confine, LeavesWhatIsReadOnlyUnwritten) {
  if (FileRules::kernel_version() < 3) GTEST_SKIP() << "this Landlock does not know truncation";
  EXPECT_EQ(kFine, in_another_process([&] {
              ConfineOptions read_only = options();
              read_only.readable.swap(read_only.writable);
              if (!confine(read_only).ok()) return 1;
              if (open_fault(inside() + "/file", O_RDONLY) != 0) return 2;
              if (open_fault(inside() + "/file", O_WRONLY) != EACCES) return 3;
              if (truncate((inside() + "/file").c_str(), 0) == 0) return 4;
              return kFine;
            }));
}

TEST_F(Confine, StartsNoProgram) {
  EXPECT_EQ(kFine, in_another_process([&] {
              ConfineOptions all = options();
              all.readable.emplace_back("/");
              if (!confine(all).ok()) return 1;
              execl("/bin/true", "true", static_cast<char*>(nullptr));
              return errno == EPERM ? kFine : 2;
            }));
}

TEST_F(Confine, RefusesToChangeWhoItIs) {
  EXPECT_EQ(kFine, in_another_process([&] {
              if (!confine(options()).ok()) return 1;
              return setuid(getuid()) != 0 && errno == EPERM ? kFine : 2;
            }));
}

// Whether a call that gives -1 on failure was refused.
bool is_refused(long result) { return result == -1 && errno == EPERM; }

TEST_F(Confine, LeavesModesAndAttributesOfItsOwnFilesAlone) {
  EXPECT_EQ(kFine, in_another_process([&] {
              if (!confine(options()).ok()) return 1;
              const std::string file = inside() + "/file";
              if (!is_refused(chmod(file.c_str(), 0777))) return 2;
              if (!is_refused(chmod((outside() + "/file").c_str(), 04755))) return 3;
              if (!is_refused(syscall(SYS_setxattr, file.c_str(), "user.a", "b", 1, 0))) return 4;
              if (!is_refused(truncate((outside() + "/file").c_str(), 0))) return 5;
              return kFine;
            }));
}

TEST_F(Confine, TruncatesNoFileThatIsOnlyRead) {
  EXPECT_EQ(kFine, in_another_process([&] {
              ConfineOptions read_only = options();
              read_only.readable.push_back(outside());
              if (!confine(read_only).ok()) return 1;
              if (open_fault(outside() + "/file", O_RDONLY) != 0) return 2;
              if (open_fault(outside() + "/file", O_RDONLY | O_TRUNC) != EPERM) return 3;
              return open_fault(inside() + "/file", O_WRONLY | O_TRUNC) == 0 ? kFine : 4;
            }));
}

TEST_F(Confine, SendsSignalsToItselfOnly) {
  EXPECT_EQ(kFine, in_another_process([&] {
              const pid_t parent = getppid();
              if (!confine(options()).ok()) return 1;
              if (!is_refused(kill(parent, 0))) return 2;
              if (!is_refused(kill(0, 0)) || !is_refused(kill(-1, 0))) return 3;
              if (!is_refused(syscall(SYS_tgkill, parent, parent, 0))) return 4;
              if (kill(getpid(), 0) != 0 || raise(SIGURG) != 0) return 5;
              return kFine;
            }));
}

TEST_F(Confine, LeavesTheLimitsOfOthersAlone) {
  EXPECT_EQ(kFine, in_another_process([&] {
              const pid_t parent = getppid();
              if (!confine(options()).ok()) return 1;
              rlimit limit = {};
              if (!is_refused(prlimit(parent, RLIMIT_CPU, nullptr, &limit))) return 2;
              return getrlimit(RLIMIT_CPU, &limit) == 0 ? kFine : 3;
            }));
}

TEST_F(Confine, TypesNothingIntoItsTerminal) {
  EXPECT_EQ(kFine, in_another_process([&] {
              if (!confine(options()).ok()) return 1;
              const char key = 'a';
              if (!is_refused(ioctl(STDIN_FILENO, TIOCSTI, &key))) return 2;
              int waiting = 0, pipe_ends[2];
              if (pipe(pipe_ends) != 0) return 3;
              return ioctl(pipe_ends[0], FIONREAD, &waiting) == 0 ? kFine : 4;
            }));
}

TEST_F(Confine, SharesNoMemoryWithOthers) {
  EXPECT_EQ(kFine, in_another_process([&] {
              if (!confine(options()).ok()) return 1;
              return is_refused(shmget(IPC_PRIVATE, 4096, 0600)) ? kFine : 2;
            }));
}

// 0 where a socket of this kind can be made.
int socket_fault(int family, int kind) {
  const int made = socket(family, kind, 0);
  if (made < 0) return errno;
  close(made);
  return 0;
}

TEST_F(Confine, ReachesServicesOfThisMachineOnlyWhereRecordsGoThere) {
  EXPECT_EQ(kFine, in_another_process([&] {
              if (!confine(options()).ok()) return 1;
              if (socket_fault(AF_UNIX, SOCK_STREAM) != EPERM) return 2;
              if (socket_fault(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC) != EPERM) return 3;
              // A supervisor's socket, clients of DPDK's telemetry, records and figures over TCP.
              for (const int kind : {SOCK_DGRAM, SOCK_SEQPACKET}) {
                if (socket_fault(AF_UNIX, kind | SOCK_CLOEXEC) != 0) return 4;
              }
              return socket_fault(AF_INET, SOCK_STREAM) == 0 ? kFine : 5;
            }));
  EXPECT_EQ(kFine, in_another_process([&] {
              ConfineOptions with_streams = options();
              with_streams.local_streams = LocalStreams::Allow;
              if (!confine(with_streams).ok()) return 1;
              return socket_fault(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC) == 0 ? kFine : 2;
            }));
}

TEST_F(Confine, HoldsForThreadsThatRanBefore) {
  EXPECT_EQ(kFine, in_another_process([&] {
              std::atomic<bool> is_running = false, is_confined = false;
              int fault = 0, program = 0;
              std::thread before([&] {
                is_running = true;
                while (!is_confined) std::this_thread::yield();
                fault = open_fault(outside() + "/file", O_RDONLY);
                execl("/bin/true", "true", static_cast<char*>(nullptr));
                program = errno;
              });
              while (!is_running) std::this_thread::yield();
              const bool is_ok = confine(options()).ok();
              is_confined = true;
              before.join();
              if (!is_ok) return 1;
              return fault == EACCES && program == EPERM ? kFine : 2;
            }));
}

TEST_F(Confine, TellsOfAThreadThatIsOutOfReach) {
  EXPECT_EQ(kFine, in_another_process([&] {
              std::atomic<bool> is_deaf = false, is_over = false;
              std::thread deaf([&] {
                sigset_t all;
                sigfillset(&all);
                pthread_sigmask(SIG_SETMASK, &all, nullptr);
                is_deaf = true;
                while (!is_over) std::this_thread::yield();
              });
              while (!is_deaf) std::this_thread::yield();
              ConfineOptions as_far_as_possible = options();
              const bool is_refused = !confine(as_far_as_possible).ok();
              is_over = true;
              deaf.join();
              return is_refused ? kFine : 1;
            }));
}

TEST_F(Confine, GivesUpCapabilities) {
  if (geteuid() != 0) GTEST_SKIP() << "not root";
  EXPECT_EQ(kFine, in_another_process([&] {
              if (!confine(options()).ok()) return 1;
              return chown((inside() + "/file").c_str(), 1, 1) != 0 && errno == EPERM ? kFine : 2;
            }));
}

TEST_F(Confine, GoesOnAsTheUserWithTheCapabilitiesThatWereNamed) {
  if (geteuid() != 0) GTEST_SKIP() << "not root";
  EXPECT_EQ(kFine, in_another_process([&] {
              ConfineOptions as_nobody = options();
              as_nobody.user = "nobody";
              as_nobody.capabilities = 1ULL << 13;  // CAP_NET_RAW
              if (!confine(as_nobody).ok()) return 1;
              if (geteuid() == 0 || getegid() == 0) return 2;
              std::ifstream status("/proc/self/status");
              for (std::string line; std::getline(status, line);) {
                if (line.starts_with("CapEff:"))
                  return line.ends_with("\t0000000000002000") ? kFine : 3;
              }
              return 4;
            }));
}

TEST_F(Confine, WithoutWallsStillGoesOnAsTheUserWithNothing) {
  if (geteuid() != 0) GTEST_SKIP() << "not root";
  EXPECT_EQ(kFine, in_another_process([&] {
              if (!confine({.use = ConfineUse::Off, .user = "nobody"}).ok()) return 1;
              if (geteuid() == 0 || setuid(0) == 0) return 2;
              return open_fault("/etc/passwd", O_RDONLY) == 0 ? kFine : 3;
            }));
}

TEST(ConfineOptionsTest, RefuseAUserThatIsNotThere) {
  const auto confined = confine({.use = ConfineUse::Off, .user = "no-such-user-anywhere"});
  ASSERT_FALSE(confined.ok());
  EXPECT_EQ("security.user: there is no user 'no-such-user-anywhere'", confined.error().message);
}

TEST(ConfineOptionsTest, NameTheFoldersOfOutputRulesAndCache) {
  Config config;
  config.output.destination = "/var/log/flowscope/eve.json";
  config.signatures.rules = "/etc/flowscope/a.rules";
  config.signatures.cache = "cache";
  const auto options = confine_options(config);
  ASSERT_TRUE(options.ok());
  EXPECT_EQ(std::vector<std::string>{"/etc/flowscope"}, options.value().readable);
  EXPECT_EQ((std::vector<std::string>{"/var/log/flowscope", "."}), options.value().writable);
}

TEST(ConfineOptionsTest, NameADeviceAndNotItsFolder) {
  Config config;
  config.output.destination = "/dev/null";
  EXPECT_EQ(std::vector<std::string>{"/dev/null"}, confine_options(config).value().writable);
}

TEST(ConfineOptionsTest, NameNoFolderForWhatIsNoFile) {
  Config config;
  for (const char* destination : {"-", "tcp://127.0.0.1:9000", "unix:/run/records"}) {
    config.output.destination = destination;
    EXPECT_TRUE(confine_options(config).value().writable.empty()) << destination;
  }
}

TEST(ConfineOptionsTest, AllowLocalStreamsForRecordsThatTakeOne) {
  Config config;
  for (const char* destination : {"-", "tcp://127.0.0.1:9000", "/var/log/eve.json"}) {
    config.output.destination = destination;
    EXPECT_EQ(LocalStreams::Refuse, confine_options(config).value().local_streams) << destination;
  }
  config.output.destination = "unix:/run/records";
  EXPECT_EQ(LocalStreams::Allow, confine_options(config).value().local_streams);
}

TEST(ConfineOptionsTest, RefuseAnUnknownWord) {
  Config config;
  config.security.confine = "maybe";
  ASSERT_FALSE(confine_options(config).ok());
  EXPECT_NE(confine_options(config).error().message.find("auto, on or off"), std::string::npos);
}

TEST(ConfineOptionsTest, KnowTheFolderOfAPath) {
  EXPECT_EQ("/a/b", folder_of("/a/b/c"));
  EXPECT_EQ("/", folder_of("/c"));
  EXPECT_EQ(".", folder_of("c"));
}

}  // namespace
}  // namespace flowscope
