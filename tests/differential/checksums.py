#!/usr/bin/env python3
"""Replays captures with wrong checksums: they are counted, and dropped where that is asked for, alike for all bursts,
numbers of workers and ports."""
import itertools
import os
import pathlib
import struct
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import program as run

FILE_HEADER_BYTES, RECORD_HEADER_BYTES, ETHERNET_BYTES = 24, 16, 14
MIX = ("mix", "--http", "300", "--tls", "60", "--dns", "400")
WAYS = [("--workers", workers, "--burst", burst) for workers, burst in itertools.product("12", ("1", "64", "256"))]


class Capture:
    """The bytes of a capture that fs_traffic wrote, to be damaged."""

    def __init__(self, path):
        self.bytes = bytearray(path.read_bytes())
        self.frames, at = [], FILE_HEADER_BYTES
        while at < len(self.bytes):
            self.frames.append(at + RECORD_HEADER_BYTES)
            at += RECORD_HEADER_BYTES + struct.unpack_from("<I", self.bytes, at + 8)[0]

    def of_protocol(self, protocol):
        """Where the IPv4 packets of a protocol begin."""
        return [frame + ETHERNET_BYTES for frame in self.frames
                if self.bytes[frame + 12:frame + 14] == b"\x08\x00" and self.bytes[frame + ETHERNET_BYTES + 9] == protocol]

    def write(self, name):
        path = PROGRAM.folder / name
        path.write_bytes(self.bytes)
        return path


def ports_of(capture, packet):
    return struct.unpack_from(">HH", capture.bytes, packet + 20)


class Checksums(unittest.TestCase):
    def replay(self, capture, *options):
        """The figures of the run and its records."""
        outcome = PROGRAM.run(["replay", capture, "-o", "-", *options])
        self.assertEqual(0, outcome.code, outcome.err)
        self.assertIn("holds", outcome.summary("ledger"))
        return outcome, run.sorted_records(outcome.out)

    def figures(self, outcome):
        """(wrong in IP headers, wrong behind them, dropped) of the last record of figures."""
        stats = run.last_stats(outcome.out)
        return (stats["decoder"]["bad_ip_checksum"], stats["decoder"]["bad_transport_checksum"],
                stats["ledger"]["bad_checksum"])

    def one_wrong(self, offset):
        """The sample with one byte changed in an IPv4 UDP packet, and that packet's ports."""
        capture = Capture(PROGRAM.capture("sample"))
        packet = capture.of_protocol(17)[0]
        capture.bytes[packet + offset] ^= 0x20
        return capture.write(f"wrong_{offset}.pcap"), ports_of(capture, packet)

    def test_of_generated_traffic_are_right(self):
        for arguments in (("sample",), MIX):
            capture = PROGRAM.capture(*arguments)
            plain, records = self.replay(capture)
            checked, same = self.replay(capture, "--checksums", "drop")
            self.assertEqual((0, 0, 0), self.figures(checked))
            self.assertFalse(run.difference(records, same))
            self.assertEqual(plain.summary("ledger"), checked.summary("ledger"))
            self.assertEqual("", checked.summary("checksum"))

    def test_one_wrong_behind_ip_is_counted(self):
        capture, _ = self.one_wrong(26)
        outcome, records = self.replay(capture, "--checksums", "count")
        self.assertEqual((0, 1, 0), self.figures(outcome))
        self.assertEqual("checksum 0 wrong in IP headers, 1 behind them", outcome.summary("checksum"))
        self.assertFalse(run.difference(self.replay(capture)[1], records))

    def test_one_wrong_in_an_ip_header_is_counted(self):
        outcome, _ = self.replay(self.one_wrong(8)[0], "--checksums", "count")
        self.assertEqual((1, 0, 0), self.figures(outcome))

    def test_off_counts_nothing(self):
        outcome, _ = self.replay(self.one_wrong(26)[0])
        self.assertEqual((0, 0, 0), self.figures(outcome))

    def test_dropped_packet_makes_no_flow(self):
        """A capture of this one packet alone."""
        capture = Capture(self.one_wrong(26)[0])
        frame = capture.of_protocol(17)[0] - ETHERNET_BYTES
        end = capture.frames[capture.frames.index(frame) + 1] - RECORD_HEADER_BYTES
        capture.bytes = capture.bytes[:FILE_HEADER_BYTES] + capture.bytes[frame - RECORD_HEADER_BYTES:end]
        path = capture.write("alone.pcap")
        outcome, records = self.replay(path, "--checksums", "drop")
        self.assertEqual((0, 1, 1), self.figures(outcome))
        self.assertEqual([], records)
        self.assertEqual("ledger   1 received = 0 tracked + 1 bad_checksum: holds", outcome.summary("ledger"))
        self.assertEqual(1, len(run.of_type(self.replay(path, "--checksums", "count")[1], "flow")))

    def test_flow_counts_the_packets_that_are_right(self):
        capture, (source, destination) = self.one_wrong(26)
        flow_of = lambda records: next(flow for flow in run.of_type(records, "flow")
                                       if {flow["src_port"], flow["dest_port"]} == {source, destination})["flow"]
        packets = lambda flow: flow["pkts_toserver"] + flow["pkts_toclient"]
        counted = flow_of(self.replay(capture, "--checksums", "count")[1])
        dropped = flow_of(self.replay(capture, "--checksums", "drop")[1])
        self.assertEqual(packets(counted) - 1, packets(dropped))

    def many_wrong(self):
        """A mix with every seventh packet of TCP and UDP changed, headers and payloads in turn; what was changed."""
        capture = Capture(PROGRAM.capture(*MIX))
        in_header = behind = 0
        for number, packet in enumerate(sorted(capture.of_protocol(6) + capture.of_protocol(17))[::7]):
            capture.bytes[packet + (8 if number % 2 == 0 else 27)] ^= 0x40
            in_header, behind = in_header + (number % 2 == 0), behind + (number % 2 == 1)
        return capture.write("many.pcap"), in_header, behind

    def test_do_not_depend_on_bursts_and_workers(self):
        capture, in_header, behind = self.many_wrong()
        self.assertGreater(behind, 300)
        for mode, dropped in (("count", 0), ("drop", in_header + behind)):
            expected = self.replay(capture, "--checksums", mode)[1]
            for way in WAYS:
                outcome, records = self.replay(capture, "--checksums", mode, *way)
                self.assertEqual((in_header, behind, dropped), self.figures(outcome), f"{mode} {way}")
                self.assertFalse(run.difference(expected, records), f"{mode} {way}")

    def test_are_the_same_on_a_pcap_device(self):
        if os.geteuid() != 0 or "DPDK" not in PROGRAM.run(["version"]).out:
            self.skipTest("needs root and DPDK")
        capture, in_header, behind = self.many_wrong()
        outcome, records = PROGRAM.pcap_device([capture], "--checksums", "drop")
        self.assertIn(f" + {in_header + behind} bad_checksum: holds", outcome.summary("ledger"))
        self.assertEqual(run.counts(self.replay(capture, "--checksums", "drop")[1]), run.counts(records))


if __name__ == "__main__":
    PROGRAM = run.start_from_command_line(__doc__)
    unittest.main()
