"""Runs flowscope the way its users do, and reads what it writes. Shared by the tests of whole runs."""
import argparse
import concurrent.futures
import difflib
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

SKIPPED = 77  # meson's exit code for a test that could not run here
ROOT = pathlib.Path(__file__).resolve().parents[2]
# What every run on virtual devices gives the EAL: no huge pages, and files under a name of its own, so that runs
# beside each other do not meet.
FILE_PREFIX = f"flowscope_test_{os.getpid()}"
EAL = ["--no-pci", "--no-huge", "-m", "512", "--file-prefix", FILE_PREFIX]
# From the signal to the end: a fraction of a second where processors are free, which in a test they often are not.
STOP_SECONDS_MAX = 10
# Tables of a size that tests fill. Of the usual size they are a gigabyte for each worker, all of whose pages are touched
# before the first packet: a second of each run.
SMALL = ("--flows-max", "16384", "--streams-streams-max", "4096", "--streams-buffers-bytes", "8MiB")


def sized(arguments):
    """The arguments of a run on DPDK ports with small tables, unless they or a file say how large these are."""
    arguments = [str(argument) for argument in arguments]
    if arguments[:1] != ["run"] or "--" not in arguments or "-c" in arguments or "--flows-max" in arguments:
        return arguments
    own = arguments.index("--") + 1
    return [*arguments[:own], *SMALL, *arguments[own:]]


class Outcome:
    """One finished run."""

    def __init__(self, code, out, err, seconds):
        self.code, self.out, self.err, self.seconds = code, out, err, seconds

    def own_lines(self):
        """What the program said by itself on standard error; EAL and drivers have their own prefixes."""
        return [line for line in self.err.splitlines() if line.startswith("flowscope: ")]

    def summary(self, word):
        """The summary's line that begins with `word`, or an empty text."""
        return next((line for line in self.err.splitlines() if line.startswith(word + " ")), "")

    def ledger(self):
        """(packets received, packets by fate) as the summary tells them."""
        line = self.summary("ledger")
        received = re.match(r"ledger +(\d+) received = ", line)
        if received is None or not line.endswith(": holds"):
            raise AssertionError(self.err)
        return int(received.group(1)), {fate: int(count) for count, fate in re.findall(r"(\d+) (\w+)(?= \+|:)", line)}

    def ports(self):
        """What the summary says of each port, by name: packets that it gave, lost before, for want of buffers."""
        found = re.findall(r"^port +(\S+) .*: (\d+) packets(?:, (\d+) dropped before flowscope got them)?"
                           r"(?: \((\d+) for want of packet buffers\))?$", self.err, re.MULTILINE)
        return {name: tuple(int(count or 0) for count in counts) for name, *counts in found}


class Program:
    """The program under test, its traffic generators and a folder that is removed in the end."""

    def __init__(self, flowscope, traffic, tunnels, folder):
        self.flowscope, self.traffic, self.tunnels = flowscope, traffic, tunnels
        self.folder = pathlib.Path(folder)

    def run(self, arguments, timeout=60, prefix=(), **options):
        begin = time.monotonic()
        done = subprocess.run([*prefix, self.flowscope, *sized(arguments)], stdin=subprocess.DEVNULL, text=True,
                              capture_output=True, errors="replace", timeout=timeout, check=False, **options)
        return Outcome(done.returncode, done.stdout, done.stderr, time.monotonic() - begin)

    def start(self, arguments, prefix=()):
        return Running(self, arguments, prefix)

    def replay(self, capture, *options):
        """Records of a capture through `replay`, sorted; the run must be sound."""
        outcome = self.run(["replay", capture, "-o", "-", *options])
        if outcome.code != 0:
            raise AssertionError(f"replay {capture} {' '.join(options)} ended with {outcome.code}:\n{outcome.err}")
        return sorted_records(outcome.out)

    def pcap_device(self, captures, *options, eal=(), lcores="0-1"):
        """The same through DPDK's pcap driver, one queue for each capture, with a table as large as for files."""
        queues = ",".join(f"rx_pcap={capture}" for capture in captures)
        records = self.folder / "pmd.eve.jsonl"
        outcome = self.run(["run", *EAL, *eal, "--lcores", lcores, "--vdev", f"net_pcap0,{queues}", "--", "-o", records,
                            "--exit-after-idle", "1", "--total-num-mbufs", "8192",
                            *(() if "--flows-max" in options else ("--flows-max", "262144")), *options])
        if outcome.code != 0:
            raise AssertionError(f"run on net_pcap ended with {outcome.code}:\n{outcome.err}")
        return outcome, sorted_records(records.read_text())

    def capture(self, *arguments):
        """A capture made by fs_traffic, the same bytes for the same arguments."""
        path = self.folder / ("_".join(argument.strip("-") for argument in arguments) + ".pcap")
        if not path.exists():
            subprocess.run([self.traffic, *arguments, path], check=True, stdout=subprocess.DEVNULL)
        return path

    def tunnel_capture(self):
        """The capture of tests/support/tunnel_traffic.h."""
        path = self.folder / "tunnels.pcap"
        if not path.exists():
            subprocess.run([self.tunnels, path], check=True, stdout=subprocess.DEVNULL)
        return path


