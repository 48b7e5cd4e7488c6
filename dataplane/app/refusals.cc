#include "dataplane/app/refusals.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <initializer_list>
#include <utility>
#include <vector>

namespace flowscope {

namespace {

#if defined(__x86_64__)
// Of later kernels than the headers of Debian 12.
constexpr int kFchmodat2 = 452, kSetxattrat = 463, kRemovexattrat = 466, kFileSetattr = 469;

// What a program that was taken over would want next: other programs, other processes, file systems
// and name spaces, code in the kernel, the clock, keys, another user, ways around these rules.
// clang-format off
constexpr std::array kRefused = {
    SYS_execve, SYS_execveat,
    SYS_ptrace, SYS_process_vm_readv, SYS_process_vm_writev, SYS_kcmp, SYS_pidfd_getfd,
    SYS_process_madvise, SYS_process_mrelease, SYS_userfaultfd, SYS_perf_event_open,
    SYS_tkill, SYS_rt_sigqueueinfo, SYS_rt_tgsigqueueinfo, SYS_pidfd_send_signal,
    SYS_mount, SYS_umount2, SYS_pivot_root, SYS_chroot, SYS_move_mount,
    SYS_open_tree, SYS_fsopen, SYS_fsconfig, SYS_fsmount, SYS_fspick, SYS_mount_setattr,
    SYS_setns, SYS_unshare, SYS_open_by_handle_at,
    SYS_bpf, SYS_init_module, SYS_finit_module, SYS_delete_module,
    SYS_kexec_load, SYS_kexec_file_load, SYS_reboot, SYS_swapon, SYS_swapoff,
    SYS_iopl, SYS_ioperm, SYS_modify_ldt, SYS_acct, SYS_quotactl, SYS_quotactl_fd, SYS_vhangup,
    SYS_settimeofday, SYS_clock_settime, SYS_clock_adjtime, SYS_adjtimex,
    SYS_sethostname, SYS_setdomainname, SYS_syslog, SYS_personality,
    SYS_add_key, SYS_request_key, SYS_keyctl,
    SYS_setuid, SYS_setgid, SYS_setreuid, SYS_setregid, SYS_setresuid,
    SYS_setresgid, SYS_setgroups, SYS_setfsuid, SYS_setfsgid,
    SYS_fanotify_init, SYS_io_uring_setup, SYS_io_uring_enter, SYS_io_uring_register,
    // Files by their owner's right, which Landlock lets be.
    SYS_chmod, SYS_fchmod, SYS_fchmodat, kFchmodat2,
    SYS_chown, SYS_fchown, SYS_lchown, SYS_fchownat,
    SYS_setxattr, SYS_lsetxattr, SYS_fsetxattr, kSetxattrat, kFileSetattr,
    SYS_removexattr, SYS_lremovexattr, SYS_fremovexattr, kRemovexattrat,
    // Landlock 3 and later refuses these by itself; openat2 hides its flags from this filter.
    SYS_truncate, SYS_openat2,
    // Memory, semaphores and queues that programs of one user share.
    SYS_shmget, SYS_shmat, SYS_shmctl, SYS_semget, SYS_semop, SYS_semtimedop, SYS_semctl,
    SYS_msgget, SYS_msgsnd, SYS_msgrcv, SYS_msgctl,
    SYS_mq_open, SYS_mq_unlink};
// clang-format on

// System calls of the x32 interface carry this bit; no program of ours makes one.
constexpr uint32_t kX32Bit = 0x40000000;
constexpr uint32_t kRefuse = SECCOMP_RET_ERRNO | EPERM;

// A seccomp filter in the making. Each rule begins and ends with the call's number loaded.
class Filter {
 public:
  // Refuses what comes by another interface than that of 64 bits.
  Filter() {
    add(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch)));
    add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0));
    refuse();
    load_number();
    add(BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, kX32Bit, 0, 1));
    refuse();
  }

  void refuse_call(int number) {
    add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<uint32_t>(number), 0, 1));
    refuse();
  }

  // Refuses the call where the lower half of its argument, under the mask, has one of the values.
  void refuse_where(int number, uint32_t argument, uint32_t mask,
                    std::initializer_list<uint32_t> values) {
    begin_argument(number, argument, mask, 2 * values.size());
    for (const uint32_t value : values) {
      add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1));
      refuse();
    }
    load_number();
  }

  // Refuses the call where the lower half of its argument has none of the values.
  void refuse_unless(int number, uint32_t argument, std::initializer_list<uint32_t> values) {
    begin_argument(number, argument, UINT32_MAX, values.size() + 1);
    auto left = static_cast<uint8_t>(values.size());
    for (const uint32_t value : values) add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, left--, 0));
    refuse();
    load_number();
  }

  // Refuses a socket of streams between programs of this machine, whatever its flags are.
  void refuse_local_streams() {
    // Past three tests and the refusal.
    begin_argument(SYS_socket, 0, UINT32_MAX, 5);
    add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_UNIX, 0, 4));
    load_argument(1);
    add(BPF_STMT(BPF_ALU | BPF_AND | BPF_K, kSocketKinds));
    add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SOCK_STREAM, 0, 1));
    refuse();
    load_number();
  }

  std::vector<sock_filter> finish() {
    add(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
    return std::move(program_);
  }

 private:
  // What is left of a socket's kind without SOCK_CLOEXEC and SOCK_NONBLOCK.
  static constexpr uint32_t kSocketKinds = 0xf;

  void add(sock_filter instruction) { program_.push_back(instruction); }
  void refuse() { add(BPF_STMT(BPF_RET | BPF_K, kRefuse)); }
  void load_number() { add(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr))); }
  void load_argument(uint32_t argument) {
    const size_t at = offsetof(seccomp_data, args) + argument * sizeof(uint64_t);
    add(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<uint32_t>(at)));
  }

  // Goes on with the argument in hand where the call is `number`, else past `length` instructions
  // and the one that loads the number again.
  void begin_argument(int number, uint32_t argument, uint32_t mask, size_t length) {
    const auto past = static_cast<uint8_t>(length + 3);
    add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<uint32_t>(number), 0, past));
    load_argument(argument);
    add(BPF_STMT(BPF_ALU | BPF_AND | BPF_K, mask));
  }

  std::vector<sock_filter> program_;
};

