#!/usr/bin/env python3
"""The same capture must give the same records however it is read: workers, bursts, DPDK's pcap driver.

FLOWSCOPE_ALL=1 takes every capture of the corpus instead of some."""
import hashlib
import os
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import program as run

REFERENCE = ("--workers", "1", "--burst", "64")
VARIANTS = [("--workers", "1", "--burst", "1"), ("--workers", "1", "--burst", "32"),
            ("--workers", "1", "--burst", "256"), ("--workers", "2", "--burst", "1"),
            ("--workers", "2", "--burst", "256")]
MIX = ("mix", "--http", "1500", "--tls", "500", "--dns", "2000", "--interleave", "400")
CORPUS_SAMPLE = 40


class Replay(unittest.TestCase):
    def compare(self, capture, *options):
        reference = PROGRAM.run(["replay", capture, "-o", "-", *REFERENCE, *options])
        expected = run.sorted_records(reference.out)
        for variant in VARIANTS:
            way = " ".join(variant + options)
            other = PROGRAM.run(["replay", capture, "-o", "-", *variant, *options])
            found = run.difference(expected, run.sorted_records(other.out))
            self.assertFalse(found, f"{capture} differs with {way}:\n{found}")
            # A damaged capture is told of alike, with the same exit code.
            self.assertEqual((reference.code, reference.summary("ledger"), reference.summary("flows")),
                             (other.code, other.summary("ledger"), other.summary("flows")),
                             f"{capture} with {way}:\n{other.err}")
            # A run that stopped early writes no figures.
            if reference.code == 0:
                self.assertEqual(*(run.last_stats(outcome.out)["defrag"] for outcome in (reference, other)),
                                 f"{capture} with {way}")
        return len(expected)

    def test_of_the_sample(self):
        self.assertGreater(self.compare(PROGRAM.capture("sample")), 30)

    def test_of_thousands_of_sessions(self):
        self.assertGreater(self.compare(PROGRAM.capture(*MIX)), 8000)

    def test_of_tunnels_and_fragments(self):
        capture = PROGRAM.tunnel_capture()
        self.assertGreater(self.compare(capture), 15)
        self.compare(capture, "--checksums", "count")
        self.assertGreater(self.compare(capture, "--decap", "off"), 10)

    def test_of_flows_that_are_told_of_in_between(self):
        capture, interim = PROGRAM.capture(*MIX), ("--output-interim", "10ms")
        self.compare(capture, *interim)
        records = PROGRAM.replay(capture, *interim)
        between = run.of_type(records, "flow_interim")
        self.assertGreater(len(between), 100)
        ends = {record["flow_id"]: record["flow"] for record in run.of_type(records, "flow")}
        told = {}
        for record in sorted(between, key=lambda record: record["flow"]["pkts_toserver"] + record["flow"]["pkts_toclient"]):
            sums = told.setdefault(record["flow_id"], dict.fromkeys(record["delta"], 0))
            for name, value in record["delta"].items():
                sums[name] += value
                # What was told so far, and no more than the end will tell.
                self.assertEqual(sums[name], record["flow"][name], record)
                self.assertLessEqual(sums[name], ends[record["flow_id"]][name], record)
        # Apart from them, nothing differs.
        rest = [record for record in records if '"event_type":"flow_interim"' not in record]
        self.assertFalse(run.difference(PROGRAM.replay(capture), rest))

    def test_of_real_captures(self):
        corpus = run.corpus_folder()
        if corpus is None:
            self.skipTest("no corpus here (FLOWSCOPE_CORPUS names its folder)")
        captures = sorted(path for path in (corpus / "captures").rglob("*") if path.is_file())
        if os.environ.get("FLOWSCOPE_ALL") != "1":
            # Some of every kind, the same ones on every run.
            by_digest = lambda path: hashlib.sha256(path.relative_to(corpus).as_posix().encode()).digest()
            captures = sorted(captures, key=by_digest)[:CORPUS_SAMPLE]
        records = sum(run.for_each(captures, self.compare))
        print(f"{len(captures)} captures of the corpus, {records} records, {len(VARIANTS) + 1} ways each")


if __name__ == "__main__":
    PROGRAM = run.start_from_command_line(__doc__)
    unittest.main()