class Running:
    """A run that the test has to stop."""

    def __init__(self, program, arguments, prefix):
        # A file, not a pipe: nobody reads while the run goes on.
        self.log = tempfile.NamedTemporaryFile("w+", dir=program.folder, suffix=".log")
        self.child = subprocess.Popen([*prefix, program.flowscope, *sized(arguments)], stdin=subprocess.DEVNULL,
                                      stdout=subprocess.DEVNULL, stderr=self.log, text=True)

    def said(self):
        return pathlib.Path(self.log.name).read_text(errors="replace")

    def wait_until(self, condition, seconds=60):
        """Polls; answers whether the condition came true while the run was alive."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.child.poll() is None:
            if condition():
                return True
            time.sleep(0.05)
        return condition()

    def stop(self, number=signal.SIGINT):
        begin = time.monotonic()
        self.child.send_signal(number)
        try:
            self.child.wait(30)
        finally:
            self.kill()
        return Outcome(self.child.returncode, "", self.said(), time.monotonic() - begin)

    def kill(self):
        if self.child.poll() is None:
            self.child.kill()
            self.child.wait()


def sorted_records(text):
    """Record lines in an order that does not depend on when they were written; stats tell of one run only."""
    return sorted(line for line in text.splitlines() if '"event_type":"stats"' not in line)


def last_stats(text):
    """The figures of the last record of figures among record lines."""
    return [json.loads(line)["stats"] for line in text.splitlines() if '"event_type":"stats"' in line][-1]


def of_type(records, event_type):
    parsed = (json.loads(line) for line in records)
    return [record for record in parsed if record["event_type"] == event_type]


def counts(records):
    found = {}
    for line in records:
        event_type = json.loads(line)["event_type"]
        found[event_type] = found.get(event_type, 0) + 1
    return found


def difference(expected, got, most=12):
    """The first differing lines of two lists, or an empty text."""
    if expected == got:
        return ""
    lines = [line[:600] for line in difflib.unified_diff(expected, got, "expected", "got", n=0, lineterm="")]
    return "\n".join(lines[:most]) + (f"\n... {len(lines) - most} lines more" if len(lines) > most else "")


def corpus_folder():
    """Where the corpus of real captures lies, or None; it is not part of this tree."""
    folder = pathlib.Path(os.environ.get("FLOWSCOPE_CORPUS", ROOT.parent / "shared" / "corpus"))
    return folder if (folder / "captures").is_dir() else None


def for_each(things, action, jobs=2):
    """Runs the action on each thing, two at a time; raises the first failure."""
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        return list(pool.map(action, things))


def skip_all(reason):
    print("skipped: " + reason)
    sys.exit(SKIPPED)


def start_from_command_line(description):
    """The Program that --flowscope and --traffic name; what else stands there is left to unittest."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--flowscope", required=True, help="the program under test")
    parser.add_argument("--traffic", required=True, help="fs_traffic, which makes captures")
    parser.add_argument("--tunnels", default="", help="tunnel_capture, which makes the capture of tunnels and fragments")
    options, rest = parser.parse_known_args()
    sys.argv[1:] = rest
    folder = tempfile.mkdtemp(prefix="flowscope-test-")
    for left_over in (folder, f"/var/run/dpdk/{FILE_PREFIX}"):
        unittest.addModuleCleanup(shutil.rmtree, left_over, ignore_errors=True)
    return Program(os.path.abspath(options.flowscope), os.path.abspath(options.traffic),
                   os.path.abspath(options.tunnels), folder)


def needs_virtual_devices(program):
    """Ends the test as skipped where DPDK is not built in or not allowed."""
    if os.geteuid() != 0:
        skip_all("DPDK needs root here")
    if "DPDK" not in program.run(["version"]).out:
        skip_all("this build has no DPDK")
