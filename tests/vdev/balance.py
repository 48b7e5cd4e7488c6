#!/usr/bin/env python3
"""Runs in which one worker has too much, or flows show one direction only: what is said of them, and when nothing is."""
import pathlib
import re
import struct
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import program as run

TWO_LCORES = "(0-2)@(0-1)"
WAIT_SECONDS_MAX = 30  # other tests and compilers share the processors
# Nothing times out while one file is ahead of the other.
PATIENT = (*run.SMALL, "--timeouts-tcp-closed", "3600s", "--timeouts-tcp-new", "3600s", "--timeouts-tcp-established",
           "3600s", "--timeouts-tcp-closing", "3600s", "--timeouts-udp", "3600s", "--timeouts-other", "3600s")
PCAP_HEADER = struct.pack("<IHHIIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1)


def pcap(path, frames):
    """A capture with a frame each millisecond."""
    parts = [PCAP_HEADER]
    for number, frame in enumerate(frames):
        parts.append(struct.pack("<IIII", 1_700_000_000, number * 1000, len(frame), len(frame)) + frame)
    path.write_bytes(b"".join(parts))
    return path


def datagram(source_port):
    """From 192.0.2.1 to port 9 of 192.0.2.2."""
    payload = b"x" * 22
    udp = struct.pack(">HHHH", source_port, 9, 8 + len(payload), 0) + payload
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, bytes((192, 0, 2, 1)),
                     bytes((192, 0, 2, 2)))
    return bytes(12) + b"\x08\x00" + ip + udp


def by_direction(capture):
    """Two captures: what lower addresses send to higher ones, and the other way."""
    data = capture.read_bytes()
    paths = [capture.with_suffix(f".way{way}.pcap") for way in (0, 1)]
    parts = [[data[:24]], [data[:24]]]
    offset = 24
    while offset < len(data):
        end = offset + 16 + struct.unpack_from("<I", data, offset + 8)[0]
        frame = data[offset + 16:end]
        begin, size = (26, 4) if frame[12:14] == b"\x08\x00" else (22, 16)
        is_down = frame[begin:begin + size] > frame[begin + size:begin + 2 * size]
        parts[is_down].append(data[offset:end])
        offset = end
    for path, part in zip(paths, parts):
        path.write_bytes(b"".join(part))
    return paths


def warnings(text):
    return [line for line in text.splitlines() if re.search(r"gets \d+ % of|one direction only", line)]


# The flow 192.0.2.1:7 -> 192.0.2.2:9 belongs to worker 0, who reads the port: it has packets all the time.
HASH_SEED = "3"


class Imbalance(unittest.TestCase):
    def endless(self, capture, *options):
        running = PROGRAM.start(["run", *run.EAL, "--lcores", TWO_LCORES, "--vdev",
                                 f"net_pcap0,rx_pcap={capture},infinite_rx=1", "--", "-o", "/dev/null",
                                 "--workers", "2", "--total-num-mbufs", "8192", "--hash-seed", HASH_SEED,
                                 "--worker-balance-period", "400ms", "--stats-period", "200ms", *options])
        self.addCleanup(running.kill)
        return running

    def test_by_one_large_flow_names_the_flow_and_that_nothing_divides_it(self):
        frames = [datagram(7)] * 230 + [datagram(1000 + i) for i in range(20)]
        running = self.endless(pcap(PROGRAM.folder / "elephant.pcap", frames), "--worker-resteer", "on")
        self.assertTrue(running.wait_until(lambda: warnings(running.said()), WAIT_SECONDS_MAX), running.said()[-3000:])
        line = warnings(running.said())[0]
        share = re.search(r"one flow carries them, UDP 192\.0\.2\.1:7 -> 192\.0\.2\.2:9 with (\d+) %; no hash", line)
        self.assertTrue(share, line)
        self.assertGreater(int(share.group(1)), 85)
        tables = running.said().count("fates ")
        self.assertTrue(running.wait_until(lambda: running.said().count("fates ") > tables + 8))
        outcome = running.stop()
        self.assertEqual(0, outcome.code, outcome.err[-3000:])
        self.assertEqual(1, len(warnings(outcome.err)), "once, however long it lasts")

    def test_by_workers_without_a_queue_names_the_remedy(self):
        frames = [datagram(1000 + i) for i in range(250)]
        running = self.endless(pcap(PROGRAM.folder / "flat.pcap", frames), "--worker-resteer", "off")
        self.assertTrue(running.wait_until(lambda: warnings(running.said()), WAIT_SECONDS_MAX), running.said()[-3000:])
        line = warnings(running.said())[0]
        self.assertRegex(line, r"worker 0 \(lcore 1, net_pcap0 queue 0\) gets 100 % of the packets, 2\.0 times")
        self.assertIn("workers without a queue: --worker-resteer on", line)
        self.assertEqual(0, running.stop().code)

    def test_is_none_where_many_flows_are_spread_by_their_hash(self):
        frames = [datagram(1000 + i) for i in range(250)]
        running = self.endless(pcap(PROGRAM.folder / "flat.pcap", frames), "--worker-resteer", "on")
        self.assertTrue(running.wait_until(lambda: running.said().count("fates ") > 10), running.said()[-3000:])
        outcome = running.stop()
        self.assertEqual((0, []), (outcome.code, warnings(outcome.err)))


