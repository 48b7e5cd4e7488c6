#!/usr/bin/env python3
"""A run that has confined itself: records as before, nothing else within reach."""
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import program as run

RULES = 'alert tcp "kestrel-works" (sid:1; msg:"a name")\n'
ON = ("--security-confine", "on")


def threads(pid):
    """What the kernel says of each thread of a process."""
    found = []
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        lines = (line.split(":", 1) for line in (task / "status").read_text().splitlines())
        found.append({name: value.strip() for name, value in lines})
    return found


class Replay(unittest.TestCase):
    def test_writes_the_same_records(self):
        capture, records = PROGRAM.capture("sample"), PROGRAM.folder / "confined.jsonl"
        outcome = PROGRAM.run(["replay", capture, "-o", records, *ON])
        self.assertEqual(0, outcome.code, outcome.err)
        self.assertIn("confined: files by Landlock, system calls by seccomp", outcome.err)
        self.assertEqual(PROGRAM.replay(capture), run.sorted_records(records.read_text()))

    def test_is_not_confined_unless_asked(self):
        outcome = PROGRAM.run(["replay", PROGRAM.capture("sample"), "-o", "/dev/null"])
        self.assertNotIn("confined", outcome.err)

    def test_unknown_user_is_told(self):
        outcome = PROGRAM.run(["replay", PROGRAM.capture("sample"), "-o", "/dev/null", *ON,
                               "--security-user", "no-such-user"])
        self.assertEqual(1, outcome.code)
        self.assertEqual(["flowscope: security.user: there is no user 'no-such-user'"], outcome.own_lines())


class Rules(unittest.TestCase):
    """Rules that lie outside of their folder after a while cannot be read again."""

    def setUp(self):
        if PROGRAM.run(["replay", PROGRAM.capture("sample"), "-o", "/dev/null", "--signatures-rules",
                        "/dev/null"]).err.find("no Hyperscan") >= 0:
            self.skipTest("this build has no Hyperscan")

    def reload(self, confine, said):
        folder = pathlib.Path(tempfile.mkdtemp(dir=PROGRAM.folder))
        for name in ("inside", "outside", "records"):
            (folder / name).mkdir()
            (folder / name / "rules").write_text(RULES)
        rules = folder / "inside" / "link"
        rules.symlink_to(folder / "inside" / "rules")
        log, records = folder / "log", folder / "records" / "eve.jsonl"
        with log.open("w") as err:
            child = subprocess.Popen([PROGRAM.flowscope, "replay", "-", "-o", str(records), "--signatures-rules",
                                      str(rules), "--security-confine", confine], stdin=subprocess.PIPE, stderr=err)
        self.addCleanup(lambda: child.poll() is None and child.kill())
        self.wait_for(log, "signatures ", 1)
        capture = PROGRAM.capture("sample").read_bytes()
        child.stdin.write(capture[:24 + 16])
        child.stdin.flush()
        # In its folder the rules may be replaced.
        (folder / "inside" / "next").write_text(RULES)
        (folder / "inside" / "next").rename(folder / "inside" / "rules")
        if confine == "on":
            self.wait_for(log, "confined", 1)
        child.send_signal(signal.SIGHUP)
        self.wait_for(log, "signatures 1 compiled", 2)
        rules.unlink()
        rules.symlink_to(folder / "outside" / "rules")
        child.send_signal(signal.SIGHUP)
        self.wait_for(log, *said)
        child.stdin.write(capture[24 + 16:])
        child.stdin.close()
        self.assertEqual(0, child.wait(30), log.read_text())
        self.assertTrue(run.of_type(records.read_text().splitlines(), "alert"))
        return log.read_text()

    def wait_for(self, log, words, times):
        end = time.monotonic() + 20
        while log.read_text().count(words) < times:
            self.assertLess(time.monotonic(), end, log.read_text())
            time.sleep(0.02)

    def test_moved_outside_are_refused_and_those_in_use_stay(self):
        said = self.reload("on", ("the rules in use stay", 1))
        self.assertIn("cannot be read: Permission denied", said)

    def test_moved_anywhere_are_read_without_confinement(self):
        self.reload("off", ("signatures 1 compiled", 3))


