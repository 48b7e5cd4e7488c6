#!/usr/bin/env python3
"""Replays generated captures and compares their records with those kept beside this file.

FS_GOLDEN_UPDATE=1 writes them anew, for a person to read in `git diff`."""
import os
import pathlib
import re
import subprocess
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))
import program as run

# What perf/traffic/sample.cc writes: sessions by protocol, two pings, one unanswered and one refused SYN.
# Each of 6 lookups is a record, and so are each of 5 answers and the lookup that none of them answers.
SAMPLE_COUNTS = {"flow": 4 + 6 + 3 + 2 + 2, "http": 5, "tls": 3, "dns": 6 + 5 + 1}
# What tests/support/tunnel_traffic.cc writes: six sessions in tunnels, two lookups, and of IPv4 and IPv6 each a flow
# that is refused and one of the errors that say so. Fragments that never become whole are no flow.
TUNNEL_COUNTS = {"flow": 6 + 2 + 2 * 2, "http": 5, "dns": 2 * 2, "anomaly": 2}
# Datagrams: whole ones of 2, 2 and 3 fragments, one that lacks a fragment, two refused for fragments that contradict
# each other.
FRAGMENTS = {"fragments": 7 + 2 + 2 * 3, "begun": 6, "whole": 3, "refused": 2, "overlaps": 2, "discarded": 2}


class Golden(unittest.TestCase):
    def compare(self, name, records):
        golden = HERE / name
        if os.environ.get("FS_GOLDEN_UPDATE") == "1":
            golden.write_text("".join(line + "\n" for line in records))
        found = run.difference(golden.read_text().splitlines(), records)
        self.assertFalse(found, f"{name} differs (scripts/dev golden --update writes it anew):\n{found}")


class SampleCapture(Golden):
    def setUp(self):
        self.capture = PROGRAM.capture("sample")

    def test_is_read_to_the_last_packet(self):
        written = subprocess.run([PROGRAM.traffic, "sample", self.capture], check=True, capture_output=True, text=True)
        packets = re.search(r"(\d+) packets", written.stdout).group(1)
        outcome = PROGRAM.run(["replay", self.capture, "-o", "/dev/null"])
        self.assertEqual(f"ledger   {packets} received = {packets} tracked: holds", outcome.summary("ledger"))

    def test_gives_a_record_for_everything_in_it(self):
        self.assertEqual(SAMPLE_COUNTS, run.counts(PROGRAM.replay(self.capture)))

    def test_gives_the_records_that_are_kept(self):
        self.compare("sample.eve.jsonl", PROGRAM.replay(self.capture))


class TunnelCapture(Golden):
    def setUp(self):
        self.capture = PROGRAM.tunnel_capture()

    def test_gives_a_record_for_everything_in_it(self):
        self.assertEqual(TUNNEL_COUNTS, run.counts(PROGRAM.replay(self.capture)))

    def test_gives_the_records_that_are_kept(self):
        self.compare("tunnels.eve.jsonl", PROGRAM.replay(self.capture))

    def test_has_no_wrong_checksum(self):
        outcome = PROGRAM.run(["replay", self.capture, "-o", "/dev/null", "--checksums", "count"])
        self.assertEqual("", outcome.summary("checksum"))

    def test_counts_what_became_of_fragments(self):
        outcome = PROGRAM.run(["replay", self.capture, "-o", "-"])
        defrag = run.last_stats(outcome.out)["defrag"]
        self.assertEqual(FRAGMENTS, {name: count for name, count in defrag.items() if count != 0})


if __name__ == "__main__":
    PROGRAM = run.start_from_command_line(__doc__)
    unittest.main()
