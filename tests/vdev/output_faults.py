#!/usr/bin/env python3
"""Takes the output away from a run at full load, in every way there is, and gives it back: the workers go on as if nothing
had happened, memory stays as it is, every record is accounted for, and records flow again.
--seconds says how long each fault lasts."""
import argparse
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import program as run

MIX = ("mix", "--http", "20", "--tls", "10", "--dns", "20", "--interleave", "20")
RING_BYTES = 1 << 20
RSS_GROWTH_MAX_KIB = 4 << 10  # of a run that would otherwise pile up hundreds of MiB
# A worker that waits for its output stands still. What neighbours on the machine take is far less than this.
SPEED_LEAST = 0.5
TMPFS_BYTES = 4 << 20
LOST_LINES = 1  # the exit code of a run that could not write all it had


class Reader(threading.Thread):
    """Reads a descriptor until its end, or until it is told to stop or to go away; keeps what it read."""

    def __init__(self, descriptor):
        super().__init__(daemon=True)
        self.descriptor, self.pieces, self.reads, self.leaves = descriptor, [], threading.Event(), False
        self.reads.set()
        self.start()

    def run(self):
        while True:
            self.reads.wait()
            if self.leaves:
                break
            piece = os.read(self.descriptor, 1 << 16)
            if not piece:
                break
            self.pieces.append(piece)
        os.close(self.descriptor)

    def leave(self):
        self.leaves = True
        self.reads.set()
        self.join(20)

    def text(self):
        return b"".join(self.pieces)


