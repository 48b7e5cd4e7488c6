#!/usr/bin/env python3
"""Runs the example of live capture on a veth pair with HTTP behind it, and ends it by a signal."""
import argparse
import os
import pathlib
import re
import signal
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import network

SKIPPED = 77
GETS = 3
PATIENCE_SECONDS = 20


class LiveCapture(unittest.TestCase):
    def test_flows_are_told_as_they_end_and_a_signal_ends_it(self):
        with network.Network() as net:
            child = subprocess.Popen(net.inside() + [EXAMPLE, "veth0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                     text=True)
            self.addCleanup(child.kill)
            self.assertIn("capturing on veth0", child.stderr.readline())
            for i in range(GETS):
                self.assertEqual(0, net.get(f"/page/{i}").returncode)
            told = [self.flow_line(child) for _ in range(GETS)]
            child.send_signal(signal.SIGINT)
            rest, said = child.communicate(timeout=PATIENCE_SECONDS)
        self.assertEqual(0, child.returncode, said)
        for line in told:
            self.assertRegex(line, rf"^protocol 6 ports .*{network.SERVER_PORT}.*, fin$")
        self.assertNotIn(str(network.SERVER_PORT), rest)
        self.assertRegex(said, r"^[1-9]\d* packets, 0 missed")

    def flow_line(self, child):
        """The next flow of TCP; the devices themselves send something now and then."""
        os.set_blocking(child.stdout.fileno(), False)
        end = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end:
            line = child.stdout.readline()
            if re.match("protocol 6 ", line):
                return line.rstrip()
            time.sleep(0.02)
        self.fail("a flow has ended and was not told of")

    def test_an_interface_that_is_not_there(self):
        run = subprocess.run([EXAMPLE, "nosuch0"], capture_output=True, text=True, check=False)
        self.assertEqual(1, run.returncode)
        self.assertIn("nosuch0: no such interface; there are: ", run.stderr)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--example", required=True, help="the program")
    options, sys.argv[1:] = parser.parse_known_args()
    EXAMPLE = os.path.abspath(options.example)
    if network.missing():
        print("skipped: " + network.missing())
        sys.exit(SKIPPED)
    unittest.main()
