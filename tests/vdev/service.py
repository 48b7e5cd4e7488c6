#!/usr/bin/env python3
"""What a service supervisor hears of a run (sd_notify), and the unit files in its own opinion."""
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import network
import program as run

RULES = 'alert tcp "kestrel-works" (sid:1; msg:"a name")\n'
UNITS = run.ROOT / "scripts" / "package" / "systemd"


class Supervised(unittest.TestCase):
    """A replay that waits for packets which never come, with a supervisor that listens."""

    def setUp(self):
        self.heard = []
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(self.socket.close)
        name = f"flowscope-service-{os.getpid()}-{id(self)}"
        self.socket.bind("\0" + name)
        self.socket.settimeout(0.1)
        self.environment = {**os.environ, "NOTIFY_SOCKET": "@" + name}

    def start(self, *options, watchdog_usec=0):
        environment = dict(self.environment)
        if watchdog_usec:
            environment["WATCHDOG_USEC"] = str(watchdog_usec)
        log = tempfile.NamedTemporaryFile("w+", dir=PROGRAM.folder)
        self.addCleanup(log.close)
        self.log = pathlib.Path(log.name)
        child = subprocess.Popen([PROGRAM.flowscope, "replay", "-", "-o", "/dev/null", *map(str, options)],
                                 stdin=subprocess.PIPE, stderr=log, env=environment)
        self.addCleanup(child.wait)
        self.addCleanup(lambda: child.poll() is None and child.kill())
        self.addCleanup(child.stdin.close)
        child.stdin.write(PROGRAM.capture("sample").read_bytes())
        child.stdin.flush()
        return child

    def hears(self, word, times=1, seconds=20):
        end = time.monotonic() + seconds
        while sum(message.startswith(word) for message in self.heard) < times:
            self.assertLess(time.monotonic(), end, f"{word} not in {self.heard}\n{self.log.read_text()}")
            try:
                self.heard.append(self.socket.recv(4096).decode())
            except TimeoutError:
                pass

    def test_is_told_when_packets_are_received_and_when_the_end_begins(self):
        child = self.start()
        self.hears("READY=1")
        self.hears("STATUS=")
        child.send_signal(signal.SIGTERM)
        child.stdin.close()
        self.assertEqual(0, child.wait(20), self.log.read_text())
        self.hears("STOPPING=1")
        self.assertEqual(["READY=1"], self.heard[:1])

    def test_hears_beats_as_often_as_its_watchdog_wants(self):
        self.start(watchdog_usec=400_000)
        begin = time.monotonic()
        self.hears("WATCHDOG=1", times=5)
        self.assertGreater(time.monotonic() - begin, 0.6)

    def test_hears_of_a_reload_without_file_or_rules(self):
        child = self.start()
        self.hears("READY=1")
        child.send_signal(signal.SIGHUP)
        self.hears("RELOADING=1\nMONOTONIC_USEC=")
        self.hears("READY=1", times=2)
        self.assertIsNone(child.poll())
        self.assertIn("no file was given with -c", self.log.read_text())

    def test_is_told_how_long_a_reload_takes(self):
        if PROGRAM.run(["replay", PROGRAM.capture("sample"), "-o", "/dev/null", "--signatures-rules",
                        "/dev/null"]).err.find("no Hyperscan") >= 0:
            self.skipTest("this build has no Hyperscan")
        rules = PROGRAM.folder / "service.rules"
        rules.write_text(RULES)
        child = self.start("--signatures-rules", rules)
        self.hears("READY=1")
        child.send_signal(signal.SIGHUP)
        self.hears("RELOADING=1\nMONOTONIC_USEC=")
        self.hears("READY=1", times=2)


class Units(unittest.TestCase):
    def setUp(self):
        if shutil.which("systemd-analyze") is None:
            self.skipTest("there is no systemd-analyze")
        self.folder = pathlib.Path(tempfile.mkdtemp(dir=PROGRAM.folder))
        (self.folder / "flowscope").symlink_to(PROGRAM.flowscope)
        self.units = []
        for source in sorted(UNITS.glob("*.service.in")):
            unit = self.folder / source.name.replace("@.service.in", "@test.service")
            unit.write_text(source.read_text().replace("@bindir@", str(self.folder)))
            self.units.append(unit)
        self.assertEqual(2, len(self.units))

    def test_hold_no_mistake(self):
        for unit in self.units:
            done = subprocess.run(["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True,
                                  check=False)
            said = [line for line in done.stderr.splitlines() if unit.name in line]
            self.assertEqual([], said)

    def test_leave_little_to_a_program_that_was_taken_over(self):
        for unit in self.units:
            done = subprocess.run(["systemd-analyze", "security", "--offline=true", "--threshold=30", unit],
                                  capture_output=True, text=True, check=False)
            self.assertEqual(0, done.returncode, done.stdout[-400:] + done.stderr)


class Privileges(unittest.TestCase):
    """What the units leave to the program is enough: runs as another user with the capabilities that they name."""

    def setUp(self):
        if os.geteuid() != 0 or shutil.which("setpriv") is None:
            self.skipTest("this needs root and setpriv")
        self.folder = pathlib.Path(tempfile.mkdtemp(dir="/tmp", prefix="flowscope-service-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.program = shutil.copy(PROGRAM.flowscope, self.folder / "flowscope")
        self.capture = shutil.copy(PROGRAM.capture("sample"), self.folder / "sample.pcap")
        for path in (self.folder, self.folder / "run"):
            path.mkdir(exist_ok=True)
            shutil.chown(path, "nobody")

    def run_as_unit(self, unit, arguments, prefix=()):
        text = (UNITS / unit).read_text()
        names = [line.split("=", 1)[1].split() for line in text.splitlines() if line.startswith("AmbientCapabilities=")]
        capabilities = ",".join(["-all"] + ["+" + name.removeprefix("CAP_").lower() for name in names[0]])
        command = [*prefix, "setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups", "--no-new-privs",
                   "--inh-caps", capabilities, "--ambient-caps", capabilities, "--bounding-set", capabilities,
                   self.program, *map(str, arguments)]
        environment = {**os.environ, "RUNTIME_DIRECTORY": str(self.folder / "run")}
        return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
                              env=environment, check=False)

    def test_for_dpdk(self):
        if "DPDK" not in PROGRAM.run(["version"]).out:
            self.skipTest("this build has no DPDK")
        records = self.folder / "eve.json"
        done = self.run_as_unit("flowscope@.service.in", [
            "run", *run.EAL, "-l", "0-1", "--vdev", f"net_pcap0,rx_pcap={self.capture}", "--", "-o", records,
            "--exit-after-idle", "1s", "--total-num-mbufs", "8192"])
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertEqual(PROGRAM.replay(self.capture), run.sorted_records(records.read_text()))

    def test_for_an_interface(self):
        if network.missing() or "libpcap" not in PROGRAM.run(["version"]).out:
            self.skipTest("no network namespaces, or no libpcap")
        with network.Network() as net:
            done = self.run_as_unit("flowscope-live@.service.in",
                                    ["live", "-i", "veth0", "-f", "udp port 9", "-o", self.folder / "eve.json",
                                     "--exit-after-idle", "300ms"], prefix=net.inside())
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertIn("holds", done.stderr)


if __name__ == "__main__":
    PROGRAM = run.start_from_command_line(__doc__)
    unittest.main()
