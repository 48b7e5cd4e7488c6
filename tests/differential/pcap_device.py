#!/usr/bin/env python3
"""A capture must give the same records through DPDK's pcap driver as through our own reader.

The driver hands on the file's times in microseconds, which is what the generated captures have, so not
even the times are left out of the comparison."""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import program as run

MIX = ("mix", "--http", "1500", "--tls", "500", "--dns", "2000", "--interleave", "400")


class PcapDevice(unittest.TestCase):
    def compare(self, capture, *options):
        _, records = PROGRAM.pcap_device([capture], *options)
        found = run.difference(PROGRAM.replay(capture), records)
        self.assertFalse(found, f"net_pcap differs from replay:\n{found}")

    def test_gives_the_records_of_replay_for_the_sample(self):
        self.compare(PROGRAM.capture("sample"))

    def test_gives_the_records_of_replay_for_thousands_of_sessions(self):
        self.compare(PROGRAM.capture(*MIX))

    def test_gives_the_records_of_replay_packet_by_packet(self):
        self.compare(PROGRAM.capture("sample"), "--burst", "1")


if __name__ == "__main__":
    PROGRAM = run.start_from_command_line(__doc__)
    run.needs_virtual_devices(PROGRAM)
    unittest.main()