std::vector<sock_filter> refusal_program(LocalStreams local_streams) {
  Filter filter;
  for (const int number : kRefused) filter.refuse_call(number);
  const auto self = static_cast<uint32_t>(getpid());
  // Signals and limits of this program only.
  filter.refuse_unless(SYS_kill, 0, {self});
  filter.refuse_unless(SYS_tgkill, 0, {self});
  filter.refuse_unless(SYS_prlimit64, 0, {0, self});
  // Words into a shell's input, as if they were typed there.
  filter.refuse_where(SYS_ioctl, 1, UINT32_MAX, {TIOCSTI, TIOCLINUX});
  // Landlock before version 3 takes this for reading.
  constexpr uint32_t kAccess = O_TRUNC | O_ACCMODE;
  filter.refuse_where(SYS_open, 1, kAccess, {O_TRUNC | O_RDONLY});
  filter.refuse_where(SYS_openat, 2, kAccess, {O_TRUNC | O_RDONLY});
  if (local_streams == LocalStreams::Refuse) filter.refuse_local_streams();
  return filter.finish();
}
#else
std::vector<sock_filter> refusal_program(LocalStreams) { return {}; }
#endif

}  // namespace

bool refuse_system_calls(LocalStreams local_streams) {
  std::vector<sock_filter> program = refusal_program(local_streams);
  if (program.empty()) return false;
  const sock_fprog filter = {.len = static_cast<unsigned short>(program.size()),
                             .filter = program.data()};
  // Without SPEC_ALLOW kernels before 5.16 would slow every thread down against speculation across
  // store and load, which is for programs that run the code of strangers.
  constexpr unsigned long kFlags = SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_SPEC_ALLOW;
  return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, kFlags, &filter) == 0;
}

}  // namespace flowscope
