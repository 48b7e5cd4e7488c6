#!/usr/bin/env python3
"""A capture gives the same records by every way in, as a multiset and with their times:

  replay    with one worker, which is what the others are compared with, and with two, which re-steer nothing: each
            reads the file and keeps its share
  C         the library's C interface: every record, byte for byte
  driver    the library's Driver over PcapFlowSource: ends of flows with counters, TCP state and reason, messages, and
            anomalies of streams and parsers. Not compared, since drivers do not tell it: flow_id and Community ID,
            tunnels, ICMP errors and extended counters of flows, alerts, and the protocol's name where no parser read it
  net_pcap  DPDK's pcap driver, one queue, with one worker and with two, between which packets are re-steered

The driver of DPDK 22.11 takes every frame for Ethernet, knows times in microseconds and no more bytes of a frame than were
captured. So its records are compared with those of replay for a copy of the capture that is cut in the same way
(device_capture): nothing that depends on time is left out. All captures stand one behind the other in one copy, an hour
apart, which also has two workers forget what is over; those that do not fit into it are run alone with --all.

Where a way differs by design, the cause stands in EXPECTED_OF_DRIVERS, with what tells such records; everything else is a fault.

The suite takes a quarter of the corpus, captures below 2 MB; --all takes all of it, as FLOWSCOPE_ALL=1 does."""
import argparse
import collections
import hashlib
import json
import os
import pathlib
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import program as run

MIX = ("mix", "--http", "300", "--tls", "100", "--dns", "400", "--interleave", "100")
TWO_LCORES = "(0-2)@(0-1)"
SUITE_BYTES_MAX = 2 << 20
SUITE_PART = 4  # one in so many
AT_A_TIME = 25  # captures of one run of the library

PARTS_OF_FLOW = ("pkts_toserver", "pkts_toclient", "bytes_toserver", "bytes_toclient", "start", "end", "age", "state",
                 "reason", "end_reason")


def is_named_only(flow, parsed):
    """A protocol that no parser reads was named (l7/known): from then on the program does not follow the streams."""
    return flow.get("app_proto") is not None and flow["flow_id"] not in parsed


def is_of_a_packet(record):
    """Told of a packet before it belongs to a flow (fragments that contradict each other): drivers count them."""
    return record["event_type"] == "anomaly" and record["anomaly"]["type"] == "decode"


def is_of_the_tracker(record):
    """About the whole table: drivers have other words for it, and one table where the program has two."""
    return record["event_type"] == "anomaly" and record["anomaly"]["type"] == "flow_tracker"


# Cause, and what is left out of the comparison for it.
EXPECTED_OF_DRIVERS = {
    "anomalies of packets without a flow": is_of_a_packet,
    "anomalies of the table": is_of_the_tracker,
}


def canonical(record, with_streams):
    """The part of an EVE record that drivers tell; without what streams came to where nobody follows them."""
    event = record["event_type"]
    part = {name: record.get(name)
            for name in ("timestamp", "event_type", "src_ip", "src_port", "dest_ip", "dest_port", "proto")}
    if part["proto"] not in ("TCP", "UDP", "SCTP"):
        part["src_port"] = part["dest_port"] = None
    if event == "flow":
        part["flow"] = {name: record["flow"][name] for name in PARTS_OF_FLOW}
        part["tcp"] = {name: value for name, value in record.get("tcp", {}).items()
                       if with_streams or not name.startswith("gap")}
        part["app_proto"] = record.get("app_proto") if with_streams else None
    elif event == "anomaly":
        part["anomaly"] = {name: record["anomaly"][name] for name in ("type", "event")}
    else:
        part[event] = record[event]
    return json.dumps(part, sort_keys=True)


