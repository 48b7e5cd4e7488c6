#!/usr/bin/env python3
"""Replays captures in which frames stand twice: without the copies, the records are those of the capture without them,
alike for all bursts, numbers of workers and ports."""
import itertools
import os
import pathlib
import struct
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import program as run

FILE_HEADER_BYTES, ETHERNET_BYTES = 24, 14
MIX = ("mix", "--http", "300", "--tls", "60", "--dns", "400")
WAYS = [("--workers", workers, "--burst", burst) for workers, burst in itertools.product("12", ("1", "64", "256"))]
# A mix has some thousand frames in the time between a frame and its copy.
WINDOW = ("--dedup-window", "1ms", "--dedup-frames-max", "16k")
PACKETS = (*WINDOW, "--dedup-match", "packet")


def frames_of(path):
    """The file's header, and (microseconds, bytes on the wire, frame) of each of its frames."""
    content = path.read_bytes()
    frames, at = [], FILE_HEADER_BYTES
    while at < len(content):
        seconds, microseconds, captured, wire = struct.unpack_from("<4I", content, at)
        at += 16
        frames.append((seconds * 1_000_000 + microseconds, wire, content[at:at + captured]))
        at += captured
    return content[:FILE_HEADER_BYTES], frames


def write(path, header, frames):
    path.write_bytes(header + b"".join(
        struct.pack("<4I", time // 1_000_000, time % 1_000_000, len(frame), wire) + frame for time, wire, frame in frames))
    return path


def is_ip(frame):
    return frame[12:14] in (b"\x08\x00", b"\x86\xdd")


def behind_a_router(frame):
    """The frame as a mirror port on the other side shows it: other addresses, another VLAN, one hop less."""
    ip = bytearray(frame[ETHERNET_BYTES:])
    if ip[0] >> 4 == 4:
        ip[8] -= 1
        # RFC 1624, section 3: the checksum of a TTL one less.
        total = struct.unpack_from(">H", ip, 10)[0] + 0x100
        struct.pack_into(">H", ip, 10, (total & 0xffff) + (total >> 16))
    else:
        ip[7] -= 1
    return b"\x02\x00\x00\x00\x00\x07" * 2 + b"\x81\x00\x00\x2a" + frame[12:14] + bytes(ip)


class Dedup(unittest.TestCase):
    def captures(self):
        return [PROGRAM.capture("sample"), PROGRAM.capture(*MIX), PROGRAM.tunnel_capture()]

    def with_copies(self, capture, every, after_us, copy_of=lambda frame: frame):
        """The capture with a copy of every so many IP frames, so long after each; and how many there are."""
        header, frames = frames_of(capture)
        copies = [(time + after_us, wire, copy_of(frame))
                  for time, wire, frame in [each for each in frames if is_ip(each[2])][::every]]
        copies = [(time, max(wire, len(frame)), frame) for time, wire, frame in copies]
        both = sorted(frames + copies, key=lambda each: each[0])
        return write(PROGRAM.folder / f"twice_{capture.name}", header, both), len(copies)

    def replay(self, capture, *options):
        outcome = PROGRAM.run(["replay", capture, "-o", "-", *options])
        self.assertEqual(0, outcome.code, outcome.err)
        self.assertIn("holds", outcome.summary("ledger"))
        return outcome, run.sorted_records(outcome.out)

    def check(self, capture, twice, copies, *options):
        """The copies are found, counted and nothing else."""
        plain, expected = self.replay(capture)
        outcome, records = self.replay(twice, *options)
        label = f"{twice.name} {' '.join(options)}"
        self.assertFalse(run.difference(expected, records), label)
        self.assertTrue(outcome.summary("ledger").endswith(f" + {copies} duplicate: holds"), label)
        without, stats = run.last_stats(plain.out), run.last_stats(outcome.out)
        self.assertEqual(without["ledger"] | {"received": without["ledger"]["received"] + copies, "duplicate": copies},
                         stats["ledger"], label)
        self.assertEqual(without["defrag"], stats["defrag"], label)

    def test_finds_nothing_where_nothing_stands_twice(self):
        for capture in self.captures():
            plain, expected = self.replay(capture)
            for options in (WINDOW, PACKETS):
                outcome, records = self.replay(capture, *options)
                self.assertFalse(run.difference(expected, records), capture.name)
                self.assertEqual(plain.summary("ledger"), outcome.summary("ledger"))

    def test_drops_every_copy(self):
        for capture, every in itertools.product(self.captures(), (1, 3)):
            self.check(capture, *self.with_copies(capture, every, 0), *WINDOW)
            self.check(capture, *self.with_copies(capture, every, 300), *WINDOW)

    def test_is_off_unless_asked_for(self):
        capture = PROGRAM.capture("sample")
        twice, _ = self.with_copies(capture, 1, 300)
        outcome, records = self.replay(twice)
        self.assertNotIn("duplicate", outcome.summary("ledger"))
        self.assertTrue(run.difference(self.replay(capture)[1], records))

    def test_keeps_copies_outside_the_window(self):
        twice, copies = self.with_copies(PROGRAM.capture("sample"), 1, 300)
        outcome, _ = self.replay(twice, "--dedup-window", "299us")
        self.assertNotIn("duplicate", outcome.summary("ledger"))
        outcome, _ = self.replay(twice, "--dedup-window", "300us")
        self.assertIn(f" + {copies} duplicate", outcome.summary("ledger"))

    def test_copies_do_not_move_the_clock(self):
        """Each frame is followed by a copy that is so much later that most flows would be idle for too long."""
        capture = PROGRAM.capture("sample")
        header, frames = frames_of(capture)
        twice = [each for time, wire, frame in frames for each in ((time, wire, frame), (time + 50_000_000, wire, frame))]
        write(PROGRAM.folder / "late.pcap", header, twice)
        self.check(capture, PROGRAM.folder / "late.pcap", len(frames), "--dedup-window", "50s")

    def test_keeps_copies_behind_more_frames_than_it_holds(self):
        """Each frame of the capture is followed by its copy behind one other frame."""
        capture = PROGRAM.capture("sample")
        header, frames = frames_of(capture)
        twice = []
        for one, other in zip(frames[::2], frames[1::2]):
            twice += [one, other, one, other]
        write(PROGRAM.folder / "pairs.pcap", header, twice)
        for most, copies in (("2", len(frames)), ("1", 0)):
            outcome, _ = self.replay(PROGRAM.folder / "pairs.pcap", "--dedup-window", "1s", "--dedup-frames-max", most)
            self.assertEqual(copies, run.last_stats(outcome.out)["ledger"]["duplicate"])

    def test_knows_packets_from_behind_a_router(self):
        for capture in self.captures():
            twice, copies = self.with_copies(capture, 1, 300, behind_a_router)
            self.check(capture, twice, copies, *PACKETS)
            outcome, _ = self.replay(twice, *WINDOW)
            self.assertNotIn("duplicate", outcome.summary("ledger"))

    def test_does_not_depend_on_bursts_and_workers(self):
        capture = PROGRAM.capture(*MIX)
        for copy_of, options in ((lambda frame: frame, WINDOW), (behind_a_router, PACKETS)):
            twice, copies = self.with_copies(capture, 2, 300, copy_of)
            self.assertGreater(copies, 3000)
            for way in WAYS:
                self.check(capture, twice, copies, *options, *way)

    def test_is_the_same_on_a_pcap_device(self):
        if os.geteuid() != 0 or "DPDK" not in PROGRAM.run(["version"]).out:
            self.skipTest("needs root and DPDK")
        capture = PROGRAM.capture(*MIX)
        twice, copies = self.with_copies(capture, 2, 0)
        outcome, records = PROGRAM.pcap_device([twice], *WINDOW)
        self.assertIn(f" + {copies} duplicate: holds", outcome.summary("ledger"))
        self.assertEqual(run.counts(self.replay(capture)[1]), run.counts(records))

    def test_refuses_a_match_that_it_does_not_know(self):
        outcome = PROGRAM.run(["replay", PROGRAM.capture("sample"), *WINDOW, "--dedup-match", "payload"])
        self.assertEqual(1, outcome.code)
        self.assertIn('dedup.match: "payload" is not known; expected frame or packet', outcome.err)


if __name__ == "__main__":
    PROGRAM = run.start_from_command_line(__doc__)
    unittest.main()