class Fault(unittest.TestCase):
    healthy_mpps = None

    def setUp(self):
        self.folder = PROGRAM.folder / self.id().rsplit(".", 1)[-1]
        self.folder.mkdir()

    def begin(self, destination, *options, stats="false"):
        capture = PROGRAM.capture(*MIX)
        running = PROGRAM.start(["run", *run.EAL, "-l", "0-1", "--vdev", f"net_pcap0,rx_pcap={capture},infinite_rx=1",
                                 "--", "-o", destination, "--flows-max", "4096", "--streams-streams-max", "4096",
                                 "--total-num-mbufs", "16384", "--output-ring-bytes", str(RING_BYTES),
                                 "--output-records-stats", stats, "--stats-period", "200ms", *options])
        self.addCleanup(running.kill)
        return running

    def wait(self, running, condition, what):
        self.assertTrue(running.wait_until(condition), f"{what}:\n{running.said()}")

    def resident_kib(self, running):
        status = pathlib.Path(f"/proc/{running.child.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status).group(1))

    def last(self, running, seconds_max=float("inf")):
        """Lets the fault last, and sees that memory does not grow meanwhile."""
        time.sleep(0.5)
        before = self.resident_kib(running)
        time.sleep(min(SECONDS, seconds_max))
        grown = self.resident_kib(running) - before
        self.assertLess(grown, RSS_GROWTH_MAX_KIB, f"{grown} KiB more than before the fault lasted")

    def end(self, running, code=0):
        """Stops the run; its packets, flows and records have to add up. Gives (records, lost, shed by type)."""
        outcome = running.stop()
        self.assertIn(outcome.code, (code, 0), outcome.err)
        self.assertIn("holds", outcome.summary("ledger"))
        self.assertNotIn("dropped before flowscope", outcome.err)
        self.assertNotIn("loss unknown", outcome.err)
        speed = float(re.search(r"([\d.]+) Mpps", outcome.summary("packets")).group(1))
        if Fault.healthy_mpps is not None:
            print(f"{self.id()}: {speed} Mpps, {Fault.healthy_mpps} with a good output", file=sys.stderr)
            self.assertGreater(speed, SPEED_LEAST * Fault.healthy_mpps, outcome.err)
        flow, protocol, anomaly = map(int, re.match(r"records  (\d+) flow, (\d+) protocol, (\d+) anomaly",
                                                    outcome.summary("records")).groups())
        shed = {name: int(count) for count, name in re.findall(r"(\d+) (\w+)", outcome.summary("shed"))}
        self.assertEqual(sum(shed.values()), int(re.search(r"(\d+) shed", outcome.summary("records")).group(1)))
        ended = int(re.search(r"(\d+) ended", outcome.summary("flows")).group(1))
        self.assertEqual(ended, flow + shed.get("flow", 0), "a flow ended without a record, written or shed")
        lost = re.search(r"flowscope: (\d+) records could not be written", outcome.err)
        return flow + protocol + anomaly, int(lost.group(1)) if lost else 0, shed

    def check_lines(self, text):
        """Every line is a record; gives their number."""
        lines = text.split(b"\n")
        self.assertEqual(b"", lines.pop(), "the last line is not whole")
        for line in lines:
            json.loads(line)
        return len(lines)

    def test_0_none(self):
        path = self.folder / "eve.json"
        running = self.begin(path, stats="true")
        self.wait(running, lambda: path.exists() and path.stat().st_size > 0, "nothing is written")
        time.sleep(SECONDS)
        outcome = running.stop()
        self.assertEqual(0, outcome.code, outcome.err)
        Fault.healthy_mpps = float(re.search(r"([\d.]+) Mpps", outcome.summary("packets")).group(1))
        text = path.read_text()
        export, written = run.last_stats(text)["export"], run.counts(text.splitlines())
        for kind in ("flow", "dns", "http", "tls", "anomaly"):
            self.assertEqual(export["pushed_by"][kind], written.get(kind, 0), kind)
        self.assertEqual(export["shed"], sum(export["shed_by"].values()))
        self.assertEqual((0, 0), (export["lines_lost"], export["outages"]))

    def test_stalled_reader(self):
        fifo = self.folder / "fifo"
        os.mkfifo(fifo)
        descriptor = os.open(fifo, os.O_RDWR)  # so that neither side waits for the other
        running = self.begin(fifo)
        reader = Reader(os.open(fifo, os.O_RDONLY))
        self.wait(running, lambda: reader.pieces, "nothing is written")
        os.close(descriptor)
        reader.reads.clear()
        self.last(running)
        before = len(reader.pieces)
        reader.reads.set()
        self.wait(running, lambda: len(reader.pieces) > before + 32, "nothing is written again")
        records, lost, shed = self.end(running, code=LOST_LINES)
        reader.join(20)
        self.assertEqual(records, self.check_lines(reader.text()) + lost)
        self.assertGreater(sum(shed.values()), 0)

    def test_reader_that_is_gone(self):
        fifo = self.folder / "fifo"
        os.mkfifo(fifo)
        descriptor = os.open(fifo, os.O_RDWR)
        running = self.begin(fifo)
        first = Reader(os.open(fifo, os.O_RDONLY))
        self.wait(running, lambda: first.pieces, "nothing is written")
        first.leave()
        os.close(descriptor)
        self.last(running)
        second = Reader(os.open(fifo, os.O_RDONLY))
        self.wait(running, lambda: "writing again" in running.said(), "it does not begin again")
        records, lost, _ = self.end(running, code=LOST_LINES)
        second.join(20)
        # What the first one left in the pipe is the second one's, so that together they have whole lines.
        self.assertEqual(records, (first.text() + second.text()).count(b"\n") + lost)
        self.check_lines(second.text()[second.text().index(b"\n") + 1:])

    def test_full_disk(self):
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={TMPFS_BYTES}", "tmpfs", self.folder], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", self.folder], check=True)
        path = self.folder / "eve.json"
        running = self.begin(path)
        self.wait(running, lambda: path.exists() and path.stat().st_size == TMPFS_BYTES, "the disk does not fill")
        self.last(running)
        self.assertRegex(running.said(), "records cannot be written to .*: No space left on device")
        subprocess.run(["mount", "-o", "remount,size=1g", self.folder], check=True)
        self.wait(running, lambda: "writing again" in running.said(), "it does not begin again")
        records, lost, _ = self.end(running, code=LOST_LINES)
        self.assertGreater(lost, 0)
        self.assertEqual(records, self.check_lines(path.read_bytes()) + lost)

    def test_device_that_is_always_full(self):
        running = self.begin("/dev/full")
        self.wait(running, lambda: "RX-packets" in running.said(), "it does not begin")
        self.last(running)
        records, lost, _ = self.end(running, code=LOST_LINES)
        self.assertGreater(records, 0)
        self.assertEqual(records, lost)

    def test_deleted_file(self):
        path = self.folder / "eve.json"
        running = self.begin(path)
        self.wait(running, lambda: path.exists() and path.stat().st_size > 0, "nothing is written")
        deleted = path.open("rb")
        self.addCleanup(deleted.close)
        path.unlink()
        self.wait(running, lambda: "was deleted" in running.said(), "it is not noticed")
        self.last(running)
        records, lost, _ = self.end(running)
        old, new = deleted.read(), path.read_bytes()
        # The write that met the deletion is in both.
        first_line = new[:new.index(b"\n") + 1]
        again = old.rfind(first_line)
        twice = old[again:] if again >= 0 and new.startswith(old[again:]) else b""
        self.assertEqual(records, self.check_lines(old) - twice.count(b"\n") + self.check_lines(new) + lost)
        self.assertEqual(0, lost)

    def test_rotation_and_renaming_lose_nothing(self):
        path = self.folder / "eve.json"
        running = self.begin(path, "--output-rotate-bytes", "1MiB")
        self.wait(running, lambda: len(list(self.folder.iterdir())) > 3, "nothing is rotated")
        for times in (1, 2, 3):
            path.rename(self.folder / f"moved.{times}")
            running.child.send_signal(signal.SIGHUP)
            self.wait(running, lambda: running.said().count("opened ") == times, "it is not opened again")
        records, lost, _ = self.end(running)
        self.assertEqual(0, lost)
        self.assertEqual(records, sum(self.check_lines(each.read_bytes()) for each in self.folder.iterdir()))

    def test_run_that_is_killed_leaves_whole_lines_behind_but_for_the_last(self):
        path = self.folder / "eve.json"
        for _ in range(3):
            running = self.begin(path, "--output-append", "true")
            size = path.stat().st_size if path.exists() else 0
            self.wait(running, lambda: path.exists() and path.stat().st_size > size + (1 << 20), "nothing is written")
            running.kill()
        whole = self.begin(path, "--output-append", "true")
        self.wait(whole, lambda: "RX-packets" in whole.said(), "it does not begin")
        self.end(whole)
        broken = 0
        for line in path.read_bytes().splitlines():
            try:
                json.loads(line)
            except ValueError:
                broken += 1
        self.assertLessEqual(broken, 3, "more than a line for each that was killed")

    def test_peer_that_dies(self):
        server = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(server.close)
        server.settimeout(20)
        running = self.begin(f"tcp://127.0.0.1:{server.getsockname()[1]}")
        first = Reader(server.accept()[0].detach())
        self.wait(running, lambda: first.pieces, "nothing is written")
        first.leave()
        second_socket = server.accept()[0]
        # Nobody reads the second session; not for so long that the peer counts as dead (30 s).
        self.last(running, 20)
        second = Reader(second_socket.detach())
        self.wait(running, lambda: "writing again" in running.said(), "it does not begin again")
        _, lost, _ = self.end(running, code=LOST_LINES)
        second.join(20)
        self.assertGreater(lost, 0)
        self.check_lines(second.text())


if __name__ == "__main__":
    PARSER = argparse.ArgumentParser(add_help=False)
    PARSER.add_argument("--seconds", type=float, default=1)
    OWN, sys.argv[1:] = PARSER.parse_known_args()
    SECONDS = OWN.seconds
    PROGRAM = run.start_from_command_line(__doc__)
    run.needs_virtual_devices(PROGRAM)
    unittest.main()
