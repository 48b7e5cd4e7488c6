#!/usr/bin/env python3
"""Ports of every kind: how they are chosen, set up and told of, that they stop in time and tell what they lose."""
import hashlib
import json
import pathlib
import random
import re
import shutil
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import port_runs
import program as run
import tcp_capture
from port_runs import number


def free_huge_pages():
    return int(re.search(r"HugePages_Free:\s+(\d+)", pathlib.Path("/proc/meminfo").read_text()).group(1))


class Chosen(port_runs.Ports):
    def test_by_name(self):
        running = self.start(["net_null0", "net_null1", "net_ring0"], "--ports", "net_null1")
        self.wait_for(running, r"net_null1 \S+ +[1-9]")
        outcome = self.stop(running)
        self.assertNotIn("net_null0 (", outcome.err)
        self.assertNotIn("net_ring0 (", outcome.err)

    def test_by_a_wrong_name_lists_those_there_are(self):
        said = self.refused("--vdev", "net_null0", "--vdev", "net_ring0", "--", "--ports", "net_null7")
        self.assertIn("--ports: there is no port net_null7; there are net_null0 (0), net_ring0 (1)", said)

    def test_by_an_empty_mask_lists_those_there_are(self):
        said = self.refused("--vdev", "net_null0", "--", "--portmask", "0x4")
        self.assertIn("--portmask 0x4 selects no port; there are net_null0 (0)", said)


class Memory(port_runs.Ports):
    def test_of_a_port_is_told_as_a_sum(self):
        running = self.start(["net_null0"], mbufs=["--mbcache", "32"])
        self.wait_for(running, r"net_null0 \S+ +[1-9]")
        told = re.search(r"net_null0: 1 queue x 1,024 descriptors, ([\d,]+) mbufs of 2,176 bytes \(([\d.]+) MiB\) on (any "
                         r"socket|socket \d+): 1,024 in rings \+ 128 in bursts \+ 96 in caches \+ 512 spare", running.said())
        self.assertTrue(told, running.said())
        self.assertEqual("1,760", told.group(1))
        self.stop(running)

    def test_that_is_not_there_is_asked_for_in_figures(self):
        said = self.refused("--vdev", "net_null0", "--", "--total-num-mbufs", "4M")
        self.assertRegex(said, r"port net_null0: no memory for 4000000 mbufs, 9\d+\.\d MiB .*: raise -m to 9\d+ or more, "
                               r"reserve 4\d+ huge pages")

    def test_for_long_frames_is_made(self):
        running = self.start(["net_null0,size=9000"], "--max-pkt-len", "9018", mbufs=["--total-num-mbufs", "2048"])
        self.wait_for(running, r"net_null0 \S+ +[1-9]")
        self.assertIn("2,048 mbufs of 9,146 bytes", running.said())
        self.stop(running)

    def test_that_runs_out_is_told_as_loss(self):
        capture = PROGRAM.capture("sample")
        outcome = PROGRAM.run(["run", *run.EAL, "-l", "0-1", "--vdev", f"net_pcap0,rx_pcap={capture}", "--", "-o",
                               "/dev/null", "--exit-after-idle", "300ms", "--total-num-mbufs", "32", "--mbcache", "0",
                               *port_runs.LITTLE_MEMORY])
        self.assertEqual(0, outcome.code, outcome.err)
        self.assertIn("holds", outcome.summary("ledger"))
        given, lost, for_want_of_buffers = outcome.ports()["net_pcap0"]
        self.assertEqual(given, outcome.ledger()[0])
        self.assertEqual(160, given + lost)
        self.assertGreater(lost, 0)
        self.assertEqual(lost, for_want_of_buffers)


def timeless(records):
    """What records say, but for when it was: a live port gives the time of receipt."""
    left = []
    for record in map(json.loads, records):
        for name in ("timestamp", "flow_id"):
            record.pop(name, None)
        for part in record.values():
            if not isinstance(part, dict):
                continue
            for name in [name for name in part if name in ("start", "end", "age") or name.endswith("_us")]:
                del part[name]
        left.append(json.dumps(record, sort_keys=True))
    return sorted(left)