class Library:
    """What library_records finds in captures."""

    def __init__(self, program, way):
        self.program, self.way = program, way

    def __call__(self, captures):
        """For each capture: its record lines, and what was wrong with it, empty when nothing was."""
        done = subprocess.run([self.program, self.way, *captures], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              errors="replace", timeout=300, check=False)
        if done.returncode != 0:
            raise AssertionError(f"library_records {self.way} ended with {done.returncode}:\n{done.stderr}")
        found = []
        for line in done.stdout.splitlines():
            if line.startswith('{"capture":'):
                found.append(([], []))
            elif line.startswith('{"fault":'):
                found[-1][1].append(json.loads(line)["fault"])
            elif line:
                found[-1][0].append(line)
        return [(lines, " ".join(faults)) for lines, faults in found]


def corpus_captures():
    """The captures of the corpus that this run takes, the same ones on every run."""
    corpus = run.corpus_folder()
    if corpus is None:
        return []
    captures = sorted(path for path in (corpus / "captures").rglob("*") if path.is_file())
    if TAKES_ALL:
        return captures
    number = lambda path: hashlib.sha256(path.relative_to(corpus).as_posix().encode()).digest()[0]
    return [path for path in captures if path.stat().st_size < SUITE_BYTES_MAX and number(path) % SUITE_PART == 0]


def generated_captures():
    return [PROGRAM.capture("sample"), PROGRAM.capture(*MIX), PROGRAM.tunnel_capture()]


class Ways(unittest.TestCase):
    def compare(self, captures):
        """Compares all ways but net_pcap; gives how many records there were, and how often each cause was met."""
        causes = collections.Counter()
        of_engine, of_driver = Library(RECORDS_BY_LIBRARY, "engine")(captures), Library(RECORDS_BY_LIBRARY, "driver")(captures)
        self.assertEqual([len(captures)] * 2, [len(of_engine), len(of_driver)])
        records = 0
        for capture, engine, driver in zip(captures, of_engine, of_driver):
            one, two = (PROGRAM.run(["replay", capture, "-o", "-", "--workers", workers]) for workers in "12")
            expected = run.sorted_records(one.out)
            records += len(expected)
            self.same(capture, "two workers", expected, run.sorted_records(two.out))
            # A damaged capture is told of alike.
            self.assertEqual((one.code, one.summary("ledger"), one.summary("flows")),
                             (two.code, two.summary("ledger"), two.summary("flows")), f"{capture}:\n{two.err}")
            self.same(capture, "the C interface", expected, sorted(engine[0]))
            for _, fault in (engine, driver):
                self.assertEqual(one.code != 0, fault != "", f"{capture}: {fault}\n{one.err}")
            self.compare_driver(capture, expected, driver[0], causes)
        return records, causes

    def compare_driver(self, capture, expected, found, causes):
        records, parsed = [json.loads(line) for line in expected], set()
        for record in records:
            of_parser = record["event_type"] != "anomaly" or record["anomaly"]["type"] == "applayer"
            if record["event_type"] != "flow" and of_parser:
                parsed.add(record["flow_id"])
        told = []
        for record in records:
            cause = next((name for name, is_met in EXPECTED_OF_DRIVERS.items() if is_met(record)), None)
            if cause is None:
                told.append(record)
            else:
                causes[cause] += 1
        got = collections.Counter(canonical(json.loads(line), True) for line in found)
        want = collections.Counter()
        for record in told:
            text = canonical(record, True)
            if got[text] > want[text] or record["event_type"] != "flow" or not is_named_only(record, parsed):
                want[text] += 1
                continue
            # Nothing says that a driver must not know more of these streams; the rest has to be the same.
            rest = canonical(record, False)
            twin = next((other for other in got if got[other] > want[other]
                         and canonical(json.loads(other), False) == rest and json.loads(other)["app_proto"] is None), None)
            causes["streams of a protocol that is named and not parsed"] += twin is not None
            want[twin or text] += 1
        self.same(capture, "Driver", sorted(want.elements()), sorted(got.elements()))

    def same(self, capture, way, expected, got):
        found = run.difference(expected, got)
        self.assertFalse(found, f"{capture} differs by {way}:\n{found}")

    def compare_all(self, captures):
        groups = [captures[i:i + AT_A_TIME] for i in range(0, len(captures), AT_A_TIME)]
        results = run.for_each(groups, self.compare)
        causes = sum((causes for _, causes in results), collections.Counter())
        records = sum(records for records, _ in results)
        print(f"{len(captures)} captures, {records} records, the same by replay with one and two workers, C and Driver; of drivers "
              + (", ".join(f"{count} {cause}" for cause, count in sorted(causes.items()) if count) or "nothing") + " left out")
        return records

    def test_of_generated_captures(self):
        self.assertGreater(self.compare_all(generated_captures()), 1500)

    def test_of_real_captures(self):
        captures = corpus_captures()
        if not captures:
            self.skipTest("no corpus here (FLOWSCOPE_CORPUS names its folder)")
        self.compare_all(captures)


