"""A second systemd on this machine, in name spaces of its own, for tests that install and start services.

Its files are this system's with a layer in memory above, its network holds what the test makes; nothing of it stays.
See boot_systemd."""
import os
import pathlib
import shutil
import subprocess
import tempfile
import time

SCRIPT = pathlib.Path(__file__).resolve().parent / "boot_systemd"
# What the script needs of the kernel, tried and gone again.
TRIAL = """set -e
mount --make-rprivate /
mount -t tmpfs tmpfs "$1"
mkdir "$1"/a "$1"/b "$1"/c "$1"/d
mount -t overlay -o "lowerdir=/,upperdir=$1/a,workdir=$1/b" overlay "$1/c"
mount -t cgroup2 cgroup2 "$1/d"
mkdir "$1/d/$2"
rmdir "$1/d/$2"
"""


def missing():
    """Why no systemd can be booted here, or an empty text."""
    if os.geteuid() != 0:
        return "booting systemd needs root"
    for tool in ("/lib/systemd/systemd", "/lib/systemd/systemd-udevd", "unshare", "nsenter", "setpriv", "ip"):
        if shutil.which(tool) is None:
            return f"there is no {tool}"
    with tempfile.TemporaryDirectory() as folder:
        tried = subprocess.run(["unshare", "--mount", "--net", "bash", "-c", TRIAL, "bash", folder,
                                f"flowscope-trial-{os.getpid()}"], capture_output=True, text=True, check=False)
    return "" if tried.returncode == 0 else f"a system cannot be booted here: {tried.stderr.strip()}"


class Machine:
    """`with Machine() as machine`: booted and idle."""

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="flowscope-booted-")
        self.group = f"flowscope-booted-{os.getpid()}"
        self.log = tempfile.TemporaryFile("w+")
        self.outer = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "--net", "--uts", "--ipc", SCRIPT, self.folder,
             self.group], stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        try:
            self.first = self._until("a process that boots", self._first_process)
            self._until("systemd is up", lambda: self.run("systemctl", "is-active", "booted.target").returncode == 0)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *error):
        # With its first process every other one of the booted system ends, and with the last its mounts.
        for pid in filter(None, [self._first_process()]):
            os.kill(pid, 9)
        self.outer.kill()
        self.outer.wait()
        remove = 'mount -t cgroup2 cgroup2 "$1" && find "$1/$2" -depth -type d -exec rmdir {} +'
        self._until("its control groups go", lambda: subprocess.run(
            ["unshare", "--mount", "bash", "-c", remove, "bash", self.folder, self.group], capture_output=True,
            check=False).returncode == 0)
        os.rmdir(self.folder)
        self.log.close()

    def run(self, *command, **more):
        """Runs a command in the booted system; more as with subprocess.run."""
        inside = ["nsenter", "--target", str(self.first), "--mount", "--net", "--uts", "--ipc", "--pid", "--cgroup",
                  "--root", "--wd"]
        return subprocess.run([*inside, *map(str, command)], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=120, check=False, **more)

    def write(self, path, text):
        """A file of the booted system; its folder is made where it is missing."""
        done = self.run("bash", "-c", 'mkdir -p "$(dirname "$1")" && printf %s "$2" >"$1"', "bash", path, text)
        if done.returncode != 0:
            raise RuntimeError(done.stderr)

    def path(self, inside):
        """Where a file of the booted system is found from outside."""
        return pathlib.Path(f"/proc/{self.first}/root{inside}")

    def said(self):
        self.log.seek(0)
        return self.log.read()

    def _first_process(self):
        """The id that the booted system's systemd has here; None until it is there."""
        try:
            for child in pathlib.Path(f"/proc/{self.outer.pid}/task/{self.outer.pid}/children").read_text().split():
                if pathlib.Path(f"/proc/{child}/comm").read_text() == "systemd\n":
                    return int(child)
        except FileNotFoundError:
            pass
        return None

    def _until(self, what, condition, seconds=60):
        end = time.monotonic() + seconds
        while not (found := condition()):
            if time.monotonic() > end or (self.outer.poll() is not None and "group" not in what):
                raise RuntimeError(f"waited for {what}:\n{self.said()}")
            time.sleep(0.05)
        return found
