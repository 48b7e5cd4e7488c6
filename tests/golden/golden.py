#!/usr/bin/env python3
"""Replays the sample capture and compares its records with those kept beside this file.

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

GOLDEN = HERE / "sample.eve.jsonl"
# What perf/traffic/sample.cc writes: sessions by protocol, two pings, one unanswered and one refused SYN.
# Each of 6 lookups is a record, and so is each of 5 answers.
SAMPLE_COUNTS = {"flow": 4 + 6 + 3 + 2 + 2, "http": 5, "tls": 3, "dns": 6 + 5}


class SampleCapture(unittest.TestCase):
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
        records = PROGRAM.replay(self.capture)
        if os.environ.get("FS_GOLDEN_UPDATE") == "1":
            GOLDEN.write_text("".join(line + "\n" for line in records))
        kept = GOLDEN.read_text().splitlines()
        found = run.difference(kept, records)
        self.assertFalse(found, f"{GOLDEN.name} differs (scripts/dev golden --update writes it anew):\n{found}")


if __name__ == "__main__":
    PROGRAM = run.start_from_command_line(__doc__)
    unittest.main()
