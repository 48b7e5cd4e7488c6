"""Stops one thread of a run for a while, as a processor that is taken away would, by the tracing of Linux."""
import ctypes
import os
import pathlib

PTRACE_DETACH, PTRACE_SEIZE, PTRACE_INTERRUPT = 17, 0x4206, 0x4207
WAIT_FOR_THREADS = 0x40000000  # __WALL of waitpid
LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
LIBC.ptrace.restype = ctypes.c_long


def _ptrace(request, thread):
    if LIBC.ptrace(request, thread, None, None) < 0:
        error = ctypes.get_errno()
        raise OSError(error, f"ptrace({request:#x}) of thread {thread}: {os.strerror(error)}")


def thread_of_lcore(pid, lcore):
    """The thread that the EAL started for this lcore."""
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        if (task / "comm").read_text().strip() == f"rte-worker-{lcore}":
            return int(task.name)
    raise AssertionError(f"process {pid} has no thread for lcore {lcore}")


class Stall:
    """`with Stall(pid, lcore):` that worker stands still, all other threads go on."""

    def __init__(self, pid, lcore):
        self.thread = thread_of_lcore(pid, lcore)

    def __enter__(self):
        _ptrace(PTRACE_SEIZE, self.thread)
        _ptrace(PTRACE_INTERRUPT, self.thread)
        os.waitpid(self.thread, WAIT_FOR_THREADS)
        return self

    def wait_for_its_end(self):
        """Of a thread that was ended with its process: its parent does not hear of that before us."""
        os.waitpid(self.thread, WAIT_FOR_THREADS)

    def __exit__(self, *error):
        try:
            _ptrace(PTRACE_DETACH, self.thread)
        except ProcessLookupError:
            pass  # the run has ended meanwhile