class LongFrames(port_runs.Ports):
    """Frames of several mbufs: what they carry is read to the last byte."""

    BODY = bytes(random.Random(1).randrange(256) for _ in range(20_000))
    # Extended counters have times between packets, which are not those of the capture on a live port.
    OPTIONS = ("--l7-http-body-sha256", "true", "--counters", "basic")

    def capture(self):
        """One answer in one segment, many times as long as an mbuf."""
        path = PROGRAM.folder / "long.pcap"
        answer = f"HTTP/1.1 200 OK\r\nContent-Length: {len(self.BODY)}\r\n\r\n".encode() + self.BODY
        tcp_capture.write_tcp_capture(path, [(tcp_capture.CLIENT, b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"),
                                             (tcp_capture.SERVER, answer)])
        return path

    def expected(self, capture):
        records = PROGRAM.replay(capture, *self.OPTIONS)
        self.assertIn(hashlib.sha256(self.BODY).hexdigest(), "".join(records))
        return records

    def test_of_a_capture_are_read_whole(self):
        capture = self.capture()
        outcome, records = PROGRAM.pcap_device([capture], *self.OPTIONS)
        self.assertIn("8 received = 8 tracked: holds", outcome.err)
        self.assertEqual(self.expected(capture), records)

    def test_that_another_process_sends_by_memif_are_read_whole(self):
        if shutil.which("dpdk-testpmd") is None:
            self.skipTest("there is no dpdk-testpmd")
        capture, path = self.capture(), PROGRAM.folder / "long.sock"
        records = PROGRAM.folder / "memif.eve.jsonl"
        running = self.start([f"net_memif0,role=server,socket={path},socket-abstract=no"], *self.OPTIONS,
                             output=records)
        self.wait_for(running, "RX-packets")
        sender = port_runs.testpmd(self, ["--vdev", f"net_pcap0,rx_pcap={capture}", "--vdev",
                                          f"net_memif0,role=client,socket={path},socket-abstract=no"],
                                   ["--forward-mode=io", "--no-flush-rx", "--interactive"])
        # What is sent before both sides know each other is lost.
        self.wait_for(running, "port net_memif0: link is up")
        sender.stdin.write(b"start\n")
        sender.stdin.flush()
        self.wait_for(running, r"net_memif0 \S+ +8 ")
        outcome = self.stop(running)
        self.assertIn("8 received = 8 tracked: holds", outcome.err)
        self.assertEqual(timeless(self.expected(capture)), timeless(run.sorted_records(records.read_text())))


class Kinds(port_runs.Ports):
    """Each kind is started, seen to receive or to be silent, and stopped by a signal."""

    def check_null(self, eal):
        running = self.start(["net_null0,size=64"], "--rxq", "2", eal=eal)
        self.wait_for(running, r"net_null0 \S+ +[1-9]")
        self.assertRegex(running.said(), r"port net_null0: net_null spreads by no hash: software re-steer")
        self.assertIn("port net_null0 queue 1 -> worker 0 on lcore 1", running.said())
        self.stop(running)

    def test_null(self):
        self.check_null(run.EAL)

    def test_null_in_huge_pages(self):
        if free_huge_pages() < 96:
            self.skipTest("too few huge pages are free")
        self.check_null(["--no-pci", "--file-prefix", run.FILE_PREFIX, "-m", "96"])

    def test_ring_beside_pcap_and_null(self):
        capture = PROGRAM.capture("sample")
        running = self.start(["net_ring0", f"net_pcap0,rx_pcap={capture}", "net_null0"])
        for pattern in (r"net_pcap0 \S+ +160 ", r"net_null0 \S+ +[1-9]", r"net_ring0 \S+ +0 "):
            self.wait_for(running, pattern)
        self.stop(running)

    def check_composed(self, device, members):
        """Without a word about ports: members are left to the port that they are part of."""
        running = self.start([*members, device])
        name = device.split(",")[0]
        self.wait_for(running, rf"{name} \S+ +[1-9]")
        self.assertIn(f"port {name} queue 0 -> worker 0 on lcore 1", running.said())
        self.assertNotRegex(running.said(), "(?m)^net_null")
        outcome = self.stop(running)
        self.assertRegex(outcome.err, f"port +{name} .*loss unknown")
        self.assertGreater(number(r"ledger +(\d+) received", outcome.err), 0)

    def test_bonding(self):
        members = ["net_null0,size=64", "net_null1,size=64"]
        self.check_composed("net_bonding0,mode=0,slave=net_null0,slave=1", members)

    def test_bonding_has_members_that_cannot_be_chosen(self):
        said = self.refused("--vdev", "net_null0", "--vdev", "net_bonding0,mode=1,slave=net_null0", "--", "--ports",
                            "net_null0")
        self.assertIn("--ports: there is no port net_null0; there are net_bonding0 (1)", said)

    def test_failsafe(self):
        self.check_composed("net_failsafe0,dev(net_null0,size=64),dev(net_null1,size=64)", [])

    def test_memif_between_two_processes(self):
        if shutil.which("dpdk-testpmd") is None:
            self.skipTest("there is no dpdk-testpmd")
        path = PROGRAM.folder / "memif.sock"
        # We listen first: the other side asks once only.
        running = self.start([f"net_memif0,role=server,socket={path},socket-abstract=no"])
        self.wait_for(running, "RX-packets")
        port_runs.testpmd(self, ["--vdev", f"net_memif0,role=client,socket={path},socket-abstract=no"],
                          ["--forward-mode=txonly", "--burst=1", "--auto-start"])
        self.wait_for(running, r"net_memif0 \S+ +[1-9]")
        outcome = self.stop(running)
        self.assertRegex(outcome.err, "port +net_memif0 .*loss unknown")


if __name__ == "__main__":
    PROGRAM = port_runs.Ports.program = run.start_from_command_line(__doc__)
    run.needs_virtual_devices(PROGRAM)
    unittest.main()