class Asymmetry(unittest.TestCase):
    def two_queues(self, capture, *options):
        outcome, _ = PROGRAM.pcap_device(by_direction(capture), "--rxq", "2", "--workers", "2", *PATIENT, *options,
                                         lcores=TWO_LCORES)
        return warnings(outcome.err)

    def test_of_queues_that_part_the_directions_names_the_remedy(self):
        for traffic, protocol in (("--http", "TCP"), ("--dns", "UDP")):
            lines = self.two_queues(PROGRAM.capture("mix", traffic, "200", "--interleave", "50"), "--worker-resteer",
                                    "off")
            self.assertEqual(1, len(lines), lines)
            found = re.search(r"(\d+) % of the (\w+) flows show one direction only, and for (\d+) % of these another "
                              r"worker has the other one: .*--worker-resteer on", lines[0])
            self.assertTrue(found, lines)
            self.assertEqual(protocol, found.group(2))
            self.assertGreater(int(found.group(1)), 90)
            self.assertGreater(int(found.group(3)), 90)

    def test_is_mended_by_resteering(self):
        capture = PROGRAM.capture("mix", "--dns", "200", "--interleave", "50")
        self.assertEqual([], self.two_queues(capture, "--worker-resteer", "on"))

    def test_of_a_tap_with_one_leg_says_that_the_other_one_does_not_come(self):
        half = by_direction(PROGRAM.capture("mix", "--http", "100", "--interleave", "50"))[0]
        outcome, _ = PROGRAM.pcap_device([half], *PATIENT)
        self.assertRegex("".join(warnings(outcome.err)),
                         r"\d+ % of the TCP flows show one direction only, and no worker has the other one: .* tap")
        replayed = PROGRAM.run(["replay", half, "-o", "/dev/null", "--workers", "2"])
        self.assertEqual(warnings(outcome.err), warnings(replayed.err))

    def test_of_datagrams_without_any_answer_is_told_as_well(self):
        for half in by_direction(PROGRAM.capture("mix", "--dns", "100", "--interleave", "50")):
            replayed = PROGRAM.run(["replay", half, "-o", "/dev/null"])
            self.assertRegex("".join(warnings(replayed.err)),
                             r"100 % of the UDP flows show one direction only, and no worker has the other one: .* tap")

    def test_is_none_where_both_directions_come(self):
        outcome = PROGRAM.run(["replay", PROGRAM.capture("mix", "--http", "100", "--dns", "100", "--interleave", "50"),
                               "-o", "/dev/null"])
        self.assertEqual((0, []), (outcome.code, warnings(outcome.err)))


if __name__ == "__main__":
    PROGRAM = run.start_from_command_line(__doc__)
    run.needs_virtual_devices(PROGRAM)
    unittest.main()