class Dpdk(unittest.TestCase):
    def setUp(self):
        if os.geteuid() != 0 or "DPDK" not in PROGRAM.run(["version"]).out:
            self.skipTest("DPDK needs root here")

    def start(self, *options):
        records = PROGRAM.folder / "run.jsonl"
        records.unlink(missing_ok=True)
        running = PROGRAM.start(["run", *run.EAL, "-l", "0-1", "--vdev",
                                 f"net_pcap0,rx_pcap={PROGRAM.capture('sample')}", "--", "-o", records,
                                 "--total-num-mbufs", "8192", *options])
        self.addCleanup(running.kill)
        self.assertTrue(running.wait_until(lambda: records.exists() and '"http"' in records.read_text()),
                        running.said())
        return running, records

    def test_confines_every_thread(self):
        running, records = self.start()
        self.assertIn("confined: files by Landlock, system calls by seccomp", running.said())
        self.assertNotIn("out of reach", running.said())
        found = threads(running.child.pid)
        self.assertGreater(len(found), 3)  # main, worker, exporter, and those of the EAL
        for thread in found:
            self.assertEqual(("1", "2"), (thread["NoNewPrivs"], thread["Seccomp"]), thread["Name"])
            # DAC_OVERRIDE, NET_ADMIN, NET_RAW, IPC_LOCK.
            self.assertEqual(0x7002, int(thread["CapEff"], 16), thread["Name"])
        outcome = running.stop()
        self.assertEqual(0, outcome.code, outcome.err)
        self.assertIn("ledger   160 received = 160 tracked: holds", outcome.err)

    def test_goes_on_as_another_user(self):
        os.chmod(PROGRAM.folder, 0o755)
        running, _ = self.start("--security-user", "nobody")
        for thread in threads(running.child.pid):
            self.assertNotIn("0", thread["Uid"].split(), thread["Name"])
        outcome = running.stop()
        self.assertEqual(0, outcome.code, outcome.err)

    def test_still_answers_clients_of_dpdks_telemetry(self):
        running, _ = self.start()
        place = pathlib.Path("/var/run/dpdk") / run.FILE_PREFIX / "dpdk_telemetry.v2"
        if not place.exists():
            self.skipTest("this EAL has no telemetry")
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as client:
            client.settimeout(10)
            client.connect(str(place))
            client.recv(1024)
            client.send(b"/ethdev/list")
            self.assertRegex(client.recv(1024).decode(), r"/ethdev/list.*0")
        self.assertEqual(0, running.stop().code)

    def test_lets_a_secondary_program_attach(self):
        tool = next((path for path in ("/usr/bin/dpdk-proc-info",) if os.access(path, os.X_OK)), None)
        free = int(re.search(r"HugePages_Free:\s+(\d+)", pathlib.Path("/proc/meminfo").read_text()).group(1))
        if tool is None or free < 128:
            self.skipTest("there is no dpdk-proc-info, or too few huge pages")
        prefix = run.FILE_PREFIX + "_huge"
        self.addCleanup(lambda: [page.unlink() for page in pathlib.Path("/dev/hugepages").glob(prefix + "map_*")])
        running = PROGRAM.start(["run", "--no-pci", "--file-prefix", prefix, "-l", "0-1", "-m", "128", "--vdev",
                                 "net_null0", "--", "-o", "/dev/null", "--total-num-mbufs", "8192", "--stats-period",
                                 "200ms"])
        self.addCleanup(running.kill)
        self.assertTrue(running.wait_until(lambda: "RX-packets" in running.said()), running.said())
        self.assertIn("confined: files by Landlock", running.said())
        command = [tool, "--file-prefix", prefix, "--no-pci", "--", "--stats"]
        # The secondary program gives the first five seconds to answer, which a busy machine may need longer for.
        for _ in range(4):
            shown = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
            if "NIC statistics" in shown.stdout:
                break
        self.assertRegex(shown.stdout, r"RX-packets: [1-9]", shown.stdout + shown.stderr)
        self.assertEqual(0, running.stop().code)


if __name__ == "__main__":
    PROGRAM = run.start_from_command_line(__doc__)
    if "confined" not in PROGRAM.run(["replay", PROGRAM.capture("sample"), "-o", "/dev/null", *ON]).err:
        run.skip_all("this kernel has no Landlock")
    unittest.main()