class PcapDevice(unittest.TestCase):
    def setUp(self):
        if os.geteuid() != 0 or "DPDK" not in PROGRAM.run(["version"]).out:
            self.skipTest("needs root and DPDK")

    def copy(self, captures):
        """One capture as the driver shows these, and those that are left out, by reason."""
        path = PROGRAM.folder / "device.pcap"
        done = subprocess.run([DEVICE_CAPTURE, path, *captures], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              check=True, timeout=120)
        left = collections.defaultdict(list)
        for line in done.stdout.splitlines():
            name, _, reason = line.rpartition(": ")
            left[reason].append(pathlib.Path(name))
        return path, left

    def compare(self, capture, label, workers="12"):
        expected = PROGRAM.run(["replay", capture, "-o", "-"])
        self.assertEqual(0, expected.code, expected.err)
        records = run.sorted_records(expected.out)
        for count in workers:
            outcome, got = PROGRAM.pcap_device([capture], "--workers", count, lcores=TWO_LCORES)
            found = run.difference(records, got)
            self.assertFalse(found, f"net_pcap with {count} workers differs from replay, {label}:\n{found}")
            self.assertEqual((expected.summary("ledger"), expected.summary("flows")),
                             (outcome.summary("ledger"), outcome.summary("flows")), f"{label}, {count} workers")
        return len(records)

    def test_of_captures_one_behind_the_other(self):
        captures = generated_captures() + corpus_captures()
        capture, left = self.copy(captures)
        records = self.compare(capture, "all of them")
        print(f"{len(captures) - sum(map(len, left.values()))} captures, {records} records, the same by net_pcap with one and two "
              f"workers; not by net_pcap: " + ", ".join(f"{len(names)} {reason}" for reason, names in sorted(left.items())))

    def test_of_captures_alone(self):
        """Those whose times reach too far for the others."""
        if not TAKES_ALL:
            self.skipTest("only with --all")
        _, left = self.copy(corpus_captures())
        refused, records, originals = collections.Counter(), 0, left["longer than a day"]
        for original in originals:
            capture, reasons = self.copy([original])
            refused.update(reasons.keys())
            records += 0 if reasons else self.compare(capture, original, "2")
        print(f"{len(originals) - refused.total()} captures, {records} records, the same by net_pcap with two workers; not by "
              f"net_pcap: " + ", ".join(f"{count} {reason}" for reason, count in sorted(refused.items())))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--library", dest="records_program", required=True, help="library_records")
    parser.add_argument("--device-capture", dest="capture_program", required=True, help="device_capture")
    parser.add_argument("--all", action="store_true", help="the whole corpus")
    own, sys.argv[1:] = parser.parse_known_args()
    RECORDS_BY_LIBRARY, DEVICE_CAPTURE = os.path.abspath(own.records_program), os.path.abspath(own.capture_program)
    TAKES_ALL = own.all or os.environ.get("FLOWSCOPE_ALL") == "1"
    PROGRAM = run.start_from_command_line(__doc__)
    unittest.main()
